//! The log of a run, looked through for what must not be in it.

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
    platform::config::{SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET},
    sandbox::{config::SandboxConfig, server},
    tests::fixtures::{self, Browser},
};

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Paper {
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
    let paper = Paper::default();
    // As much as a server ever says: what it does itself, and what its parts do.
    let filter = tracing_subscriber::EnvFilter::new("debug,lectern=trace");
    let layer = tracing_subscriber::fmt::layer().with_writer(paper.clone()).with_ansi(false);
    let _logging = tracing::subscriber::set_default(tracing_subscriber::registry().with(filter).with(layer));

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let stripe = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let config = SandboxConfig {
        public_url: stripe.clone(),
        webhook_url: crate::tests::authorization::UNREACHABLE_URL.into(),
        webhook_secret: SANDBOX_WEBHOOK_SECRET.into(),
        secret_key: SANDBOX_SECRET_KEY.into(),
        state_file: None,
    };
    let sandbox = tokio::spawn(server::serve(listener, config, stop.clone()));
    let course = fixtures::course(&db, "Course").await;
    fixtures::product(&db, "light", 60, &[course]).await;
    let mut browser = Browser { router: router(fixtures::state(&db, &stripe).await), cookie: None };

    let people = format!("name=Ada&email={}&password=", EMAIL.replace('@', "%40"));
    assert_eq!(browser.post("/sign-up", &format!("{people}{PASSWORD}")).await.status, 303);
    assert_eq!(browser.post("/sign-up", &format!("{people}{PASSWORD}")).await.status, 422, "twice");
    assert_eq!(browser.post("/sign-in", &format!("{people}{PASSWORD}-wrong")).await.status, 422);
    assert_eq!(browser.post("/sign-in", &format!("{people}{PASSWORD}")).await.status, 303);
    assert_eq!(browser.get(&format!("/sign-in?email={EMAIL}&password={PASSWORD}")).await.status, 200, "in an address");
    let user = sqlx::query_scalar::<_, uuid::Uuid>("select id from users").fetch_one(&db).await.unwrap();
    let cookie = fixtures::cookie(&db, user.into()).await;
    let token = cookie.strip_prefix("session=").unwrap().to_owned();
    browser.cookie = Some(cookie);
    assert_eq!(browser.get("/account").await.status, 200);
    let pays = browser.post("/products/light/purchase", "").await.location.unwrap();
    assert!(pays.starts_with(&stripe));

    // What Stripe tells of a payment: a card, an address, and a secret that a signature is made with.
    let session = pays.rsplit('/').next().unwrap();
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
        browser.post("/sign-in", &format!("{people}{PASSWORD}-wrong")).await;
    }
    stop.cancel();
    sandbox.await.unwrap().unwrap();

    let log = String::from_utf8(paper.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("Somebody signed up") && log.contains("Refused a webhook"),
        "it is the log of this run:\n{log}"
    );
    for secret in [PASSWORD, EMAIL, "ada.lovelace", CARD, &token, SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET, "$argon2"]
    {
        let found: Vec<_> = log.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "{secret} is in the log: {found:#?}");
    }
}
