//! Tests of the pages and forms of an account, through the router.

use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
};
use http::{HeaderValue, header::USER_AGENT};
use rstest::rstest;
use sqlx::PgPool;

use crate::{
    account::{input::SignUp, service, session_cookie},
    boot::router::router,
    id::UserId,
    identity::local,
    paths,
    platform::{
        clock,
        config::{Config, smtp::SmtpConfig},
        environment::Environment,
        smtp::Mailer,
    },
    server::state::AppState,
    tests::fixtures::{self, Answer, Browser, TestApp},
};

const PASSWORD: &str = "a long password of mine";

/// A school with a mail server, as in production. No test sends to it.
async fn open_school(db: &PgPool) -> TestApp {
    let smtp = SmtpConfig { url: "smtp://127.0.0.1:9".into(), from: "school@example.com".parse().unwrap() };
    let mailer = Mailer::new(Some(&smtp), "https://school.example").unwrap();
    TestApp::new(db).with_mailer(mailer).build().await
}

impl TestApp {
    /// Signs up `ada@example.com`, and returns her id and browser.
    async fn sign_up_ada(&self) -> (UserId, Browser) {
        let form = SignUp::parse("Demo student", "ada@example.com", PASSWORD).unwrap();
        let user = service::sign_up(&self.db, form, None, clock::now()).await.unwrap();
        (user, self.browser(user).await)
    }

    /// The path of the link in the latest email, once there are `count`.
    async fn latest_link(&self, count: usize) -> String {
        for _ in 0..200 {
            let mails = crate::mail::queries::list(&self.db, crate::mail::OutboxFilter::default(), None).await.unwrap();
            if mails.len() == count {
                return mails[0].body.links[0].path.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("there are not {count} emails");
    }

    /// Opens a link, and returns the browser with the cookie that it set.
    async fn open_link(&self, path: &str) -> Browser {
        let answer = self.visitor().get_redirect(path).await;
        assert_eq!(answer.location.as_deref(), Some(paths::ACCOUNT_LINK), "the redirect has no token");
        Browser { cookie: Some(answer.cookie.unwrap()), ..self.visitor() }
    }
}

/// The redirect of a response, and its first cookie.
struct Redirect {
    location: Option<String>,
    cookie: Option<String>,
}

impl Browser {
    async fn get_redirect(&self, path: &str) -> Redirect {
        use tower::ServiceExt;
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let cookie = header("set-cookie").inspect(|cookie| assert!(cookie.contains("HttpOnly"), "{cookie}"));
        Redirect { location: header("location"), cookie: cookie.map(|all| all.split(';').next().unwrap().to_owned()) }
    }
}

fn assert_contains(answer: &Answer, expected: &str) {
    assert!(answer.body.contains(expected), "{expected} in {}", answer.body);
}

#[sqlx::test]
async fn nobody_learns_from_a_forgotten_password_who_has_an_account(db: PgPool) {
    let school = open_school(&db).await;
    school.sign_up_ada().await;
    for page in [paths::FORGOT_PASSWORD, paths::SIGN_IN_LINK] {
        let request = async |who: &str| school.visitor().post(page, &format!("email={who}%40example.com")).await;
        let (known, unknown) = (request("ada").await, request("nobody").await);
        assert_eq!((known.status, unknown.status), (200, 200));
        // The pages differ only in the address that was typed and in random values.
        let plain = |body: &str| body.replace("ada@", "X@").replace("nobody@", "X@").len();
        assert_eq!(plain(&known.body), plain(&unknown.body));
        assert!(!known.body.contains("/link?token"), "with a mail server the link is in the mail only");
        assert_eq!(request("").await.status, 422);
    }
}

#[sqlx::test]
async fn a_sign_in_link_is_shown_only_on_a_local_development_server(db: PgPool) {
    let mut school = open_school(&db).await;
    school.state.mailer = Mailer::Outbox;
    school.sign_up_ada().await;
    let here = [127, 0, 0, 1];
    let set = |url: &str, environment| {
        let config = Config { url: url.into(), environment, ..Config::for_tests(fixtures::UNREACHABLE_URL) };
        AppState { config: config.into(), ..school.state.clone() }
    };
    for (from, url, environment, shows) in [
        (here, "http://localhost:3000", Environment::Development, true),
        ([203, 0, 113, 7], "http://localhost:3000", Environment::Development, false),
        (here, "https://school.example.com", Environment::Development, false),
        (here, "http://localhost:3000", Environment::Production, false),
    ] {
        let browser = Browser { router: router(set(url, environment)), cookie: None };
        let request = Request::post(paths::FORGOT_PASSWORD).header("content-type", "application/x-www-form-urlencoded");
        let mut request: Request = request.body("email=ada%40example.com".into()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 4711))));
        let answer = browser.send(request).await;
        assert_eq!(
            (answer.status, answer.body.contains("/link?token=")),
            (200, shows),
            "{from:?} {url} {environment:?}"
        );
    }
}

