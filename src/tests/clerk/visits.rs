//! Visits: pages with old and new tokens, the way to Clerk and back, forms, programs, and the way out.

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
    let issuer = FakeClerk::open().await;
    issuer.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let guest = TestBrowser::at(&issuer.school(db).await);
    (issuer, guest)
}

#[sqlx::test]
async fn a_student_with_a_token_is_let_in(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.sign_in("user_ada"));
    let seen = guest.open("/courses").await;
    assert_eq!((seen.status, seen.location), (200, None));
    assert!(seen.body.contains("Sign out") && !seen.body.contains(">Sign in<"));
    assert!(guest.open("/account").await.body.contains("ada@example.com"));
}

#[sqlx::test]
async fn an_old_token_is_renewed_on_the_way_to_a_page(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.old_token("user_ada")).with("__client_uat", "1");
    let new = issuer.sign_in("user_ada");
    let (seen, way) = guest.arrive("/courses?page=1&q=light").await;
    let handshake = format!("{}/v1/client/handshake", issuer.address);
    assert_eq!(way, [handshake, format!("{SCHOOL}/courses")]);
    assert_eq!(seen.status, 200);
    assert_eq!(guest.cookies["__session"], new);
    assert_eq!(guest.cookies["__clerk_redirect_count"], "0", "and that it was there is forgotten");
    assert!(!guest.cookies.contains_key("session"), "a handshake sets Clerk's cookies and no others");
}

#[sqlx::test]
async fn the_way_to_clerk_names_our_own_address_and_this_page(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.old_token("user_ada")).with("__clerk_db_jwt", "browser");
    let page = Request::get("/courses?q=a&__clerk_db_jwt=old").header("accept", "text/html");
    let page = page.header("host", "evil.example").header("x-forwarded-host", "evil.example");
    let seen = guest.send(page.body(Body::empty()).unwrap()).await;
    assert_eq!(seen.status, 307);
    let to = seen.location.unwrap();
    assert!(
        to.starts_with(&format!(
            "{}/v1/client/handshake?redirect_url=https%3A%2F%2Fschool.example.com%2Fcourses%3Fq%3Da&",
            issuer.address
        )),
        "{to}"
    );
    assert!(to.ends_with("&__clerk_db_jwt=old"), "{to}");
}

#[sqlx::test]
async fn back_from_the_portal_a_browser_is_known(db: PgPool) {
    let (issuer, mut guest) = school(&db).await;
    issuer.sign_in("user_ada");
    let (seen, way) = guest.arrive("/courses?__clerk_db_jwt=browser").await;
    assert_eq!((seen.status, way.len()), (200, 2));
    assert!(seen.body.contains("Sign out"));
}

/// What Clerk brings does not help: it goes in no circle.
#[sqlx::test]
async fn nobody_is_sent_to_clerk_for_ever(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    issuer.sign_in("user_ada");
    *issuer.known.brings.lock().unwrap() = issuer.handshake(&issuer.old_token("user_ada"));
    let mut guest = guest.with("__session", &issuer.old_token("user_ada")).with("__client_uat", "1");
    let (seen, way) = guest.arrive("/").await;
    assert_eq!((seen.status, way.len()), (200, 6), "three times there and back, then a visitor's page");
    assert!(seen.body.contains("Sign in"));
    let (seen, way) = guest.arrive("/courses").await;
    assert_eq!(seen.status, 200, "and the page of signing in, instead of the portal, which would lead back");
    assert_eq!(way, ["/sign-in"]);
    assert!(seen.body.contains("Continue to Clerk"));
}

/// The portal sends back at once whoever is signed in there.
#[sqlx::test]
async fn who_was_deleted_here_and_not_at_clerk_goes_in_no_circle(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.sign_in("user_ada"));
    assert_eq!(guest.open("/courses").await.status, 200);
    sqlx::query!("update users set deleted_at = now() where clerk_user_id = 'user_ada'").execute(&db).await.unwrap();
    for _ in 0..3 {
        assert_eq!(guest.open("/sign-in?next=/courses").await.status, 307);
    }
    let seen = guest.open("/sign-in?next=/courses").await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("Continue to Clerk"));
}

#[sqlx::test]
async fn only_a_browser_that_opens_a_page_is_sent_to_clerk(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let old = issuer.old_token("user_ada");
    let mut guest = guest.with("__session", &old).with("__client_uat", "1");
    let script = Request::get("/courses").header("accept", "*/*").header("sec-fetch-dest", "empty");
    let seen = guest.send(script.body(Body::empty()).unwrap()).await;
    assert!(!seen.location.unwrap_or_default().contains("handshake"));
}

