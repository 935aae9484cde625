//! Events in any order and concurrently: the result is the same.

use std::sync::Arc;

use futures::future::join_all;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    payments::{reconcile, refund_fetching},
    platform::clock,
    sales::SaleState,
    tests::{
        fixtures,
        payment_events::{
            ShopWithEvents, charge_object, charge_object_with, dispute_object, paid_session, refund_object,
        },
    },
};

#[sqlx::test]
async fn events_before_their_purchase_are_deferred(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let early = "awaits_related_event";
    assert_eq!(shop.deliver_as("evt_r", "refund.created", refund_object("1", "pi_1", 2000, "succeeded")).await, early);
    assert_eq!(
        shop.deliver_as("evt_d", "charge.dispute.created", dispute_object("pi_1", 4000, "needs_response")).await,
        early
    );
    let sale = shop.sell("1").await;
    assert_eq!(
        (shop.outcome("evt_r").await, shop.outcome("evt_d").await),
        ("refunded".into(), "dispute_opened".into())
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Disputed, 2000, 1, 0));
}

/// Stripe never refunds more than was paid: a refund that seems to exceed it arrived before the failure of another one.
#[sqlx::test]
async fn a_full_refund_waits_for_the_failure_of_a_partial_one(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let sale = shop.sell("1").await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 2000, "succeeded")).await;
    let early = "awaits_related_event";
    assert_eq!(shop.deliver_as("evt_2", "refund.created", refund_object("2", "pi_1", 6000, "succeeded")).await, early);
    assert_eq!(shop.summary(sale).await, (SaleState::PartlyRefunded, 2000, 1, 1));
    shop.deliver("refund.failed", refund_object("1", "pi_1", 2000, "failed")).await;
    assert_eq!(shop.outcome("evt_2").await, "refunded");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
}

/// As above, without events.
#[sqlx::test]
async fn reconciling_finds_a_full_refund_after_a_failed_partial_one(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let sale = shop.sell("1").await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 2000, "succeeded")).await;
    shop.set_objects(
        "refunds",
        &[refund_object("1", "pi_1", 2000, "failed"), refund_object("2", "pi_1", 6000, "succeeded")],
    );
    let found = reconcile::reconcile(&shop.state, None, clock::now()).await.unwrap();
    assert_eq!(found.done.len(), 2, "{found}");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
    assert!(reconcile::reconcile(&shop.state, None, clock::now()).await.unwrap().done.is_empty());
}

#[sqlx::test]
async fn refunds_of_a_charge_before_its_purchase_are_fetched_afterwards(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    shop.set_objects("refunds", &[refund_object("1", "pi_1", 6000, "succeeded")]);
    assert_eq!(shop.deliver_as("evt_c", "charge.refunded", charge_object("pi_1", 6000)).await, "awaits_related_event");
    let sale = shop.sell("1").await;
    assert_eq!(shop.outcome("evt_c").await, "refunds_not_included");
    refund_fetching::fetch_missing_refunds(&shop.state).await.unwrap();
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 1, 0));
}

/// A purchase, its refund and its dispute, each event delivered five times concurrently.
#[sqlx::test]
async fn concurrent_events_end_like_sequential_ones(db: PgPool) {
    let shop = Arc::new(ShopWithEvents::open(db).await);
    for round in 0..6 {
        let buyer = fixtures::student(&shop.db, &format!("at-once-{round}")).await;
        let attempt = fixtures::attempt(&shop.db, buyer, shop.product, 6000).await;
        let (n, intent) = (format!("r{round}"), format!("pi_r{round}"));
        let mut lost = dispute_object(&intent, 6000, "lost");
        lost["id"] = json!(format!("du_r{round}"));
        let mut open = lost.clone();
        open["status"] = json!("needs_response");
        let events = [
            ("refund.created", refund_object(&n, &intent, 2000, "succeeded")),
            ("checkout.session.completed", paid_session(attempt, &n, 6000)),
            ("charge.dispute.created", open),
            ("charge.dispute.closed", lost),
            ("charge.refunded", charge_object_with(&intent, &[refund_object(&n, &intent, 2000, "succeeded")])),
        ];
        let deliveries = (0..5).flat_map(|_| events.clone()).map(|(kind, object)| {
            let shop = shop.clone();
            tokio::spawn(async move { shop.deliver(kind, object).await })
        });
        for outcome in join_all(deliveries.collect::<Vec<_>>()).await {
            outcome.unwrap();
        }
        let row = sqlx::query!(
            r#"select refunded_at is not null as "ended!", paused_at, refunded_in_cents,
                      (select count(*) from refunds r where r.purchase_id = p.id) as "refunds!",
                      (select count(*) from disputes d where d.purchase_id = p.id) as "disputes!"
                 from purchases p where stripe_payment_intent_id = $1"#,
            intent
        )
        .fetch_all(&shop.db)
        .await
        .unwrap();
        assert_eq!(row.len(), 1);
        let end = (row[0].ended, row[0].paused_at, row[0].refunded_in_cents, row[0].refunds, row[0].disputes);
        assert_eq!(end, (true, None, 6000, 2, 1), "$20 by refund, $40 by chargeback");
        assert_eq!(fixtures::access(&shop.db, buyer).await.len(), 0);
    }
    assert!(fixtures::sales_totals_are_consistent(&shop.db).await);
}
