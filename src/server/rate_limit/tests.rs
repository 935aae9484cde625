//! Who tries too often is refused, and who does not is not. Only tests are here.

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

/// A server that counts as it does in earnest.
async fn strict(db: &PgPool) -> AppState {
    let mut state = fixtures::state(db, "http://127.0.0.1:9").await;
    let doors = CapacityConfig { address_allowance: 1, ..state.config.capacity.clone() };
    state.limits = RateLimits::new(&doors);
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

/// As if so much time had passed.
async fn wait(db: &PgPool, minutes: f64) {
    sqlx::query("update rate_limits set full_at = full_at - make_interval(secs => $1) where bucket <> 'home'")
        .bind(minutes * 60.0)
        .execute(db)
        .await
        .unwrap();
}

async fn refused(db: &PgPool, door: &str) -> i64 {
    sqlx::query_scalar("select coalesce(sum(refused), 0)::bigint from rate_limits where bucket = $1")
        .bind(door)
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
fn a_household_of_ipv6_is_one(#[case] a: &str, #[case] b: &str, #[case] same: bool) {
    let place = |text: &str| ClientKey::of(text.parse().ok());
    assert_eq!(place(a) == place(b), same);
}

/// Ten thousand wrong passwords for one account, from as many addresses: ten are looked at.
#[sqlx::test]
async fn many_passwords_for_one_account_are_refused_and_its_owner_gets_in(db: PgPool) {
    owner(&db).await;
    let state = strict(&db).await;
    let router = router(state.clone());
    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER);
    let mut looked_at = 0;
    for n in 0..10_000_u32 {
        let from = IpAddr::from((u32::from_be_bytes([198, 18, 0, 0]) + n).to_be_bytes());
        // The form is tried with some, the limit behind it with all.
        if n < 20 {
            let status = sign_in(&router, &from.to_string(), "Owner@example.com", "wrong").await;
            let expected = if n < 10 { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::TOO_MANY_REQUESTS };
            assert_eq!(status, expected, "the {n}th");
            looked_at += u32::from(n < 10);
        } else {
            looked_at += u32::from(state.limits.sign_in(&db, Some(from), " OWNER@example.com").await.is_ok());
        }
    }
    // One more comes back each minute, and this took a while.
    assert!(looked_at <= 13, "{looked_at} were looked at");
    assert!(refused(&db, "sign-in to an account").await >= 9_987, "and each is counted");

    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "from where they were");
    let elsewhere = "203.0.113.99";
    assert_eq!(sign_in(&router, elsewhere, "owner@example.com", RIGHT).await, StatusCode::TOO_MANY_REQUESTS);
    wait(&db, 1.5).await;
    assert_eq!(sign_in(&router, elsewhere, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "after a while");
}

/// Whoever keeps trying a password keeps its owner out neither where they made their account nor where they are signed in.
#[sqlx::test]
async fn tries_of_others_use_up_nothing_of_who_is_here(db: PgPool) {
    let state = strict(&db).await;
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
    wait(&db, 1.5).await;
    assert_eq!(change(RIGHT).await, StatusCode::SEE_OTHER);
}

/// One password for ten thousand accounts, from one address: twenty are looked at.
#[sqlx::test]
async fn one_password_for_many_accounts_is_refused_and_others_get_in(db: PgPool) {
    owner(&db).await;
    let state = strict(&db).await;
    let router = router(state.clone());
    let from = "198.51.100.1";
    let mut looked_at = 0;
    for n in 0..10_000 {
        let account = format!("student{n}@example.com");
        if n < 25 {
            let status = sign_in(&router, from, &account, "password1").await;
            looked_at += u32::from(status == StatusCode::UNPROCESSABLE_ENTITY);
        } else {
            looked_at += u32::from(state.limits.sign_in(&db, from.parse().ok(), &account).await.is_ok());
        }
    }
    assert!((20..=23).contains(&looked_at), "{looked_at} were looked at");
    assert!(refused(&db, "sign-in from an address").await >= 9_977);
    assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "from another address");
    wait(&db, 1.5).await;
    assert_eq!(sign_in(&router, from, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "and after a while");
}

#[sqlx::test]
async fn a_right_password_costs_nothing(db: PgPool) {
    owner(&db).await;
    let router = router(strict(&db).await);
    for n in 0..25 {
        assert_eq!(sign_in(&router, HOME, "owner@example.com", RIGHT).await, StatusCode::SEE_OTHER, "the {n}th");
    }
}

#[sqlx::test]
async fn one_too_many_is_told_when_to_come_back_and_nothing_typed_is_lost(db: PgPool) {
    let router = router(strict(&db).await);
    for _ in 0..10 {
        sign_in(&router, HOME, "nobody@example.com", "wrong").await;
    }
    let (status, headers, body) =
        post(&router, HOME, "/sign-in", "email=nobody%40example.com&password=wrong&next=/courses").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    assert!(body.contains("Wait a minute, then try again."));
    assert!(body.contains("value=\"nobody@example.com\"") && body.contains("value=\"/courses\""));
    assert!(!body.contains("value=\"wrong\""), "but a password");
}

#[sqlx::test]
async fn two_servers_count_together(db: PgPool) {
    let (one, other) = (strict(&db).await, strict(&db).await);
    let mut let_in = 0;
    for n in 0..20 {
        let limits = if n % 2 == 0 { &one.limits } else { &other.limits };
        let from = IpAddr::from([10, 0, 0, n]);
        let_in += u32::from(limits.sign_in(&db, Some(from), "owner@example.com").await.is_ok());
    }
    assert_eq!(let_in, 10);
    let at_once = (0..50).map(|_| one.limits.sign_up(&db, HOME.parse().ok()));
    let let_in = futures::future::join_all(at_once).await.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(let_in, 30, "at once as well");
}

#[sqlx::test]
async fn new_accounts_are_limited_by_address_and_a_form_that_is_wrong_is_no_account(db: PgPool) {
    let router = router(strict(&db).await);
    for _ in 0..40 {
        let (status, ..) = post(&router, HOME, "/sign-up", "name=&email=&password=").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    let state = strict(&db).await;
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
async fn mails_that_anybody_can_ask_for_are_few(db: PgPool) {
    let limits = strict(&db).await.limits;
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
async fn guesses_of_codes_are_refused_and_codes_that_count_cost_nothing(db: PgPool) {
    let course = fixtures::course(&db, "Course").await;
    fixtures::product(&db, "light", 60, &[course]).await;
    sqlx::query("insert into coupons (code, name, percent, every_product) values ('SPRING', 'Spring', 20, true)")
        .execute(&db)
        .await
        .unwrap();
    let router = router(strict(&db).await);
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
    assert!(body.contains("Wait a minute") && body.contains("value=\"GUESS20\"") && body.contains("$60"), "{body}");
    let call = post(
        &router,
        HOME,
        <crate::products::api::GetProductPage as server_fn::ServerFn>::PATH,
        "slug=light&code=SPRING",
    );
    assert_eq!(call.await.0, StatusCode::TOO_MANY_REQUESTS, "a right one is no longer looked at");
    assert_eq!(get(&router, HOME, "/products/light").await.0, StatusCode::OK, "without a code nothing is limited");
}

#[sqlx::test]
async fn checkouts_are_limited_by_account(db: PgPool) {
    let product = fixtures::product(&db, "light", 60, &[]).await;
    let student = fixtures::student(&db, "student").await;
    let _ = product;
    let cookie = fixtures::cookie(&db, student).await;
    let router = router(strict(&db).await);
    let buy = || {
        let request = Request::post("/products/light/purchase").header("cookie", &cookie);
        send(&router, HOME, request.body(Body::empty()).unwrap())
    };
    for _ in 0..20 {
        // Nobody listens at Stripe's address.
        assert_eq!(buy().await.0, StatusCode::SERVICE_UNAVAILABLE);
    }
    let (status, headers, body) = buy().await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.contains_key("retry-after") && body.contains("That was a lot at once."));
}

#[sqlx::test]
async fn forged_webhooks_are_turned_away_and_signed_ones_are_not(db: PgPool) {
    let router = router(strict(&db).await);
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
async fn a_flood_is_turned_away_and_a_crawler_that_is_not_one_reads(db: PgPool) {
    fixtures::product(&db, "light", 60, &[]).await;
    let mut state = strict(&db).await;
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
    state.limits.requests = Arc::new(DefaultKeyedRateLimiter::dashmap(quota(rate(3, Duration::from_secs(10)), 1)));
    let router = router(state.clone());
    for _ in 0..3 {
        assert_eq!(get(&router, HOME, "/robots.txt").await.0, StatusCode::OK);
    }
    let (status, headers, _) = get(&router, HOME, "/robots.txt").await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u32 = headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=10).contains(&wait), "{wait}");
    assert_eq!(get(&router, HOME, "/healthz").await.0, StatusCode::OK, "who watches over us is answered");
    assert_eq!(get(&router, "203.0.113.8", "/robots.txt").await.0, StatusCode::OK);
    assert_eq!(state.limits.requests.len(), 2);
    state.limits.purge_full_buckets();
}

#[sqlx::test]
async fn scanners_are_turned_away_before_anybody_looks_who_they_are(db: PgPool) {
    let router = router(strict(&db).await);
    db.close().await;
    for path in ["/wp-login.php", "/.env", "/.git/config"] {
        let request = Request::get(path).header("cookie", "session=a").header("accept", "text/html");
        let (status, _, body) = send(&router, HOME, request.body(Body::empty()).unwrap()).await;
        assert_eq!((status, body.as_str()), (StatusCode::NOT_FOUND, "There is nothing at this address."), "{path}");
    }
}

#[sqlx::test]
async fn a_full_house_says_when_to_come_back(db: PgPool) {
    let mut state = strict(&db).await;
    state.limits = RateLimits::new(&CapacityConfig { concurrent_requests: 2, ..state.config.capacity.clone() });
    let router = router(state.clone());
    let guests = [state.limits.try_acquire_slot(), state.limits.try_acquire_slot()];
    let (status, headers, _) = get(&router, HOME, "/").await;
    assert_eq!((status, headers["retry-after"].to_str().unwrap()), (StatusCode::SERVICE_UNAVAILABLE, "5"));
    assert_eq!(get(&router, HOME, "/readyz").await.0, StatusCode::OK);
    drop(guests);
    assert_eq!(get(&router, HOME, "/").await.0, StatusCode::OK);
}

#[sqlx::test]
async fn a_body_that_is_too_large_is_told_so_however_it_comes(db: PgPool) {
    let router = router(strict(&db).await);
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
            // What nobody reads is no body: there is nothing at that address.
            let unread = path == "/nowhere" && chunked;
            assert_eq!(status.as_u16(), if unread { 404 } else { 413 }, "{path}, chunked: {chunked}");
        }
    }
}

