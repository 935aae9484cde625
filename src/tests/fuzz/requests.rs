//! What strangers may send: anything. It is answered, never with a failure of ours. Only tests are here; those of Clerk's doors are in
//! `users::clerk::tests::strangers`.
//!
//! Webhooks (signed and not), session cookies, forms and server functions get what [`proptest`] makes up: bytes, texts, JSON, and
//! requests that are nearly right. `LECTERN_CASES` says how many of each; the seed is printed by the run that fails, and
//! `LECTERN_SEED` makes the same again.

use axum::{body::Body, extract::Request};
use http::HeaderValue;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::{
    collection::{hash_map, vec},
    option,
    prelude::*,
    sample::select,
    strategy::{BoxedStrategy, ValueTree},
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    boot::router,
    platform::config::SANDBOX_WEBHOOK_SECRET,
    tests::fixtures::{self, Browser},
};

const UNREACHABLE_URL: &str = "http://127.0.0.1:9";

#[expect(clippy::disallowed_methods, reason = "a setting of this test alone")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whoever makes things up.
struct SeededRng {
    runner: TestRunner,
    seed: u64,
}

impl SeededRng {
    fn new() -> Self {
        let seed = setting("LECTERN_SEED").unwrap_or_else(rand::random);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        Self { runner: TestRunner::new_with_rng(Config::default(), rng), seed }
    }

    fn make<T: std::fmt::Debug>(&mut self, of: &BoxedStrategy<T>) -> T {
        of.new_tree(&mut self.runner).unwrap().current()
    }
}

/// Sends what is made up, so many times. `send` answers with the status.
pub async fn try_all<T: std::fmt::Debug + Clone>(of: BoxedStrategy<T>, send: impl AsyncFn(T) -> u16) {
    let mut chance = SeededRng::new();
    for case in 0..setting("LECTERN_CASES").unwrap_or(250) {
        let sent = chance.make(&of);
        let status = send(sent.clone()).await;
        // Stripe is away in these tests; nothing else is.
        assert!(status < 500 || status == 503, "{status} in case {case} of seed {}: {sent:?}", chance.seed);
    }
}

pub fn bytes() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..2000), "\\PC{0,300}".prop_map(String::into_bytes)].boxed()
}

/// A text that somebody might type, and some that nobody would.
pub fn text() -> BoxedStrategy<String> {
    let odd = select(vec![
        "\0",
        "%00",
        "-1",
        "99999999999999999999",
        "ada@example.com",
        "on",
        "public",
        "\u{202e}a",
        "' or 1=1 --",
    ]);
    prop_oneof![any::<String>(), "[a-z0-9 ]{0,40}", odd.prop_map(str::to_owned), ".{200,900}"].boxed()
}

