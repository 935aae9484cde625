//! Tests of the rate limits, load shedding and body limits, through the router.

use std::{
    net::{IpAddr, SocketAddr},
    time::Instant,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use rstest::rstest;
use sqlx::PgPool;
use tower::ServiceExt;

use super::*;
use crate::{
    account::{self, input::SignUp},
    boot::router::router,
    server::state::AppState,
    tests::fixtures,
};

const HOME: &str = "203.0.113.7";
const RIGHT: &str = "the right password";

/// A server with the limits of production.
async fn production_limits(db: &PgPool) -> AppState {
    let mut state = fixtures::state(db, fixtures::UNREACHABLE_URL).await;
    let capacity = CapacityConfig { address_allowance: 1, ..state.config.capacity.clone() };
    state.limits = RateLimits::new(&capacity);
    state
}

async fn owner(db: &PgPool) -> UserId {
    let form = SignUp::parse("Demo student", "owner@example.com", RIGHT).unwrap();
    account::service::sign_up(db, form, None, crate::platform::clock::now()).await.unwrap()
}

async fn send(router: &Router, from: &str, mut request: Request) -> (StatusCode, HeaderMap, String) {
    let peer = SocketAddr::new(from.parse().unwrap(), 4711);
    request.extensions_mut().insert(ConnectInfo(peer));
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

async fn post(router: &Router, from: &str, path: &str, form: &str) -> (StatusCode, HeaderMap, String) {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    send(router, from, request.body(Body::from(form.to_owned())).unwrap()).await
}

async fn get(router: &Router, from: &str, path: &str) -> (StatusCode, HeaderMap, String) {
    send(router, from, Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
}

async fn sign_in(router: &Router, from: &str, email: &str, password: &str) -> StatusCode {
    post(router, from, "/sign-in", &format!("email={email}&password={password}")).await.0
}

/// Moves the buckets forward in time.
async fn advance(db: &PgPool, minutes: f64) {
    sqlx::query("update rate_limits set full_at = full_at - make_interval(secs => $1) where bucket <> 'home'")
        .bind(minutes * 60.0)
        .execute(db)
        .await
        .unwrap();
}

async fn count_rejected(db: &PgPool, bucket: &str) -> i64 {
    sqlx::query_scalar("select coalesce(sum(refused), 0)::bigint from rate_limits where bucket = $1")
        .bind(bucket)
        .fetch_one(db)
        .await
        .unwrap()
}

#[rstest]
#[case("203.0.113.7", "203.0.113.7", true)]
#[case("203.0.113.7", "203.0.113.8", false)]
#[case("::ffff:203.0.113.7", "203.0.113.7", true)]
#[case("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
#[case("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
fn an_ipv6_network_shares_one_bucket(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
    let key = |text: &str| ClientKey::of(text.parse().ok());
    assert_eq!(key(a) == key(b), same);
}

/// Of ten thousand wrong passwords for one account, from as many addresses, ten are checked.
#[sqlx::test]
async fn many_passwords_for_one_account_are_limited_and_its_owner_signs_in(db: PgPool) {
    owner(&db).await;
    let state = production_limits(&db).await;
    let router = router(state.clone());
    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER);
    let mut checked = 0;
    for n in 0..10_000_u32 {
        let from = IpAddr::from((u32::from_be_bytes([198, 18, 0, 0]) + n).to_be_bytes());
        // Some go through the form, all through the limit behind it.
        if n < 20 {
            let status = sign_in(&router, &from.to_string(), "Owner@example.com", "wrong").await;
            let expected = if n < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(status, expected, "the {n}th");
            checked += u32::from(n < 10);
        } else {
            checked += u32::from(state.limits.sign_in(&db, Some(from), " OWNER@example.com").await.is_ok());
        }
    }
    // One token returns each minute, and the loop takes a while.
    assert!(checked <= 13, "{checked} were checked");
    assert!(count_rejected(&db, "sign-in to an account").await >= 9_987, "and each is counted");

    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "from a known address");
    let elsewhere = "203.0.113.99";
    assert_eq!(sign_in(&router, elsewhere, "owner@example.com", RIGHT).await, StatusCode::TOO_MANY_REQUESTS);
    advance(&db, 1.5).await;
    assert_eq!(sign_in(&router, elsewhere, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "after a while");
}

/// Attempts of an attacker lock the owner out neither at the address where they signed up nor in an open session.
#[sqlx::test]
async fn attempts_by_others_do_not_lock_out_the_owner(db: PgPool) {
    let state = production_limits(&db).await;
    let router = router(state.clone());
    let form = format!("name=Demo&email=owner@example.com&password={RIGHT}");
    assert_eq!(post(&router, HOME, "/sign-up", &form).await.0, StatusCode::SEE_OTHER);
    for _ in 0..30 {
        let _ = sign_in(&router, "203.0.113.99", "owner@example.com", "wrong").await;
    }
    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER);
    let user = sqlx::query_scalar!("select id from users").fetch_one(&db).await.unwrap();
    let change = async |old: &str| {
        let form = format!("current_password={old}&new_password=another password of mine");
        let cookie = fixtures::cookie(&db, user.into()).await;
        let request = Request::post("/account/password").header("cookie", cookie);
        let request =
            request.header("content-type", "application/x-www-form-urlencoded").body(Body::from(form)).unwrap();
        send(&router, "203.0.113.98", request).await.0
    };
    for n in 0..12 {
        let expected = if n < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
        assert_eq!(change("wrong").await, expected, "the {n}th");
    }
    advance(&db, 1.5).await;
    assert_eq!(change(RIGHT).await, StatusCode::SEE_OTHER);
}

/// Of one password for ten thousand accounts, from one address, twenty are checked.
#[sqlx::test]
async fn one_password_for_many_accounts_is_limited_and_others_sign_in(db: PgPool) {
    owner(&db).await;
    let state = production_limits(&db).await;
    let router = router(state.clone());
    let from = "198.51.100.1";
    let mut checked = 0;
    for n in 0..10_000 {
        let account = format!("student{n}@example.com");
        if n < 25 {
            let status = sign_in(&router, from, &account, "password1").await;
            checked += u32::from(status == StatusCode::UNPROCESSABLE_ENTITY);
        } else {
            checked += u32::from(state.limits.sign_in(&db, from.parse().ok(), &account).await.is_ok());
        }
    }
    assert!((20..=23).contains(&checked), "{checked} were checked");
    assert!(count_rejected(&db, "sign-in from an address").await >= 9_977);
    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "from another address");
    advance(&db, 1.5).await;
    assert_eq!(sign_in(&router, from, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "and after a while");
}

#[sqlx::test]
async fn a_right_password_is_not_limited(db: PgPool) {
    owner(&db).await;
    let router = router(production_limits(&db).await);
    for n in 0..25 {
        assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "the {n}th");
    }
}