#[sqlx::test]
async fn buckets_that_are_full_are_swept_and_those_turned_away_are_told(db: PgPool) {
    let limits = strict(&db).await.limits;
    for n in 0..12 {
        let _ = limits.sign_in(&db, Some(IpAddr::from([10, 0, 0, n])), "owner@example.com").await;
    }
    assert!(queries::sweep(&db).await.unwrap().is_empty());
    wait(&db, 11.0).await;
    assert_eq!(queries::sweep(&db).await.unwrap(), [("sign-in to an account".to_owned(), 2)]);
    assert_eq!(sqlx::query_scalar::<_, i64>("select count(*) from rate_limits").fetch_one(&db).await.unwrap(), 0);
}

/// The middle of some times, in microseconds.
fn median(mut times: Vec<u128>) -> u128 {
    times.sort_unstable();
    times[times.len() / 2]
}

#[sqlx::test]
async fn the_time_to_answer_does_not_tell_whether_an_address_is_known(db: PgPool) {
    owner(&db).await;
    let mut state = strict(&db).await;
    state.limits.allowance = 1000;
    let router = router(state);
    let time = async |email: &str| {
        wait(&db, 1000.0).await;
        let before = Instant::now();
        assert_eq!(sign_in(&router, HOME, email, "a wrong password").await, StatusCode::UNPROCESSABLE_ENTITY);
        before.elapsed().as_micros()
    };
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..24 {
        // The other one first each time, so that whatever else this machine does falls on both.
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
