//! Tests with the client library that Lectern uses, over a socket: it must deserialize every object.

use anyhow::Context;
use stripe::{Client, ClientBuilder, IdempotencyKey, RequestStrategy, StripeError, StripeRequest};
use stripe_checkout::{
    CheckoutSession, CheckoutSessionMode, CheckoutSessionPaymentStatus,
    checkout_session::{
        CreateCheckoutSession, CreateCheckoutSessionLineItems, CreateCheckoutSessionLineItemsPriceData,
        ExpireCheckoutSession, ListCheckoutSession, ProductData, RetrieveCheckoutSession,
    },
};
use stripe_core::refund::{CreateRefund, ListRefund};
use stripe_webhook::{EventObject, Webhook};
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::sandbox::{clock::now, config::SandboxConfig, server::serve, webhooks};

/// A running sandbox, and the receiver of its events.
struct Running {
    client: Client,
    url: String,
    events: tokio::sync::mpsc::UnboundedReceiver<(String, String)>,
    _stop: DropGuard,
}

async fn sandbox() -> anyhow::Result<Running> {
    let (listener, receiver) = (TcpListener::bind("127.0.0.1:0").await?, TcpListener::bind("127.0.0.1:0").await?);
    let url = format!("http://{}", listener.local_addr()?);
    let config = SandboxConfig {
        public_url: url.clone(),
        webhook_url: format!("http://{}/", receiver.local_addr()?),
        webhook_secret: "whsec_test".to_owned(),
        secret_key: "sk_test_sandbox".to_owned(),
        state_file: None,
    };
    let (sender, events) = tokio::sync::mpsc::unbounded_channel();
    let app = axum::Router::new().route(
        "/",
        axum::routing::post(async move |headers: axum::http::HeaderMap, body: String| {
            let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
            _ = sender.send((signature.to_owned(), body));
        }),
    );
    tokio::spawn(async move { axum::serve(receiver, app).await });
    let stop = CancellationToken::new();
    tokio::spawn(serve(listener, config, stop.clone()));
    let client = ClientBuilder::new("sk_test_sandbox").url(format!("{url}/")).build()?;
    Ok(Running { client, url, events, _stop: stop.drop_guard() })
}

fn order() -> anyhow::Result<CreateCheckoutSession> {
    let price = CreateCheckoutSessionLineItemsPriceData {
        currency: "usd".parse()?,
        product: None,
        product_data: Some(ProductData { description: Some("Twelve hours".to_owned()), ..ProductData::new("Rust") }),
        recurring: None,
        tax_behavior: None,
        unit_amount: Some(6000),
        unit_amount_decimal: None,
    };
    let item = CreateCheckoutSessionLineItems {
        price_data: Some(price),
        quantity: Some(1),
        ..CreateCheckoutSessionLineItems::new()
    };
    Ok(CreateCheckoutSession::new()
        .mode(CheckoutSessionMode::Payment)
        .line_items(vec![item])
        .client_reference_id("attempt-1")
        .customer_email("student@example.com")
        .success_url("http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}")
        .cancel_url("http://127.0.0.1:3000/no"))
}

async fn open(running: &Running, key: &str) -> anyhow::Result<CheckoutSession> {
    let strategy = RequestStrategy::Idempotent(IdempotencyKey::new(key)?);
    Ok(order()?.customize().request_strategy(strategy).send(&running.client).await?)
}

#[tokio::test]
async fn the_client_pays_refunds_and_reads_every_event() -> anyhow::Result<()> {
    let mut running = sandbox().await?;
    let session = open(&running, "one").await?;
    assert_eq!(open(&running, "one").await?.id, session.id);
    assert_eq!(session.amount_total, Some(6000));

    let page = format!("{}/pay/{}/pay", running.url, session.id);
    let presser = webhooks::client()?;
    assert_eq!(presser.post(page).send().await?.status(), 303);

    let expand = ["payment_intent.latest_charge".to_owned(), "line_items".to_owned()];
    let paid = RetrieveCheckoutSession::new(session.id.clone()).expand(expand).send(&running.client).await?;
    assert_eq!(paid.payment_status, CheckoutSessionPaymentStatus::Paid);
    assert_eq!(paid.line_items.as_ref().map(|items| items.data.len()), Some(1));
    let intent =
        paid.payment_intent.context("a paid session has an intent")?.into_object().context("it was expanded")?;
    let charge =
        intent.latest_charge.context("a paid intent has a charge")?.into_object().context("it was expanded")?;
    assert!(charge.paid);
    let card = charge.payment_method_details.and_then(|details| details.card);
    assert_eq!(card.and_then(|card| card.country).as_deref(), Some("US"));

    let refund = CreateRefund::new().payment_intent(intent.id.as_str()).amount(2000).send(&running.client).await?;
    assert_eq!(refund.amount, 2000);
    let refunds = ListRefund::new().payment_intent(intent.id.as_str()).send(&running.client).await?;
    assert_eq!(refunds.data.len(), 1);
    let sessions = ListCheckoutSession::new().limit(5).send(&running.client).await?;
    assert_eq!((sessions.data.len(), sessions.has_more), (1, false));

    let mut kinds = Vec::new();
    for _ in 0..5 {
        let arrived = tokio::time::timeout(std::time::Duration::from_secs(10), running.events.recv()).await?;
        let (signature, body) = arrived.context("the receiver runs")?;
        let event = Webhook::construct_event(&body, &signature, "whsec_test")?;
        assert!(!matches!(event.data.object, EventObject::Unknown(_)), "the client knows the event {}", event.type_);
        kinds.push(event.type_.to_string());
    }
    kinds.sort_unstable();
    assert_eq!(
        kinds,
        [
            "charge.refunded",
            "charge.succeeded",
            "checkout.session.completed",
            "payment_intent.succeeded",
            "refund.created"
        ]
    );
    Ok(())
}

#[tokio::test]
async fn the_client_reads_errors() -> anyhow::Result<()> {
    let running = sandbox().await?;
    let session = open(&running, "one").await?;
    let expired = ExpireCheckoutSession::new(session.id.clone()).send(&running.client).await?;
    assert_eq!(expired.url, None);
    let again = ExpireCheckoutSession::new(session.id).send(&running.client).await.err();
    assert!(matches!(again, Some(StripeError::Stripe(_, 400))), "{again:?}");
    let missing = RetrieveCheckoutSession::new("cs_test_none").send(&running.client).await.err();
    assert!(matches!(missing, Some(StripeError::Stripe(_, 404))), "{missing:?}");
    let unauthorized = ClientBuilder::new("sk_test_else").url(format!("{}/", running.url)).build()?;
    let rejected = ListCheckoutSession::new().send(&unauthorized).await.err();
    assert!(matches!(rejected, Some(StripeError::Stripe(_, 401))), "{rejected:?}");
    Ok(())
}

#[test]
fn the_client_accepts_our_signature_and_no_altered_body() -> anyhow::Result<()> {
    let signature = webhooks::signature("whsec_test", now(), "{}")?;
    let changed = Webhook::construct_event("{ }", &signature, "whsec_test").err();
    assert!(matches!(changed, Some(stripe_webhook::WebhookError::BadSignature)), "{changed:?}");
    Ok(())
}