pub fn value() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        select(vec!["cs_1", "pi_1", "ch_1", "re_1", "paid", "succeeded", "usd", "IN"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(text(), inner, 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
    .boxed()
}

/// An event that is nearly one of Stripe's: of a kind that we read, with some of its fields.
fn event() -> BoxedStrategy<Value> {
    let kind = select(vec![
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "checkout.session.expired",
        "charge.refunded",
        "refund.created",
        "refund.updated",
        "refund.failed",
        "charge.dispute.created",
        "charge.dispute.closed",
    ]);
    let field = select(vec![
        "id",
        "object",
        "payment_intent",
        "payment_status",
        "client_reference_id",
        "metadata",
        "amount_total",
        "amount",
        "currency",
        "status",
        "charge",
        "refunds",
        "amount_refunded",
        "created",
        "reason",
        "customer_details",
        "failure_reason",
    ]);
    (text(), kind, option::of(value()), hash_map(field, value(), 0..12))
        .prop_map(|(id, kind, created, object)| {
            let object: serde_json::Map<_, _> =
                object.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            json!({ "id": id, "type": kind, "created": created, "data": { "object": object } })
        })
        .boxed()
}

fn webhook(body: Vec<u8>, signature: &HeaderValue) -> Request {
    let request = Request::post(crate::paths::STRIPE_WEBHOOK).header("stripe-signature", signature);
    request.body(Body::from(body)).unwrap()
}

async fn visitor(db: &PgPool) -> Browser {
    Browser { router: router::router(fixtures::state(db, UNREACHABLE_URL).await), cookie: None }
}

#[sqlx::test]
async fn whatever_is_signed_with_stripes_secret_is_taken_in_or_refused(db: PgPool) {
    let visitor = visitor(&db).await;
    let body = prop_oneof![3 => event().prop_map(|event| event.to_string().into_bytes()), 1 => value().prop_map(|value| value.to_string().into_bytes()), 1 => bytes()];
    try_all(body.boxed(), async |body| {
        let now = crate::platform::clock::now().timestamp();
        let text = String::from_utf8_lossy(&body).into_owned();
        let signature = stripe_webhook::Webhook::generate_test_header(&text, SANDBOX_WEBHOOK_SECRET, Some(now));
        visitor.send(webhook(body, &signature.parse().unwrap())).await.status
    })
    .await;
}

#[sqlx::test]
async fn whatever_a_webhook_is_signed_with_is_refused(db: PgPool) {
    let visitor = visitor(&db).await;
    let part = prop_oneof!["[tv][01]?=[0-9a-f]{0,70}", "\\PC{0,40}", any::<i64>().prop_map(|t| format!("t={t}"))];
    let signature = vec(part, 0..5).prop_map(|parts| parts.join(","));
    try_all((signature, bytes()).boxed(), async |(signature, body)| {
        let Ok(signature) = HeaderValue::from_bytes(signature.as_bytes()) else { return 400 };
        let status = visitor.send(webhook(body, &signature)).await.status;
        assert!(matches!(status, 400 | 429), "{status}");
        status
    })
    .await;
}

#[sqlx::test]
async fn whatever_a_cookie_holds_is_a_visitor(db: PgPool) {
    let visitor = visitor(&db).await;
    let name = select(vec!["session", "__Host-session", "theme", "flash", "tz", "a"]);
    let pair = (name, bytes()).prop_map(|(name, value)| [name.as_bytes(), b"=", &value].concat());
    let cookies = prop_oneof![vec(pair, 0..4).prop_map(|pairs| pairs.join(&b"; "[..])), bytes()];
    try_all(cookies.boxed(), async |cookies| {
        let Ok(cookies) = HeaderValue::from_bytes(&cookies) else { return 400 };
        let request = Request::get("/account").header("accept", "text/html").header("cookie", cookies);
        let status = visitor.send(request.body(Body::empty()).unwrap()).await.status;
        assert_eq!(status, 302, "to sign in");
        status
    })
    .await;
}

/// Fields as forms and server functions have them, with anything in them.
fn form() -> BoxedStrategy<Vec<u8>> {
    let name = select(vec![
        "name",
        "email",
        "password",
        "next",
        "code",
        "theme",
        "description",
        "status",
        "version",
        "percent",
        "dollars",
        "kind",
        "off",
        "products",
        "every_product",
        "expires_at",
        "max_redemptions",
        "slug",
        "price",
        "image_url",
        "courses",
        "smallest",
        "enabled",
        "country",
        "course",
        "lesson",
        "section",
        "product",
        "coupon",
        "student",
        "purchase",
        "page",
        "search",
        "q",
        "session",
        "days",
        "zone",
        "before",
        "after",
        "state",
        "amount",
        "left",
        "reason",
        "admin",
        "video",
        "text",
        "done",
        "actor",
        "subject",
    ]);
    let id = Just("00000000-0000-4000-8000-000000000000".to_owned());
    let pair = (name, prop_oneof![4 => text(), 1 => id, 1 => any::<i64>().prop_map(|n| n.to_string())]);
    let pairs = vec(pair, 0..12).prop_map(|pairs| {
        let pairs =
            pairs.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        pairs.collect::<Vec<_>>().join("&").into_bytes()
    });
    prop_oneof![5 => pairs, 1 => bytes()].boxed()
}

#[sqlx::test]
async fn whatever_is_posted_is_answered(db: PgPool) {
    let mut browser = visitor(&db).await;
    let admin = fixtures::student(&db, "admin").await;
    crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
    fixtures::product(&db, "light", 60, &[fixtures::course(&db, "Course").await]).await;
    browser.cookie = Some(fixtures::cookie(&db, admin).await);
    let forms = [router::forms(), router::uploads()].into_iter().flatten().map(|(path, _)| path);
    // Signing up makes sessions, and out ends the one that is used here.
    let forms = forms.filter(|path| !path.starts_with("/sign-"));
    let calls = server_fn::axum::server_fn_paths().map(|(path, _)| path);
    let doors: Vec<_> = forms.chain(calls).collect();
    let kind = select(vec!["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=a"]);
    let body = prop_oneof![4 => form(), 1 => value().prop_map(|value| value.to_string().into_bytes())];
    try_all((select(doors), kind, body).boxed(), async |(path, kind, body)| {
        let path = path.replace("{slug}", "light").replace(['{', '}'], "");
        browser.send(Request::post(path).header("content-type", kind).body(Body::from(body)).unwrap()).await.status
    })
    .await;
}

#[sqlx::test]
async fn whatever_a_visitor_types_is_answered(db: PgPool) {
    let visitor = visitor(&db).await;
    try_all((select(vec!["/sign-up", "/sign-in", "/sign-out", "/theme"]), form()).boxed(), async |(path, body)| {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        visitor.send(request.body(Body::from(body)).unwrap()).await.status
    })
    .await;
}
