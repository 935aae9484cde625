//! Signatures, unknown events, and the time to answer.

use axum::{body::Body, extract::Request};
use serde_json::json;
use sqlx::PgPool;

use crate::{
    paths,
    platform::{clock, config::stripe::SANDBOX_WEBHOOK_SECRET},
    sandbox::webhooks::signature,
    tests::{
        fixtures,
        payment_events::{ShopWithEvents, dispute_object, paid_session, send},
    },
};

#[sqlx::test]
async fn a_webhook_without_stripes_signature_changes_nothing(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    let event = json!({ "id": "evt_1", "type": "checkout.session.completed", "created": 1,
                        "data": { "object": paid_session(attempt, "1", 6000) } })
    .to_string();
    let router = &shop.router;
    assert_eq!(send(router, &event, "whsec_of_another_account", 0).await, 400);
    assert_eq!(send(router, &event, SANDBOX_WEBHOOK_SECRET, 301).await, 400, "too old");
    let signed = signature(SANDBOX_WEBHOOK_SECRET, clock::now().timestamp(), &event).unwrap();
    for (header, body) in [(None, event.clone()), (Some(signed), event.replace("6000", "1"))] {
        let mut request = Request::post(paths::STRIPE_WEBHOOK);
        if let Some(header) = header {
            request = request.header("stripe-signature", header);
        }
        let answer = shop.visitor().send(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(answer.status, 400);
    }
    let stored =
        sqlx::query_scalar!(r#"select count(*) as "n!" from stripe_events"#).fetch_one(&shop.db).await.unwrap();
    assert_eq!((stored, shop.access().await), (0, 0));
    assert_eq!(send(router, &event, SANDBOX_WEBHOOK_SECRET, 290).await, 200);
    assert_eq!(shop.access().await, 1);
}

#[sqlx::test]
async fn unknown_and_unreadable_events_are_stored_and_are_no_failure(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    assert_eq!(shop.deliver("customer.created", json!({ "id": "cus_1" })).await, "unhandled_type");
    assert_eq!(shop.deliver("charge.refunded", json!({ "id": "ch_1", "amount_refunded": "much" })).await, "unreadable");
    assert_eq!(
        shop.deliver("charge.dispute.of_tomorrow", dispute_object("pi_9", 5, "of_tomorrow")).await,
        "awaits_related_event"
    );
    // An event of Stripe's API version 2 has neither a time in seconds nor an object.
    let thin = json!({ "id": "evt_thin", "object": "v2.core.event", "type": "v1.billing.meter.no_meter_found",
                       "created": "2026-03-04T05:06:07.000Z", "related_object": null });
    assert_eq!(shop.send(&thin.to_string()).await, 200);
    assert_eq!(shop.outcome("evt_thin").await, "unhandled_type");
    let nul = r#"{ "id": "evt_nul", "type": "customer.updated", "created": 1,
                   "data": { "object": { "id": "cus_1", "na\u0000me": ["a\u0000b"] } } }"#;
    assert_eq!(shop.send(nul).await, 200);
    let stored = sqlx::query_scalar!("select payload #> '{data,object}' from stripe_events where id = 'evt_nul'");
    assert_eq!(
        stored.fetch_one(&shop.db).await.unwrap().unwrap(),
        json!({ "id": "cus_1", "na\u{fffd}me": ["a\u{fffd}b"] })
    );
}

/// The limit is for a debug build on a busy machine; a release build needs less than 20 ms.
#[sqlx::test]
async fn a_webhook_is_answered_within_100_ms(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let mut durations = Vec::new();
    for n in 0..40 {
        let buyer = fixtures::student(&shop.db, &format!("buyer{n}")).await;
        let attempt = fixtures::attempt(&shop.db, buyer, shop.product, 6000).await;
        let event = json!({ "id": format!("evt_{n}"), "type": "checkout.session.completed", "created": 1,
                            "data": { "object": paid_session(attempt, &n.to_string(), 6000) } });
        let began = std::time::Instant::now();
        assert_eq!(shop.send(&event.to_string()).await, 200);
        durations.push(began.elapsed());
    }
    durations.sort();
    println!("A webhook that grants access: median {:?}, maximum {:?}", durations[20], durations[39]);
    assert!(durations[20] < std::time::Duration::from_millis(100), "{durations:?}");
}
