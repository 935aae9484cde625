use std::net::SocketAddr;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
};
use http::{HeaderValue, header::USER_AGENT};
use rstest::rstest;
use sqlx::PgPool;

use super::*;
use crate::{
    boot::router::router,
    id::UserId,
    identity::local,
    platform::{
        config::{Config, SmtpConfig},
        smtp::Mailer,
    },
    tests::fixtures::{self, Answer, Browser},
};

const PASSWORD: &str = "a long password of mine";

struct School {
    db: PgPool,
    state: AppState,
}

impl School {
    /// With a mail server that is never asked, as in production.
    async fn open(db: PgPool) -> Self {
        let smtp = SmtpConfig { url: "smtp://127.0.0.1:9".into(), from: "school@example.com".parse().unwrap() };
        let mailer = Mailer::new(Some(&smtp), "https://school.example").unwrap();
        let state = AppState { mailer, ..fixtures::state(&db, "http://127.0.0.1:9").await };
        Self { db, state }
    }

    fn visitor(&self) -> Browser {
        Browser { router: router(self.state.clone()), cookie: None }
    }

    async fn student(&self) -> (UserId, Browser) {
        let form = crate::account::input::SignUp::parse("Demo student", "student@example.com", PASSWORD).unwrap();
        let user = service::sign_up(&self.db, form, None, clock::now()).await.unwrap();
        (user, Browser { cookie: Some(fixtures::cookie(&self.db, user).await), ..self.visitor() })
    }

