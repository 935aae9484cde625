//! Stripe's events in a large school: one of every kind, and the emails that follow.

use axum::{body::Body, extract::Request};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    id::{AttemptId, UserId},
    mail::outbox,
    paths,
    platform::{clock, config::stripe::SANDBOX_WEBHOOK_SECRET},
    sandbox::webhooks::signature,
    server::state::AppState,
    tests::fixtures::{self, Browser},
};

/// Events about three checkouts of a new product, in an order in which Stripe may deliver them.
pub async fn events(db: &PgPool, buyer: UserId, n: usize) -> Vec<(&'static str, Value)> {
    let product = fixtures::product(db, &format!("sold-{n}"), 60, &[]).await;
    let (paid, late, failed) = (
        fixtures::attempt(db, buyer, product, 6000).await,
        fixtures::attempt(db, buyer, product, 5000).await,
        fixtures::attempt(db, buyer, product, 4000).await,
    );
    let session = |attempt: AttemptId, cents: i64, payment: &str| {
        json!({ "id": format!("cs_{attempt}"), "object": "checkout.session", "client_reference_id": attempt.to_string(),
                "status": "complete", "payment_status": payment, "amount_total": cents, "currency": "usd",
                "payment_intent": format!("pi_{attempt}"), "created": 1 })
    };
    let refund = |cents: i64, status: &str| {
        json!({ "id": format!("re_{paid}_{cents}"), "object": "refund", "amount": cents, "currency": "usd", "status": status,
                "payment_intent": format!("pi_{paid}"), "charge": "ch_1", "created": 1, "metadata": {} })
    };
    let dispute = |status: &str| {
        json!({ "id": format!("du_{paid}"), "object": "dispute", "amount": 6000, "status": status, "reason": "fraudulent",
                "payment_intent": format!("pi_{paid}"), "charge": "ch_1", "created": 1 })
    };
    let mut expired = session(failed, 4000, "unpaid");
    expired["status"] = json!("expired");
    vec![
        ("checkout.session.completed", session(paid, 6000, "paid")),
        ("checkout.session.completed", session(late, 5000, "paid")),
        ("checkout.session.async_payment_failed", session(failed, 4000, "unpaid")),
        ("checkout.session.expired", expired),
        ("refund.created", refund(1000, "succeeded")),
        ("refund.failed", refund(1000, "failed")),
        ("charge.dispute.created", dispute("needs_response")),
        ("charge.dispute.closed", dispute("won")),
        ("refund.created", refund(6000, "succeeded")),
    ]
}

/// Delivers an event with Stripe's signature.
pub async fn deliver(browser: &Browser, kind: &str, object: &Value) {
    let event = json!({ "id": format!("evt_{}", uuid::Uuid::new_v4()), "object": "event", "type": kind,
                        "created": clock::now().timestamp(), "data": { "object": object }, "livemode": false });
    let payload = event.to_string();
    let signed = signature(SANDBOX_WEBHOOK_SECRET, clock::now().timestamp(), &payload).unwrap();
    let request = Request::post(paths::STRIPE_WEBHOOK).header("stripe-signature", signed).body(Body::from(payload));
    assert_eq!(browser.send(request.unwrap()).await.status, 200, "{kind}");
}

/// Sends the next email and cleans up the outbox, as the job does.
pub async fn send_email(state: &AppState) {
    assert!(outbox::send_next(state).await.unwrap(), "an email is due");
    outbox::clean_up(&state.db, clock::now()).await.unwrap();
}