#[sqlx::test]
async fn opening_a_link_does_not_use_it(db: PgPool) {
    let school = open_school(&db).await;
    let (user, _) = school.sign_up_ada().await;
    school.visitor().post(paths::FORGOT_PASSWORD, "email=ada%40example.com").await;
    let path = school.latest_link(2).await;
    // Scanners of mail open links, too.
    for _ in 0..3 {
        let browser = school.open_link(&path).await;
        assert_contains(&browser.get(paths::ACCOUNT_LINK).await, "Choose a new password");
    }
    let browser = school.open_link(&path).await;
    let weak = browser.post(paths::ACCOUNT_LINK, "password=short").await;
    assert_eq!(weak.status, 422);
    assert_contains(&weak, "Use at least 12 characters");
    assert!(!weak.body.contains(r#"value="short""#), "a password is never sent back");
    let done = browser.post(paths::ACCOUNT_LINK, "password=another+long+password").await;
    assert_eq!((done.status, done.location.as_deref()), (303, Some(paths::COURSES)));
    let found = local::check_password(&school.db, "ada@example.com", "another long password").await;
    assert_eq!(found, Ok(Some(user)));
    let late = browser.post(paths::ACCOUNT_LINK, "password=a+third+long+password").await;
    assert_eq!(late.status, 422);
    assert_contains(&browser.get(paths::ACCOUNT_LINK).await, "no longer works");
    assert_contains(&school.visitor().get(paths::ACCOUNT_LINK).await, "no longer works");
}

#[sqlx::test]
async fn a_link_signs_in(db: PgPool) {
    let school = open_school(&db).await;
    school.sign_up_ada().await;
    school.visitor().post(paths::SIGN_IN_LINK, "email=Ada%40example.com").await;
    let browser = school.open_link(&school.latest_link(2).await).await;
    let done = browser.post(paths::ACCOUNT_LINK, "").await;
    assert_eq!((done.status, done.location.as_deref()), (303, Some(paths::COURSES)));
    assert_eq!(browser.post(paths::ACCOUNT_LINK, "").await.status, 422, "once");
}

#[rstest]
#[case("")]
#[case("x")]
#[case("%00")]
#[case("0000000000000000000000000000000000000000000000000000000000000000")]
#[sqlx::test]
async fn an_invalid_link_token_does_nothing(#[ignore] db: PgPool, #[case] token: &str) {
    let school = open_school(&db).await;
    let answer = school.visitor().get_redirect(&format!("{}?token={token}", paths::LINK)).await;
    assert_eq!(answer.location.as_deref(), Some(paths::ACCOUNT_LINK));
    let browser = Browser { cookie: answer.cookie, ..school.visitor() };
    assert_contains(&browser.get(paths::ACCOUNT_LINK).await, "no longer works");
}

#[sqlx::test]
async fn an_account_is_for_its_owner(db: PgPool) {
    let school = open_school(&db).await;
    let pages = [paths::ACCOUNT, paths::ACCOUNT_PASSWORD, paths::ACCOUNT_ADDRESS, paths::ACCOUNT_DELETE];
    for page in pages {
        let answer = school.visitor().get(page).await;
        assert_eq!((answer.status, answer.location), (302, Some(paths::sign_in(page))), "{page}");
        let answer = school.visitor().post(page, "do=end_others").await;
        assert_eq!((answer.status, answer.location), (303, Some(paths::sign_in(page))), "{page}");
    }
    assert_eq!(school.visitor().get(paths::ACCOUNT_DATA).await.location, Some(paths::sign_in(paths::ACCOUNT)));
    let (_, student) = school.sign_up_ada().await;
    for page in pages {
        assert_eq!(student.get(page).await.status, 200, "{page}");
    }
    let account = student.get(paths::ACCOUNT).await;
    for part in ["ada@example.com", "Not confirmed", "This browser"] {
        assert_contains(&account, part);
    }
    assert_contains(&student.get(paths::ACCOUNT_DATA).await, "completed_lessons");
}

#[sqlx::test]
async fn an_account_is_changed_by_its_forms(db: PgPool) {
    let school = open_school(&db).await;
    let (user, student) = school.sign_up_ada().await;
    let post = async |page: &str, form: &str| student.post(page, form).await;
    assert_eq!(post(paths::ACCOUNT, "do=rename&name=").await.status, 422);
    assert_eq!(post(paths::ACCOUNT, "do=rename&name=New+name").await.status, 303);
    assert_contains(&student.get(paths::ACCOUNT).await, "New name");
    assert_eq!(post(paths::ACCOUNT, "do=end&session=x").await.status, 404);
    assert_eq!(post(paths::ACCOUNT, "do=confirm").await.status, 303);
    assert_eq!(post(paths::ACCOUNT, "do=what").await.status, 404);
    let wrong = post(paths::ACCOUNT_ADDRESS, "email=new%40example.com&password=wrong").await;
    assert_eq!(wrong.status, 422);
    assert_contains(&wrong, "This is not your password.");
    assert_contains(&wrong, r#"value="new@example.com""#);
    assert_eq!(
        post(paths::ACCOUNT_ADDRESS, "email=new%40example.com&password=a+long+password+of+mine").await.status,
        303
    );
    assert_contains(&student.get(paths::ACCOUNT).await, "new@example.com");
    let form = "current_password=a+long+password+of+mine&new_password=another+long+password";
    assert_eq!(post(paths::ACCOUNT_PASSWORD, form).await.status, 303);
    assert_eq!(post(paths::ACCOUNT_DELETE, "password=wrong").await.status, 422);
    let deleted = post(paths::ACCOUNT_DELETE, "password=another+long+password").await;
    assert_eq!((deleted.status, deleted.location.as_deref()), (303, Some("/")));
    assert_eq!(crate::students::queries::find_student(&school.db, user).await.unwrap(), None);
    assert_eq!(student.get(paths::ACCOUNT).await.status, 302);
}

#[rstest]
#[case(
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36",
    "Chrome on Linux"
)]
#[case("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows")]
#[case(
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1",
    "Safari on iOS"
)]
#[case("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox on Android")]
#[case("curl/8", "")]
fn a_browser_is_described_in_a_few_words(#[case] agent: &'static str, #[case] name: &str) {
    let headers = [(USER_AGENT, HeaderValue::from_static(agent))].into_iter().collect();
    assert_eq!(session_cookie::browser_name(&headers), name);
}