#[sqlx::test]
async fn a_limited_visitor_learns_when_to_retry_and_loses_no_input(db: PgPool) {
    let router = router(production_limits(&db).await);
    for _ in 0..10 {
        sign_in(&router, HOME, "nobody@example.com", "wrong").await;
    }
    let (status, headers, body) =
        post(&router, HOME, "/sign-in", "email=nobody%40example.com&password=wrong&next=/courses").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(body.contains("Too many attempts. Try again in a minute."));
    assert!(body.contains("value=\"nobody@example.com\"") && body.contains("value=\"/courses\""));
    assert!(!body.contains("value=\"wrong\""), "but a password");
}

#[sqlx::test]
async fn two_servers_share_their_limits(db: PgPool) {
    let (one, other) = (production_limits(&db).await, production_limits(&db).await);
    let mut allowed = 0;
    for n in 0..20 {
        let limits = if n % 2 == 0 { &one.limits } else { &other.limits };
        let from = IpAddr::from([10, 0, 0, n]);
        allowed += u32::from(limits.sign_in(&db, Some(from), "owner@example.com").await.is_ok());
    }
    assert_eq!(allowed, 10);
    let attempts = (0..50).map(|_| one.limits.sign_up(&db, HOME.parse().ok()));
    let allowed = futures::future::join_all(attempts).await.iter().filter(|result| result.is_ok()).count();
    assert_eq!(allowed, 30, "concurrent attempts as well");
}