#[sqlx::test]
async fn a_handshake_of_somebody_else_brings_nothing(db: PgPool) {
    let (issuer, mut guest) = school(&db).await;
    let forged = fake_clerk::Key::new("ins_1");
    let token = issuer.token("user_ada", json!({}));
    let sent = forged.sign(&issuer.key.head(), &json!({ "handshake": [format!("__session={token}")] }));
    let seen = guest.open(&format!("/?__clerk_handshake={sent}")).await;
    assert_eq!((seen.status, guest.cookies.len()), (200, 0));
    let template = json!({ "alg": "RS256", "kid": "ins_1", "cat": "cl_B7d4PD222AAA" });
    let sent = issuer.key.sign(&template, &json!({ "handshake": [format!("__session={token}")] }));
    guest.open(&format!("/?__clerk_handshake={sent}")).await;
    assert_eq!(guest.cookies.len(), 0, "nor does what Clerk signed for something else");
}

/// As [`school`], of an instance that shares our domain.
async fn in_production(db: &PgPool) -> (FakeClerk, TestBrowser) {
    let issuer = FakeClerk::open().await;
    issuer.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let config = ClerkConfig { development: false, ..issuer.config() };
    let guest = TestBrowser::at(&fake_clerk::state(db, config).await);
    (issuer, guest)
}

#[sqlx::test]
async fn in_production_clerk_leaves_what_it_brings_in_a_cookie(db: PgPool) {
    let (issuer, guest) = in_production(&db).await;
    let token = issuer.token("user_ada", json!({}));
    let mut guest = guest.with("__client_uat", "1").with("__clerk_handshake", &issuer.handshake(&token));
    let seen = guest.open("/courses").await;
    assert_eq!((seen.status, seen.location), (200, None));
    assert!(
        seen.set
            .iter()
            .any(|cookie| cookie.starts_with(&format!("__session={token};")) && cookie.ends_with("HttpOnly"))
    );
}

#[sqlx::test]
async fn in_production_an_address_signs_nobody_in(db: PgPool) {
    let (issuer, mut guest) = in_production(&db).await;
    let brought = issuer.handshake(&issuer.token("user_ada", json!({})));
    let seen = guest.open(&format!("/?__clerk_handshake={brought}")).await;
    assert_eq!((seen.status, seen.set.len()), (200, 0));
}

#[sqlx::test]
async fn a_page_that_was_open_for_long_still_answers_while_the_session_goes_on(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.old_token("user_ada")).with("__client_uat", "1");
    assert_eq!(guest.post(GetMyCourses::PATH, "page=1").await.status, 401, "the session ended at Clerk");
    issuer.sign_in("user_ada");
    assert_eq!(guest.post(GetMyCourses::PATH, "page=1").await.status, 200);
    let asked = issuer.asked();
    assert_eq!(guest.post(GetMyCourses::PATH, "page=1").await.status, 200);
    assert_eq!(issuer.asked(), asked, "Clerk is asked once a minute");
    let yesterday = crate::platform::clock::now().timestamp() - 86_400;
    let stale = issuer.token("user_ada", json!({ "iat": yesterday, "nbf": yesterday, "exp": yesterday + 60 }));
    let mut guest = guest.with("__session", &stale);
    assert_eq!(guest.post(GetMyCourses::PATH, "page=1").await.status, 401);
}

#[sqlx::test]
async fn while_clerk_is_away_a_good_token_does_and_an_old_one_waits(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let mut guest = guest.with("__session", &issuer.sign_in("user_ada")).with("__client_uat", "1");
    assert_eq!(guest.open("/courses").await.status, 200);
    issuer.set_away(true);
    assert_eq!(guest.open("/courses").await.status, 200);
    let mut guest = guest.with("__session", &issuer.old_token("user_ada"));
    assert_eq!(guest.post(GetMyCourses::PATH, "page=1").await.status, 503);
}

async fn bear(guest: &mut TestBrowser, token: &str, site: Option<&str>) -> u16 {
    let mut call = Request::post(GetMyCourses::PATH)
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Bearer {token}"));
    if let Some(site) = site {
        call = call.header("sec-fetch-site", site);
    }
    guest.send(call.body(Body::from("page=1")).unwrap()).await.status
}

#[sqlx::test]
async fn a_program_brings_its_token_in_a_header(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    let good = issuer.sign_in("user_ada");
    let mut guest = guest.with("__session", &good);
    assert_eq!(bear(&mut guest, &good, None).await, 200);
    assert_eq!(bear(&mut guest, &good, Some("cross-site")).await, 403, "a header does not excuse another site's page");
    assert_eq!(bear(&mut guest, &issuer.old_token("user_ada"), None).await, 401, "cookies do not help it");
    assert_eq!(bear(&mut guest, "nonsense", None).await, 401);
}

