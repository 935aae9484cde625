//! Fuzz tests: random requests are answered, and never with a server error. Those of a school with accounts at Clerk are in
//! `fuzz::clerk`.
//!
//! Webhooks (signed and not), session cookies, forms and server functions get what [`proptest`] generates: bytes, texts, JSON, and
//! requests that are nearly right. `LECTERN_CASES` is the number of each; a run that fails prints its seed, and `LECTERN_SEED`
//! generates the same again.

use std::cell::Cell;

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
    error::Error,
    id::UserId,
    paths,
    platform::config::stripe::SANDBOX_WEBHOOK_SECRET,
    tests::fixtures::{self, Answer, Browser},
};

#[expect(clippy::disallowed_methods, reason = "a setting of this test alone")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// A random generator with its seed.
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

/// Generates requests and sends each. `send` returns the status, which must not be a server error; [`status`] makes an exception of the
/// one 503 that is expected.
pub async fn try_all<T: std::fmt::Debug + Clone>(of: BoxedStrategy<T>, send: impl AsyncFn(T) -> u16) {
    let mut rng = SeededRng::new();
    for case in 0..setting("LECTERN_CASES").unwrap_or(250) {
        let sent = rng.make(&of);
        let status = send(sent.clone()).await;
        assert!(status < 500, "{status} in case {case} of seed {}: {sent:?}", rng.seed);
    }
}

/// The status of an answer; 424 (failed dependency) for a 503 that names the payment service, which cannot be reached here. A 503 for any
/// other reason, such as a connection pool that is exhausted, stays one.
fn status(answer: &Answer) -> u16 {
    let names_payments = || {
        let of_call = serde_json::to_string(&Error::PaymentProviderDown).unwrap();
        answer.body == of_call || answer.body.contains(&Error::PaymentProviderDown.to_string())
    };
    if answer.status == 503 && names_payments() { 424 } else { answer.status }
}

pub fn bytes() -> BoxedStrategy<Vec<u8>> {
    prop_oneof![vec(any::<u8>(), 0..2000), "\\PC{0,300}".prop_map(String::into_bytes)].boxed()
}

/// Texts that a user might type, and some that no user would.
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

/// An event that resembles one of Stripe's: of a type that the webhook reads, with some of its fields.
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

/// Stripe cannot be reached in these tests, and is the only dependency that cannot.
async fn visitor(db: &PgPool) -> Browser {
    fixtures::browser(db, None).await
}