#[sqlx::test]
async fn new_accounts_are_limited_by_address_and_invalid_forms_are_not(db: PgPool) {
    let router = router(production_limits(&db).await);
    for _ in 0..40 {
        let (status, ..) = post(&router, HOME, "/sign-up", "name=&email=&password=").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let state = production_limits(&db).await;
    for _ in 0..30 {
        state.limits.sign_up(&db, HOME.parse().ok()).await.unwrap();
    }
    let form = "name=Demo+student&email=new%40example.com&password=a+long+enough+password";
    let (status, _, body) = post(&router, HOME, "/sign-up", form).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(body.contains("value=\"new@example.com\""));
    assert_eq!(post(&router, "203.0.113.8", "/sign-up", form).await.0, StatusCode::SEE_OTHER);
}

#[sqlx::test]
async fn mails_that_visitors_request_are_limited(db: PgPool) {
    let limits = production_limits(&db).await.limits;
    let from = |n: u8| Some(IpAddr::from([10, 0, 0, n]));
    for n in 0..4 {
        limits.mail(&db, from(n), "owner@example.com").await.unwrap();
    }
    let Err(Error::RateLimited(wait)) = limits.mail(&db, from(5), "OWNER@example.com ").await else {
        panic!("a fifth")
    };
    assert!((890..=901).contains(&wait), "{wait}");
}

#[sqlx::test]
async fn guessed_coupon_codes_are_limited_and_valid_ones_are_not(db: PgPool) {
    let course = fixtures::course(&db, "Course").await;
    fixtures::product(&db, "light", 60, &[course]).await;
    sqlx::query("insert into coupons (code, name, percent, every_product) values ('SPRING', 'Spring', 20, true)")
        .execute(&db)
        .await
        .unwrap();
    let router = router(production_limits(&db).await);
    for n in 0..30 {
        let (status, _, body) = get(&router, HOME, "/products/light?code=spring").await;
        assert!(status == StatusCode::OK && body.contains("$48"), "the {n}th");
    }
    for n in 0..20 {
        assert_eq!(get(&router, HOME, &format!("/products/light?code=GUESS{n}")).await.0, StatusCode::OK);
    }
    let (status, headers, body) = get(&router, HOME, "/products/light?code=GUESS20").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after"));
    assert!(
        body.contains("Try again in a minute") && body.contains("value=\"GUESS20\"") && body.contains("$60"),
        "{body}"
    );
    let call = post(
        &router,
        HOME,
        <crate::products::api::GetProductPage as server_fn::ServerFn>::PATH,
        "slug=light&code=SPRING",
    );
    assert_eq!(call.await.0, StatusCode::TOO_MANY_REQUESTS, "a valid code is not checked any more");
    assert_eq!(get(&router, HOME, "/products/light").await.0, StatusCode::OK, "a page without a code is not limited");
}

#[sqlx::test]
async fn checkouts_are_limited_by_account(db: PgPool) {
    fixtures::product(&db, "light", 60, &[]).await;
    let student = fixtures::student(&db, "student").await;
    let cookie = fixtures::cookie(&db, student).await;
    let router = router(production_limits(&db).await);
    let buy = || {
        let request = Request::post("/products/light/purchase").header("cookie", &cookie);
        send(&router, HOME, request.body(Body::empty()).unwrap())
    };
    for _ in 0..20 {
        // No server runs at the address of Stripe's API.
        assert_eq!(buy().await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
    let (status, headers, body) = buy().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after") && body.contains("Too many attempts."));
}

#[sqlx::test]
async fn forged_webhooks_are_limited_and_signed_ones_are_not(db: PgPool) {
    let router = router(production_limits(&db).await);
    let body = r#"{"id":"evt_1","type":"a.kind.of.tomorrow","created":1,"data":{"object":{}}}"#;
    let hook = |signature: String| {
        let request = Request::post(crate::paths::STRIPE_WEBHOOK).header("stripe-signature", signature);
        send(&router, HOME, request.body(Body::from(body)).unwrap())
    };
    let now = crate::platform::clock::now().timestamp();
    let sign = |secret| stripe_webhook::Webhook::generate_test_header(body, secret, Some(now));
    for _ in 0..20 {
        assert_eq!(hook(sign("whsec_other")).await.0, StatusCode::BAD_REQUEST);
    }
    assert_eq!(hook(sign("whsec_other")).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(hook(sign("whsec_sandbox")).await.0, StatusCode::OK);
}

#[sqlx::test]
async fn a_flood_is_limited_and_a_crawler_is_not(db: PgPool) {
    fixtures::product(&db, "light", 60, &[]).await;
    let mut state = production_limits(&db).await;
    let router_ = router(state.clone());
    for path in ["/", "/products/light", "/robots.txt", "/sitemap.xml"] {
        let request = Request::get(path).header("accept", "text/html");
        let request =
            request.header("user-agent", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)");
        assert_eq!(
            send(&router_, "66.249.66.1", request.body(Body::empty()).unwrap()).await.0,
            StatusCode::OK,
            "{path}"
        );
    }
    state.limits.requests =
        Arc::new(DefaultKeyedRateLimiter::dashmap(keyed_quota(quota(3, Duration::from_secs(10)), 1)));
    let router = router(state.clone());
    for _ in 0..3 {
        assert_eq!(get(&router, HOME, "/robots.txt").await.0, StatusCode::OK);
    }
    let (status, headers, _) = get(&router, HOME, "/robots.txt").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(get(&router, HOME, "/healthz").await.0, StatusCode::OK, "health checks are not limited");
    assert_eq!(get(&router, "203.0.113.8", "/robots.txt").await.0, StatusCode::OK);
    assert_eq!(state.limits.requests.len(), 2);
    state.limits.purge_full_buckets();
}

#[sqlx::test]
async fn scanners_are_rejected_before_authentication(db: PgPool) {
    let router = router(production_limits(&db).await);
    db.close().await;
    for path in ["/wp-login.php", "/.env", "/.git/config"] {
        let request = Request::get(path).header("cookie", "session=a").header("accept", "text/html");
        let (status, _, body) = send(&router, HOME, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, "There is nothing at this address."), "{path}");
    }
}

#[sqlx::test]
async fn an_overloaded_server_says_when_to_retry(db: PgPool) {
    let mut state = production_limits(&db).await;
    state.limits = RateLimits::new(&CapacityConfig { concurrent_requests: 2, ..state.config.capacity.clone() });
    let router = router(state.clone());
    let slots = [state.limits.try_acquire_slot(), state.limits.try_acquire_slot()];
    let (status, headers, _) = get(&router, HOME, "/").await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(get(&router, HOME, "/readyz").await.0, StatusCode::OK);
    drop(slots);
    assert_eq!(get(&router, HOME, "/").await.0, StatusCode::OK);
}

#[sqlx::test]
async fn a_body_that_is_too_large_is_413_chunked_or_not(db: PgPool) {
    let router = router(production_limits(&db).await);
    let function = <crate::authoring::courses::api::GetCourses as server_fn::ServerFn>::PATH;
    let large = vec![b'a'; 2 * 1024 * 1024];
    for path in [function, "/api/webhooks/stripe", "/nowhere"] {
        for chunked in [true, false] {
            let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
            let request = request.header("stripe-signature", "t=1,v1=a");
            let body = if chunked {
                let chunks: Vec<_> =
                    large.chunks(64 * 1024).map(|chunk| Ok::<_, std::io::Error>(chunk.to_vec())).collect();
                Body::from_stream(futures::stream::iter(chunks))
            } else {
                Body::from(large.clone())
            };
            let status = send(&router, HOME, request.body(body).unwrap()).await.0;
            // A body that no handler reads is not counted, and no handler has this path.
            let unread = path == "/nowhere" && chunked;
            assert_eq!(status.as_u16(), if unread { 404 } else { 413 }, "{path}, chunked: {chunked}");
        }
    }
}

#[sqlx::test]
async fn full_buckets_are_purged_and_their_rejections_are_reported(db: PgPool) {
    let limits = production_limits(&db).await.limits;
    for n in 0..12 {
        let _ = limits.sign_in(&db, Some(IpAddr::from([10, 0, 0, n])), "owner@example.com").await;
    }
    assert!(queries::delete_full(&db).await.unwrap().is_empty());
    advance(&db, 11.0).await;
    assert_eq!(queries::delete_full(&db).await.unwrap(), [("sign-in to an account".to_owned(), 2)]);
    assert_eq!(sqlx::query_scalar::<_, i64>("select count(*) from rate_limits").fetch_one(&db).await.unwrap(), 0);
}

/// The median of times in microseconds.
fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

#[sqlx::test]
async fn the_response_time_does_not_reveal_whether_an_address_is_known(db: PgPool) {
    owner(&db).await;
    let mut state = production_limits(&db).await;
    state.limits.allowance = 1000;
    let router = router(state);
    let time = async |email: &str| {
        advance(&db, 1000.0).await;
        let before = Instant::now();
        assert_eq!(sign_in(&router, HOME, email, "a wrong password").await, StatusCode::UNPROCESSABLE_ENTITY);
        before.elapsed().as_micros()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..24 {
        // The order alternates, so that other load on the machine affects both.
        if n % 2 == 0 {
            known.push(time("owner@example.com").await);
            unknown.push(time("nobody@example.com").await);
        } else {
            unknown.push(time("nobody@example.com").await);
            known.push(time("owner@example.com").await);
        }
    }
    let (known, unknown) = (median(known), median(unknown));
    let apart = known.abs_diff(unknown) * 100 / known.max(unknown);
    assert!(apart < 25, "known {known} µs, unknown {unknown} µs: {apart} % apart");
}