    /// The path of the link in the last letter, once there are so many.
    async fn link(&self, count: usize) -> String {
        for _ in 0..200 {
            let mails = crate::mail::queries::list(&self.db, crate::mail::OutboxFilter::default(), None).await.unwrap();
            if mails.len() == count {
                return mails[0].letter.links[0].path.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
        panic!("no such letter");
    }

    /// Opens a link, and gives the browser that keeps it.
    async fn open_link(&self, path: &str) -> Browser {
        let answer = self.visitor().get_whole(path).await;
        assert_eq!(answer.location.as_deref(), Some(paths::ACCOUNT_LINK), "its address has no token any more");
        Browser { cookie: Some(answer.cookie.unwrap()), ..self.visitor() }
    }
}

struct Whole {
    location: Option<String>,
    cookie: Option<String>,
}

impl Browser {
    /// With the first cookie that is set.
    async fn get_whole(&self, path: &str) -> Whole {
        use tower::ServiceExt;
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        let cookie = header("set-cookie").inspect(|cookie| assert!(cookie.contains("HttpOnly"), "{cookie}"));
        Whole { location: header("location"), cookie: cookie.map(|all| all.split(';').next().unwrap().to_owned()) }
    }
}

fn words(answer: &Answer, expected: &str) {
    assert!(answer.body.contains(expected), "{expected} in {}", answer.body);
}

#[sqlx::test]
async fn nobody_learns_from_a_forgotten_password_who_has_an_account(db: PgPool) {
    let school = School::open(db).await;
    school.student().await;
    for page in [paths::FORGOT, paths::SIGN_IN_LINK] {
        let ask = async |who: &str| school.visitor().post(page, &format!("email={who}%40example.com")).await;
        let (known, unknown) = (ask("student").await, ask("nobody").await);
        assert_eq!((known.status, unknown.status), (200, 200));
        // The address that was typed, and what is new in every page.
        let plain = |body: &str| body.replace("student@", "X@").replace("nobody@", "X@").len();
        assert_eq!(plain(&known.body), plain(&unknown.body));
        assert!(!known.body.contains("/link?token"), "with a mail server the link is in the mail only");
        assert_eq!(ask("").await.status, 422);
    }
}

#[sqlx::test]
async fn a_school_that_is_tried_shows_the_link(db: PgPool) {
    let mut school = School::open(db).await;
    school.state.mailer = Mailer::Outbox;
    school.student().await;
    let here = [127, 0, 0, 1];
    let set = |url: &str, environment| {
        let config = Config { url: url.into(), environment, ..Config::for_tests("http://127.0.0.1:9") };
        AppState { config: config.into(), ..school.state.clone() }
    };
    for (from, url, environment, shows) in [
        (here, "http://localhost:3000", Environment::Development, true),
        ([203, 0, 113, 7], "http://localhost:3000", Environment::Development, false),
        (here, "https://school.example.com", Environment::Development, false),
        (here, "http://localhost:3000", Environment::Production, false),
    ] {
        let browser = Browser { router: router(set(url, environment)), cookie: None };
        let ask = Request::post(paths::FORGOT).header("content-type", "application/x-www-form-urlencoded");
        let mut ask: Request = ask.body("email=student%40example.com".into()).unwrap();
        ask.extensions_mut().insert(ConnectInfo(SocketAddr::from((from, 4711))));
        let asked = browser.send(ask).await;
        assert_eq!((asked.status, asked.body.contains("/link?token=")), (200, shows), "{from:?} {url} {environment:?}");
    }
}

#[sqlx::test]
async fn a_link_is_opened_by_looking_and_used_by_pressing(db: PgPool) {
    let school = School::open(db).await;
    let (user, _) = school.student().await;
    school.visitor().post(paths::FORGOT, "email=student%40example.com").await;
    let path = school.link(2).await;
    // A program that looks at mail opens it first.
    for _ in 0..3 {
        let browser = school.open_link(&path).await;
        words(&browser.get(paths::ACCOUNT_LINK).await, "Choose a new password");
    }
    let browser = school.open_link(&path).await;
    let weak = browser.post(paths::ACCOUNT_LINK, "password=short").await;
    assert_eq!(weak.status, 422);
    words(&weak, "Use at least 12 characters");
    assert!(!weak.body.contains(r#"value="short""#), "a password never comes back");
    let done = browser.post(paths::ACCOUNT_LINK, "password=another+long+password").await;
    assert_eq!((done.status, done.location.as_deref()), (303, Some(paths::COURSES)));
    let found = local::check_password(&school.db, "student@example.com", "another long password").await;
    assert_eq!(found, Ok(Some(user)));
    let late = browser.post(paths::ACCOUNT_LINK, "password=a+third+long+password").await;
    assert_eq!(late.status, 422);
    words(&browser.get(paths::ACCOUNT_LINK).await, "does not work any more");
    words(&school.visitor().get(paths::ACCOUNT_LINK).await, "does not work any more");
}

#[sqlx::test]
async fn a_link_signs_in(db: PgPool) {
    let school = School::open(db).await;
    school.student().await;
    school.visitor().post(paths::SIGN_IN_LINK, "email=Student%40example.com").await;
    let browser = school.open_link(&school.link(2).await).await;
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
async fn a_token_that_is_none_opens_nothing(#[ignore] db: PgPool, #[case] token: &str) {
    let school = School::open(db).await;
    let answer = school.visitor().get_whole(&format!("{}?token={token}", paths::LINK)).await;
    assert_eq!(answer.location.as_deref(), Some(paths::ACCOUNT_LINK));
    let browser = Browser { cookie: answer.cookie, ..school.visitor() };
    words(&browser.get(paths::ACCOUNT_LINK).await, "does not work any more");
}

#[sqlx::test]
async fn an_account_is_for_its_owner(db: PgPool) {
    let school = School::open(db).await;
    let pages = [paths::ACCOUNT, paths::ACCOUNT_PASSWORD, paths::ACCOUNT_ADDRESS, paths::ACCOUNT_DELETE];
    for page in pages {
        let answer = school.visitor().get(page).await;
        assert_eq!((answer.status, answer.location), (302, Some(paths::sign_in(page))), "{page}");
        let answer = school.visitor().post(page, "do=end_others").await;
        assert_eq!((answer.status, answer.location), (303, Some(paths::sign_in(page))), "{page}");
    }
    assert_eq!(school.visitor().get(paths::ACCOUNT_DATA).await.location, Some(paths::sign_in(paths::ACCOUNT)));
    let (_, student) = school.student().await;
    for page in pages {
        assert_eq!(student.get(page).await.status, 200, "{page}");
    }
    let account = student.get(paths::ACCOUNT).await;
    for part in ["student@example.com", "Not confirmed", "This browser"] {
        words(&account, part);
    }
    words(&student.get(paths::ACCOUNT_DATA).await, "completed_lessons");
}

#[sqlx::test]
async fn an_account_is_changed_by_its_forms(db: PgPool) {
    let school = School::open(db).await;
    let (user, student) = school.student().await;
    let post = async |page: &str, form: &str| student.post(page, form).await;
    assert_eq!(post(paths::ACCOUNT, "do=rename&name=").await.status, 422);
    assert_eq!(post(paths::ACCOUNT, "do=rename&name=New+name").await.status, 303);
    words(&student.get(paths::ACCOUNT).await, "New name");
    assert_eq!(post(paths::ACCOUNT, "do=end&session=x").await.status, 404);
    assert_eq!(post(paths::ACCOUNT, "do=confirm").await.status, 303);
    assert_eq!(post(paths::ACCOUNT, "do=what").await.status, 404);
    let wrong = post(paths::ACCOUNT_ADDRESS, "email=new%40example.com&password=wrong").await;
    assert_eq!(wrong.status, 422);
    words(&wrong, "This is not your password.");
    words(&wrong, r#"value="new@example.com""#);
    assert_eq!(
        post(paths::ACCOUNT_ADDRESS, "email=new%40example.com&password=a+long+password+of+mine").await.status,
        303
    );
    words(&student.get(paths::ACCOUNT).await, "new@example.com");
    let form = "current_password=a+long+password+of+mine&new_password=another+long+password";
    assert_eq!(post(paths::ACCOUNT_PASSWORD, form).await.status, 303);
    assert_eq!(post(paths::ACCOUNT_DELETE, "password=wrong").await.status, 422);
    let gone = post(paths::ACCOUNT_DELETE, "password=another+long+password").await;
    assert_eq!((gone.status, gone.location.as_deref()), (303, Some("/")));
    assert_eq!(crate::students::queries::find(&school.db, user).await.unwrap(), None);
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
fn a_browser_is_named_in_a_few_words(#[case] said: &'static str, #[case] words: &str) {
    let headers = [(USER_AGENT, HeaderValue::from_static(said))].into_iter().collect();
    assert_eq!(crate::account::session_cookie::agent(&headers), words);
}