#[sqlx::test]
async fn signing_in_leads_to_clerk_and_back_to_where_one_was(db: PgPool) {
    let (issuer, mut guest) = school(&db).await;
    let back = "redirect_url=https%3A%2F%2Fschool.example.com%2Fcourses%3Fpage%3D2";
    for page in [paths::SIGN_IN, paths::SIGN_UP] {
        guest.cookies.clear();
        let seen = guest.open(&format!("{page}?next=/courses%3Fpage%3D2")).await;
        assert_eq!((seen.status, seen.location.unwrap()), (307, format!("{}{page}?{back}", issuer.address)));
        let seen = guest.post(page, "next=%2Fcourses&email=a%40example.com&password=a+long+password&name=A").await;
        assert_eq!(
            (seen.status, seen.location.unwrap()),
            (303, format!("{page}?next=/courses")),
            "no account is made here"
        );
        let seen = guest.open(&format!("{page}?next=//evil.example")).await;
        assert!(seen.location.unwrap().ends_with("redirect_url=https%3A%2F%2Fschool.example.com%2F"));
    }
    guest.cookies.clear();
    let (_, way) = guest.arrive("/courses").await;
    assert_eq!(
        way,
        ["/sign-in?next=/courses".split('?').next().unwrap().to_owned(), format!("{}/sign-in", issuer.address)]
    );
    let mut guest = guest.with("__session", &issuer.sign_in("user_ada"));
    let seen = guest.open("/sign-in?next=/courses").await;
    assert_eq!((seen.status, seen.location.as_deref()), (307, Some("/courses")));
}

#[sqlx::test]
async fn signing_out_ends_the_session_at_clerk(db: PgPool) {
    let (issuer, guest) = school(&db).await;
    issuer.sign_in("user_ada");
    let mut guest = guest.with("__session", &issuer.old_token("user_ada")).with("__client_uat", "1");
    issuer.set_away(true);
    let seen = guest.post(paths::SIGN_OUT, "").await;
    assert!(seen.set.iter().any(|cookie| cookie.contains("still%20signed%20in")), "{:?}", seen.set);
    assert!(guest.cookies.contains_key("__session"));
    guest.cookies.remove("__Host-flash");
    issuer.set_away(false);
    // The key was asked for a moment ago.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let seen = guest.post(paths::SIGN_OUT, "").await;
    assert_eq!((seen.status, seen.location.as_deref()), (303, Some("/")));
    assert!(guest.cookies.is_empty());
    assert!(issuer.known.sessions.lock().unwrap().is_empty());
    let mut guest = guest.with("__session", &issuer.old_token("user_ada"));
    assert_eq!(guest.post(paths::SIGN_OUT, "").await.status, 303, "a second time too");
}

#[sqlx::test]
async fn clerks_script_is_on_the_pages_of_signing_in_where_it_is_wanted(db: PgPool) {
    let (issuer, mut without) = school(&db).await;
    let with = ClerkConfig { js: true, ..issuer.config() };
    let mut with = TestBrowser::at(&fake_clerk::state(&db, with).await);
    let seen = with.open("/sign-in?next=/courses").await;
    assert_eq!(seen.status, 200);
    assert!(seen.body.contains("/npm/@clerk/clerk-js@5/") && seen.body.contains(r#"data-next="/courses""#));
    assert!(seen.policy.contains(&format!("connect-src 'self' {}", issuer.address)), "{}", seen.policy);
    assert!(seen.policy.contains("'strict-dynamic'"));
    for (guest, path) in [(&mut with, "/"), (&mut without, "/")] {
        let seen = guest.open(path).await;
        assert!(!seen.body.contains("clerk-js") && seen.policy.contains("connect-src 'self';"), "{}", seen.policy);
        let leads = seen.policy.split("; ").find(|one| one.starts_with("form-action")).unwrap();
        assert!(
            leads.contains(&issuer.address),
            "a form may end at Clerk, by way of a page that needs a new token: {leads}"
        );
    }
}

#[sqlx::test]
async fn what_is_kept_for_everybody_is_nobodys_page(db: PgPool) {
    let issuer = FakeClerk::open().await;
    issuer.add(&person("user_ada", "Ada", "ada@example.com", 1));
    let state = issuer.school(&db).await;
    state.page_cache.set_subscribed(true);
    let token = issuer.sign_in("user_ada");
    assert!(TestBrowser::at(&state).open("/").await.body.contains("Sign in"));
    assert!(TestBrowser::at(&state).with("__session", &token).open("/").await.body.contains("Sign out"));
    let bearer = Request::get("/").header("authorization", format!("Bearer {token}")).body(Body::empty()).unwrap();
    assert!(TestBrowser::at(&state).send(bearer).await.body.contains("Sign out"));
    assert!(TestBrowser::at(&state).open("/").await.body.contains("Sign in"));
    let seen = TestBrowser::at(&state).with("__client_uat", "5").open("/").await;
    assert_eq!(seen.status, 307, "who signed in on Clerk's pages is looked after first");
}
