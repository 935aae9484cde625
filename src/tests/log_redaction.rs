//! Logs contain no secrets: a run with sign-ups, payments and webhooks at the most verbose level, searched for what it sent.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use axum::{body::Body, extract::Request};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

use crate::{
    boot::router::router,
    platform::config::stripe::{SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET},
    sandbox::server,
    tests::fixtures::{self, Browser},
};

/// Collects log lines.
#[derive(Clone, Default)]
struct LogBuffer(Arc<Mutex<Vec<u8>>>);

impl Write for LogBuffer {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogBuffer {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

const PASSWORD: &str = "correct-horse-battery-staple";
const EMAIL: &str = "ada.lovelace@example.com";
const CARD: &str = "4242424242424242";

#[sqlx::test]
async fn no_password_token_address_or_card_is_in_the_log_of_a_run(db: PgPool) {
    let buffer = LogBuffer::default();
    // The most verbose level that is ever configured, for our code and for its dependencies.
    let filter = tracing_subscriber::EnvFilter::new("debug,lectern=trace");
    let layer = tracing_subscriber::fmt::layer().with_writer(buffer.clone()).with_ansi(false);
    let _logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(filter).with(layer));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stripe = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let sandbox = tokio::spawn(server::serve(listener, fixtures::sandbox_config(&stripe), stop.clone()));
    let course = fixtures::course(&db, "Course").await;
    fixtures::product(&db, "light", 60, &[course]).await;
    let mut browser = Browser { router: router(fixtures::state(&db, &stripe).await), cookie: None };

    let account = format!("name=Ada&email={}&password=", EMAIL.replace('@', "%40"));
    assert_eq!(browser.post("/sign-up", &format!("{account}{PASSWORD}")).await.status, 303);
    assert_eq!(browser.post("/sign-up", &format!("{account}{PASSWORD}")).await.status, 422, "a second time");
    assert_eq!(browser.post("/sign-in", &format!("{account}{PASSWORD}-wrong")).await.status, 422);
    assert_eq!(browser.post("/sign-in", &format!("{account}{PASSWORD}")).await.status, 303);
    assert_eq!(
        browser.get(&format!("/sign-in?email={EMAIL}&password={PASSWORD}")).await.status,
        200,
        "in the query string"
    );
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&db).await.unwrap();
    let cookie = fixtures::cookie(&db, user.into()).await;
    let token = cookie.strip_prefix("session=").unwrap().to_owned();
    browser.cookie = Some(cookie);
    assert_eq!(browser.get("/account").await.status, 200);
    let payment_page = browser.post("/products/light/purchase", "").await.location.unwrap();
    assert!(payment_page.starts_with(&stripe));

    // An event about the payment, with a card, an address and a password, signed with the right and with a wrong secret.
    let session = payment_page.rsplit('/').next().unwrap();
    let event = format!(
        r#"{{"id":"evt_1","type":"checkout.session.completed","created":1,"data":{{"object":{{"id":"{session}","object":"checkout.session",
            "payment_status":"paid","customer_details":{{"email":"{EMAIL}"}},"card":"{CARD}","amount_total":"{PASSWORD}"}}}}}}"#
    );
    let now = crate::platform::clock::now().timestamp();
    for secret in [SANDBOX_WEBHOOK_SECRET, "whsec_other"] {
        let signature = stripe_webhook::Webhook::generate_test_header(&event, secret, Some(now));
        let request = Request::post(crate::paths::STRIPE_WEBHOOK).header("stripe-signature", signature);
        browser.send(request.body(Body::from(event.clone())).unwrap()).await;
    }
    for _ in 0..12 {
        browser.post("/sign-in", &format!("{account}{PASSWORD}-wrong")).await;
    }
    stop.cancel();
    sandbox.await.unwrap().unwrap();

    let log = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("A user signed up") && log.contains("Rejected a webhook"),
        "the log is not of this run:\n{log}"
    );
    for secret in [PASSWORD, EMAIL, "ada.lovelace", CARD, &token, SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET, "$argon2"]
    {
        let found: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{secret} is in the log: {found:#?}");
    }
}
