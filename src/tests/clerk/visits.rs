//! Requests with tokens of Clerk: pages with valid and expired tokens, redirects to Clerk and back, forms, API clients, and signing out.

use axum::{body::Body, extract::Request};
use serde_json::json;
use server_fn::ServerFn;
use sqlx::PgPool;

use crate::{
    learning::api::GetMyCourses,
    paths,
    platform::config::clerk::ClerkConfig,
    tests::fake_clerk::{
        self, FakeClerk, person,
        test_browser::{SCHOOL, TestBrowser},
    },
};

async fn school(db: &PgPool) -> (FakeClerk, TestBrowser) {
    let clerk = FakeClerk::open().await;
    clerk.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let browser = TestBrowser::at(&clerk.school(db).await);
    (clerk, browser)
}

#[sqlx::test]
async fn a_student_with_a_token_is_signed_in(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.sign_in("user_ada"));
    let seen = browser.open("/courses").await;
    assert_eq!((seen.status, seen.location), (200, None));
    assert!(seen.body.contains("Sign out") && !seen.body.contains(">Sign in<"));
    assert!(browser.open("/account").await.body.contains("ada@example.com"));
}

#[sqlx::test]
async fn an_expired_token_is_renewed_when_a_student_opens_a_page(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.old_token("user_ada")).with("__client_uat", "1");
    let new = clerk.sign_in("user_ada");
    let (seen, redirects) = browser.follow_redirects("/courses?page=1&q=light").await;
    let handshake = format!("{}/v1/client/handshake", clerk.address);
    assert_eq!(redirects, [handshake, format!("{SCHOOL}/courses")]);
    assert_eq!(seen.status, 200);
    assert_eq!(browser.cookies["__session"], new);
    assert_eq!(browser.cookies["__clerk_redirect_count"], "0", "the count of redirects is reset");
    assert!(!browser.cookies.contains_key("session"), "a handshake sets Clerk's cookies and no others");
}

#[sqlx::test]
async fn the_redirect_to_clerk_names_our_configured_address_and_this_page(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.old_token("user_ada")).with("__clerk_db_jwt", "browser");
    let page = Request::get("/courses?q=a&__clerk_db_jwt=old").header("accept", "text/html");
    let page = page.header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let seen = browser.send(page.body(Body::empty()).unwrap()).await;
    assert_eq!(seen.status, 307);
    let to = seen.location.unwrap();
    assert!(
        to.starts_with(&format!(
            "{}/v1/client/handshake?redirect_url=https%3A%2F%2Fschool.example.com%2Fcourses%3Fq%3Da&",
            clerk.address
        )),
        "{to}"
    );
    assert!(to.ends_with("&__clerk_db_jwt=old"), "{to}");
}

#[sqlx::test]
async fn a_student_who_returns_from_the_portal_is_signed_in(db: PgPool) {
    let (clerk, mut browser) = school(&db).await;
    clerk.sign_in("user_ada");
    let (seen, redirects) = browser.follow_redirects("/courses?__clerk_db_jwt=browser").await;
    assert_eq!((seen.status, redirects.len()), (200, 2));
    assert!(seen.body.contains("Sign out"));
}

/// Every handshake brings an expired token, and yet the redirects come to an end.
#[sqlx::test]
async fn redirects_to_clerk_come_to_an_end(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    clerk.sign_in("user_ada");
    *clerk.data.handshake.lock().unwrap() = clerk.handshake(&clerk.old_token("user_ada"));
    let mut browser = browser.with("__session", &clerk.old_token("user_ada")).with("__client_uat", "1");
    let (seen, redirects) = browser.follow_redirects("/").await;
    assert_eq!((seen.status, redirects.len()), (200, 6), "three times to Clerk and back, then a visitor's page");
    assert!(seen.body.contains("Sign in"));
    let (seen, redirects) = browser.follow_redirects("/courses").await;
    assert_eq!(seen.status, 200, "the sign-in page instead of the portal, which would redirect back");
    assert_eq!(redirects, ["/sign-in"]);
    assert!(seen.body.contains("Continue to Clerk"));
}

/// The portal redirects back at once a user who is signed in there.
#[sqlx::test]
async fn a_student_deleted_here_but_not_at_clerk_gets_no_redirect_loop(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.sign_in("user_ada"));
    assert_eq!(browser.open("/courses").await.status, 200);
    sqlx::query!("update users set deleted_at = now() where clerk_user_id = 'user_ada'").execute(&db).await.unwrap();
    for _ in 0..3 {
        assert_eq!(browser.open("/sign-in?next=/courses").await.status, 307);
    }
    let seen = browser.open("/sign-in?next=/courses").await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("Continue to Clerk"));
}

#[sqlx::test]
async fn only_a_browser_that_opens_a_page_is_sent_to_clerk(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let old = clerk.old_token("user_ada");
    let mut browser = browser.with("__session", &old).with("__client_uat", "1");
    let script = Request::get("/courses").header("accept", "*/*").header("sec-fetch-dest", "empty");
    let seen = browser.send(script.body(Body::empty()).unwrap()).await;
    assert!(!seen.location.unwrap_or_default().contains("handshake"));
}

