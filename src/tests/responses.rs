//! Responses of pages and files: the page cache, flash messages, redirects of addresses, and static files.

use std::time::Duration;

use axum::{body::Body, extract::Request};
use http_body_util::BodyExt;
use leptos::prelude::{Owner, provide_context};
use leptos_axum::ResponseOptions;
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    platform::response,
    tests::{
        authorization::SchoolWithCourse,
        fixtures::{self, Browser},
    },
};

#[sqlx::test]
async fn a_file_takes_no_redirect_from_a_page_on_the_same_thread(db: PgPool) {
    let mut state = fixtures::state(&db, fixtures::UNREACHABLE_URL).await;
    state.leptos.site_root = "public".into();
    let visitor = Browser { router: router(state), cookie: None };
    // What Leptos leaves on a thread while it renders a page there that redirects.
    let page = Owner::new_root(None);
    let options = ResponseOptions::default();
    page.with(|| provide_context(options.clone()));
    options.insert_header(http::header::LOCATION, http::HeaderValue::from_static(crate::paths::COURSES));
    options.set_status(http::StatusCode::FOUND);
    for (path, status) in [("/favicon.svg", 200), ("/nothing.svg", 404), ("/fonts", 404), ("/../Cargo.toml", 404)] {
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.location), (status, None), "{path}");
    }
    assert!(visitor.get("/favicon.svg").await.body.starts_with("<svg"));
    assert!(visitor.get("/nothing.svg").await.body.contains("<h1"), "the page of an unknown address");
}

#[sqlx::test]
async fn a_page_for_visitors_is_cached_until_the_catalogue_changes(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let state = fixtures::state(&school.db, fixtures::UNREACHABLE_URL).await;
    let stop = CancellationToken::new();
    let follower = tokio::spawn(crate::server::page_cache::invalidation::follow(state.clone(), stop.clone()));
    let visitor = Browser { router: router(state.clone()), cookie: None };
    let owner =
        Browser { router: visitor.router.clone(), cookie: Some(fixtures::cookie(&school.db, school.owner).await) };
    let page = || visitor.get("/products/product");
    while !state.page_cache.is_subscribed() {
        tokio::task::yield_now().await;
    }
    let (first, second) = (page().await, page().await);
    assert_eq!((first.status, second.status), (200, 200));
    let nonce = |answer: &fixtures::Answer| answer.body.split("nonce=\"").nth(1).unwrap()[..22].to_owned();
    let (one, two) = (nonce(&first), nonce(&second));
    assert_ne!(one, two, "every response has its own nonce");
    assert_eq!(first.body.replace(&one, ""), second.body.replace(&two, ""));
    assert!(owner.get("/products/product").await.body.contains("You own this."), "a cached page is for visitors only");
    assert!(!page().await.body.contains("You own this."));

    sqlx::query!("update products set name = 'Renamed'").execute(&school.db).await.unwrap();
    let renamed = async {
        while !page().await.body.contains("Renamed") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), renamed)
        .await
        .expect("the change invalidates the page before it expires");
    stop.cancel();
    follower.await.unwrap();
}

#[sqlx::test]
async fn a_flash_message_is_shown_once_and_never_cached(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let state = fixtures::state(&school.db, fixtures::UNREACHABLE_URL).await;
    state.page_cache.set_subscribed(true);
    let response = response::with_flash(response::see_other("/"), &state.config, "Saved <b>.");
    let set_cookie = response.headers()["set-cookie"].to_str().unwrap().to_owned();
    for part in ["HttpOnly", "SameSite=Lax", "Max-Age=60"] {
        assert!(set_cookie.contains(part), "{set_cookie}");
    }
    let flash = set_cookie.split(';').next().unwrap();
    let router = router(state);
    for (cookie, is_shown) in [(None, false), (Some(flash), true), (None, false)] {
        let mut request = Request::get("/products/product").header("accept", "text/html");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let is_cleared =
            response.headers().get("set-cookie").is_some_and(|c| c.to_str().unwrap().contains("Max-Age=0"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert_eq!((body.contains("Saved &lt;b&gt;."), is_cleared), (is_shown, is_shown));
    }
    let request = Request::get("/products/product/purchase").header("cookie", flash).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert!(
        response.status().is_redirection() && !response.headers().contains_key("set-cookie"),
        "a redirect does not clear it"
    );
}

#[sqlx::test]
async fn a_trailing_slash_redirects_and_a_too_long_address_is_not_found(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let visitor = school.browser("visitor").await;
    for (path, to) in [
        ("/products/product/", "/products/product"),
        ("/account/?a=b", "/account?a=b"),
        ("/nothing//", "/nothing"),
        ("//example.net/", "/"),
        ("/%2fexample.net/", "/%2fexample.net"),
    ] {
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.location.as_deref()), (303, Some(to)), "{path}");
    }
    for path in [format!("/{}", "a".repeat(300)), format!("/pkg/{}", "a/".repeat(3000))] {
        assert_eq!(visitor.get(&path).await.status, 404);
    }
}