#[sqlx::test]
async fn any_webhook_signed_with_stripes_secret_is_answered(db: PgPool) {
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
async fn a_webhook_with_a_random_signature_is_rejected(db: PgPool) {
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
async fn a_random_cookie_makes_a_visitor(db: PgPool) {
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

/// Forms with the field names of pages and server functions, and any values. `ids` are those of existing rows.
fn form(ids: &[String]) -> BoxedStrategy<Vec<u8>> {
    let name = select(vec![
        "name",
        "email",
        "password",
        "current_password",
        "new_password",
        "next",
        "code",
        "theme",
        "description",
        "seen_name",
        "seen_description",
        "status",
        "version",
        "percent",
        "dollars",
        "kind",
        "off",
        "products",
        "every_product",
        "expires",
        "expires_at",
        "max_redemptions",
        "max_per_student",
        "active",
        "slug",
        "price",
        "image_url",
        "courses",
        "minimum_price",
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
    let no_row = "00000000-0000-4000-8000-000000000000".to_owned();
    let id = select(ids.iter().cloned().chain([no_row]).collect::<Vec<_>>());
    let value = prop_oneof![4 => text(), 1 => id, 1 => any::<i64>().prop_map(|n| n.to_string())];
    let action = select(vec!["rename", "end", "end_others", "confirm"]).prop_map(str::to_owned);
    let pair = prop_oneof![20 => (name, value), 1 => (Just("do"), action)];
    let pairs = vec(pair, 0..12).prop_map(|pairs| {
        let pairs =
            pairs.iter().map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC)));
        pairs.collect::<Vec<_>>().join("&").into_bytes()
    });
    prop_oneof![5 => pairs, 1 => bytes()].boxed()
}

/// Resets the rate limits, because past its limit a form is rejected before it is read.
async fn reset_rate_limits(db: &PgPool) {
    sqlx::query("truncate rate_limits").execute(db).await.unwrap();
}

/// The rows that addresses name, by the router's parameters.
async fn rows(db: &PgPool, student: UserId) -> Vec<(&'static str, String)> {
    let course = fixtures::course(db, "Course").await;
    let product = fixtures::product(db, "light", 60, &[course]).await;
    let coupon: uuid::Uuid = sqlx::query_scalar(
        "insert into coupons (code, name, percent, every_product) values ('SPRING', 'Spring', 20, true) returning id",
    )
    .fetch_one(db)
    .await
    .unwrap();
    let mail: i64 = sqlx::query_scalar(
        r#"insert into mails (user_id, address, kind, body) values ($1, 'student@example.com', 'purchased',
           '{"subject": "Your receipt", "lines": [], "facts": [], "links": []}') returning id"#,
    )
    .bind(student.uuid())
    .fetch_one(db)
    .await
    .unwrap();
    vec![
        ("{course}", course.to_string()),
        ("{product}", product.to_string()),
        ("{slug}", "light".to_owned()),
        ("{coupon}", coupon.to_string()),
        ("{mail}", mail.to_string()),
    ]
}

/// Rows that a form may name. They differ from those in addresses, so that a form that deletes one invalidates no address.
async fn ids(db: &PgPool, student: UserId) -> Vec<String> {
    let course = fixtures::course(db, "Other").await;
    let lessons = fixtures::section(db, course, 0, "public", &[("Lesson", "public")]).await;
    let section: uuid::Uuid = sqlx::query_scalar("select section_id from lessons where id = $1")
        .bind(lessons[0].uuid())
        .fetch_one(db)
        .await
        .unwrap();
    let product = fixtures::product(db, "sound", 40, &[course]).await;
    let purchase = fixtures::purchase(db, student, product).await;
    vec![
        course.to_string(),
        lessons[0].to_string(),
        section.to_string(),
        product.to_string(),
        student.to_string(),
        purchase.to_string(),
    ]
}

#[sqlx::test]
async fn any_form_that_an_admin_posts_is_answered(db: PgPool) {
    let mut browser = visitor(&db).await;
    let (student, admin) = (fixtures::student(&db, "student").await, fixtures::admin(&db, "admin").await.id);
    let (rows, ids) = (rows(&db, student).await, ids(&db, student).await);
    browser.cookie = Some(fixtures::cookie(&db, admin).await);
    let forms = [router::forms(), router::accounts(), router::uploads()].into_iter().flatten().map(|(path, _)| path);
    // Signing up and in start other sessions, and signing out ends the one that is used here.
    let forms: Vec<_> =
        forms.filter(|path| ![paths::SIGN_UP, paths::SIGN_IN, paths::SIGN_OUT].contains(path)).collect();
    let filled = |path: &str| rows.iter().fold(path.to_owned(), |path, (name, id)| path.replace(name, id));
    let is_of_row = |path: &str| path.starts_with("/admin/") && path.contains('{');
    let edit_forms: Vec<_> = forms.iter().filter(|path| is_of_row(path)).map(|path| filled(path)).collect();
    assert_eq!(edit_forms.len(), 4, "courses, products, coupons and mails: {edit_forms:?}");
    // The requests go to each address in turn.
    let calls = server_fn::axum::server_fn_paths().map(|(path, _)| path.to_owned());
    let addresses: Vec<_> = forms.iter().map(|path| filled(path)).chain(calls).collect();
    assert!(addresses.iter().all(|path| !path.contains('{')), "{addresses:?}");
    let turn = Cell::new(0);
    let kind = select(vec!["application/x-www-form-urlencoded", "application/json", "multipart/form-data; boundary=a"]);
    let body = prop_oneof![4 => form(&ids), 1 => value().prop_map(|value| value.to_string().into_bytes())];
    let expect_rows = async |when: &str| {
        for path in &edit_forms {
            let answer = browser.post(path, "").await;
            assert!(matches!(answer.status, 409 | 422), "{} at {path}, {when}: its row is not found", answer.status);
        }
        assert_eq!(browser.get(paths::ADMIN).await.status, 200, "{when}: an admin is signed in");
    };
    expect_rows("before").await;
    try_all((kind, body).boxed(), async |(kind, body)| {
        let path = &addresses[turn.replace(turn.get() + 1) % addresses.len()];
        reset_rate_limits(&db).await;
        let request = Request::post(path).header("content-type", kind).body(Body::from(body)).unwrap();
        let answer = browser.send(request).await;
        assert!(answer.status < 500 || status(&answer) == 424, "{} at {path}: {:.200}", answer.status, answer.body);
        status(&answer)
    })
    .await;
    expect_rows("after").await;
}

#[sqlx::test]
async fn any_form_that_a_visitor_posts_is_answered(db: PgPool) {
    let visitor = visitor(&db).await;
    let forms = [paths::SIGN_UP, paths::SIGN_IN, paths::SIGN_OUT, paths::THEME].into_iter();
    let forms: Vec<_> = forms.chain(router::accounts().into_iter().map(|(path, _)| path)).collect();
    try_all((select(forms), form(&[])).boxed(), async |(path, body)| {
        reset_rate_limits(&db).await;
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        visitor.send(request.body(Body::from(body)).unwrap()).await.status
    })
    .await;
}