#[sqlx::test]
async fn a_forged_handshake_sets_no_cookies(db: PgPool) {
    let (clerk, mut browser) = school(&db).await;
    let forged = fake_clerk::Key::new("ins_1");
    let token = clerk.token("user_ada", json!({}));
    let sent = forged.sign(&clerk.key.head(), &json!({ "handshake": [format!("__session={token}")] }));
    let seen = browser.open(&format!("/?__clerk_handshake={sent}")).await;
    assert_eq!((seen.status, browser.cookies.len()), (200, 0));
    let template = json!({ "alg": "RS256", "kid": "ins_1", "cat": "cl_B7d4PD222AAA" });
    let sent = clerk.key.sign(&template, &json!({ "handshake": [format!("__session={token}")] }));
    browser.open(&format!("/?__clerk_handshake={sent}")).await;
    assert_eq!(browser.cookies.len(), 0, "a token of Clerk for another purpose is no handshake");
}

/// As [`school`], with a production instance of Clerk, which shares our domain.
async fn in_production(db: &PgPool) -> (FakeClerk, TestBrowser) {
    let clerk = FakeClerk::open().await;
    clerk.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let config = ClerkConfig { development: false, ..clerk.config() };
    let browser = TestBrowser::at(&fake_clerk::state(db, config).await);
    (clerk, browser)
}

#[sqlx::test]
async fn in_production_a_handshake_comes_in_a_cookie(db: PgPool) {
    let (clerk, browser) = in_production(&db).await;
    let token = clerk.token("user_ada", json!({}));
    let mut browser = browser.with("__client_uat", "1").with("__clerk_handshake", &clerk.handshake(&token));
    let seen = browser.open("/courses").await;
    assert_eq!((seen.status, seen.location), (200, None));
    assert!(
        seen.set
            .iter()
            .any(|cookie| cookie.starts_with(&format!("__session={token};")) && cookie.ends_with("HttpOnly"))
    );
}

#[sqlx::test]
async fn in_production_a_handshake_in_the_address_is_ignored(db: PgPool) {
    let (clerk, mut browser) = in_production(&db).await;
    let payload = clerk.handshake(&clerk.token("user_ada", json!({})));
    let seen = browser.open(&format!("/?__clerk_handshake={payload}")).await;
    assert_eq!((seen.status, seen.set.len()), (200, 0));
}

#[sqlx::test]
async fn a_call_with_an_expired_token_works_while_the_session_is_active(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.old_token("user_ada")).with("__client_uat", "1");
    assert_eq!(browser.post(GetMyCourses::PATH, "page=1").await.status, 401, "the session at Clerk has ended");
    clerk.sign_in("user_ada");
    assert_eq!(browser.post(GetMyCourses::PATH, "page=1").await.status, 200);
    let requests = clerk.requests();
    assert_eq!(browser.post(GetMyCourses::PATH, "page=1").await.status, 200);
    assert_eq!(clerk.requests(), requests, "the session is checked once a minute");
    let yesterday = crate::platform::clock::now().timestamp() - 86_400;
    let stale = clerk.token("user_ada", json!({ "iat": yesterday, "nbf": yesterday, "exp": yesterday + 60 }));
    let mut browser = browser.with("__session", &stale);
    assert_eq!(browser.post(GetMyCourses::PATH, "page=1").await.status, 401);
}

#[sqlx::test]
async fn during_an_outage_of_clerk_a_valid_token_works_and_an_expired_one_is_503(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let mut browser = browser.with("__session", &clerk.sign_in("user_ada")).with("__client_uat", "1");
    assert_eq!(browser.open("/courses").await.status, 200);
    clerk.set_unavailable(true);
    assert_eq!(browser.open("/courses").await.status, 200);
    let mut browser = browser.with("__session", &clerk.old_token("user_ada"));
    assert_eq!(browser.post(GetMyCourses::PATH, "page=1").await.status, 503);
}

/// Calls a server function with a token in the header `Authorization`. Returns the status.
async fn call_with_bearer(browser: &mut TestBrowser, token: &str, site: Option<&str>) -> u16 {
    let mut call = Request::post(GetMyCourses::PATH)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Bearer {token}"));
    if let Some(site) = site {
        call = call.header("sec-fetch-site", site);
    }
    browser.send(call.body(Body::from("page=1")).unwrap()).await.status
}

#[sqlx::test]
async fn an_api_client_sends_its_token_in_a_header(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    let good = clerk.sign_in("user_ada");
    let mut browser = browser.with("__session", &good);
    assert_eq!(call_with_bearer(&mut browser, &good, None).await, 200);
    assert_eq!(
        call_with_bearer(&mut browser, &good, Some("cross-site")).await,
        403,
        "a page of another site is rejected all the same"
    );
    assert_eq!(
        call_with_bearer(&mut browser, &clerk.old_token("user_ada"), None).await,
        401,
        "the cookie is not used instead"
    );
    assert_eq!(call_with_bearer(&mut browser, "nonsense", None).await, 401);
}

#[sqlx::test]
async fn signing_in_redirects_to_clerk_and_back_to_the_page(db: PgPool) {
    let (clerk, mut browser) = school(&db).await;
    let back = "redirect_url=https%3A%2F%2Fschool.example.com%2Fcourses%3Fpage%3D2";
    for page in [paths::SIGN_IN, paths::SIGN_UP] {
        browser.cookies.clear();
        let seen = browser.open(&format!("{page}?next=/courses%3Fpage%3D2")).await;
        assert_eq!((seen.status, seen.location.unwrap()), (307, format!("{}{page}?{back}", clerk.address)));
        let seen = browser.post(page, "next=%2Fcourses&email=a%40example.com&password=a+long+password&name=A").await;
        assert_eq!(
            (seen.status, seen.location.unwrap()),
            (303, format!("{page}?next=/courses")),
            "no account is made here"
        );
        let seen = browser.open(&format!("{page}?next=//evil.example")).await;
        assert!(seen.location.unwrap().ends_with("redirect_url=https%3A%2F%2Fschool.example.com%2F"));
    }
    browser.cookies.clear();
    let (_, redirects) = browser.follow_redirects("/courses").await;
    assert_eq!(
        redirects,
        ["/sign-in?next=/courses".split('?').next().unwrap().to_owned(), format!("{}/sign-in", clerk.address)]
    );
    let mut browser = browser.with("__session", &clerk.sign_in("user_ada"));
    let seen = browser.open("/sign-in?next=/courses").await;
    assert_eq!((seen.status, seen.location.as_deref()), (307, Some("/courses")));
}

#[sqlx::test]
async fn signing_out_ends_the_session_at_clerk(db: PgPool) {
    let (clerk, browser) = school(&db).await;
    clerk.sign_in("user_ada");
    let mut browser = browser.with("__session", &clerk.old_token("user_ada")).with("__client_uat", "1");
    clerk.set_unavailable(true);
    let seen = browser.post(paths::SIGN_OUT, "").await;
    assert!(seen.set.iter().any(|cookie| cookie.contains("still%20signed%20in")), "{:?}", seen.set);
    assert!(browser.cookies.contains_key("__session"));
    browser.cookies.remove("__Host-flash");
    clerk.set_unavailable(false);
    // Keys are fetched at most once a second.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let seen = browser.post(paths::SIGN_OUT, "").await;
    assert_eq!((seen.status, seen.location.as_deref()), (303, Some("/")));
    assert!(browser.cookies.is_empty());
    assert!(clerk.data.sessions.lock().unwrap().is_empty());
    let mut browser = browser.with("__session", &clerk.old_token("user_ada"));
    assert_eq!(browser.post(paths::SIGN_OUT, "").await.status, 303, "signing out twice is no error");
}

#[sqlx::test]
async fn clerks_script_is_on_the_sign_in_pages_when_configured(db: PgPool) {
    let (clerk, mut without) = school(&db).await;
    let with = ClerkConfig { js: true, ..clerk.config() };
    let mut with = TestBrowser::at(&fake_clerk::state(&db, with).await);
    let seen = with.open("/sign-in?next=/courses").await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("/npm/@clerk/clerk-js@5/") && seen.body.contains(r#"data-next="/courses""#));
    assert!(seen.policy.contains(&format!("connect-src 'self' {}", clerk.address)), "{}", seen.policy);
    assert!(seen.policy.contains("'strict-dynamic'"));
    for (browser, path) in [(&mut with, "/"), (&mut without, "/")] {
        let seen = browser.open(path).await;
        assert!(!seen.body.contains("clerk-js") && seen.policy.contains("connect-src 'self';"), "{}", seen.policy);
        let form_action = seen.policy.split("; ").find(|one| one.starts_with("form-action")).unwrap();
        assert!(
            form_action.contains(&clerk.address),
            "a form may be redirected to Clerk for a new token: {form_action}"
        );
    }
}

#[sqlx::test]
async fn a_cached_page_is_never_shown_to_a_signed_in_student(db: PgPool) {
    let clerk = FakeClerk::open().await;
    clerk.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let state = clerk.school(&db).await;
    state.page_cache.set_subscribed(true);
    let token = clerk.sign_in("user_ada");
    assert!(TestBrowser::at(&state).open("/").await.body.contains("Sign in"));
    assert!(TestBrowser::at(&state).with("__session", &token).open("/").await.body.contains("Sign out"));
    let bearer = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    assert!(TestBrowser::at(&state).send(bearer).await.body.contains("Sign out"));
    assert!(TestBrowser::at(&state).open("/").await.body.contains("Sign in"));
    let seen = TestBrowser::at(&state).with("__client_uat", "5").open("/").await;
    assert_eq!(seen.status, 307, "a browser that signed in on Clerk's pages is authenticated first");
}
