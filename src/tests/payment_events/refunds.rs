//! Refunds by an admin, in Stripe's dashboard, and those that fail later.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;
use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    error::Error,
    money::Cents,
    paths,
    payments::{RefundResult, refund_fetching, refund_submission, refunds},
    platform::clock,
    sales::SaleState,
    stripe::states::RefundState,
    tests::{
        fixtures::{self, UNREACHABLE_URL},
        payment_events::{
            Objects, ShopWithEvents, charge_object, charge_object_with, paid_session, refund_object, run_stripe,
        },
    },
};

#[sqlx::test]
async fn a_refund_in_stripes_dashboard_is_stored_once_however_it_is_reported(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let part = refund_object("1", "pi_1", 2000, "succeeded");
    assert_eq!(
        shop.deliver("charge.refunded", charge_object_with("pi_1", std::slice::from_ref(&part))).await,
        "refunded"
    );
    assert_eq!(
        shop.summary(sale).await,
        (SaleState::PartlyRefunded, 2000, 1, 1),
        "a partial refund does not end access"
    );
    assert_eq!(shop.deliver("refund.created", part.clone()).await, "no_change");
    assert_eq!(shop.deliver("charge.refund.updated", part.clone()).await, "no_change");
    assert_eq!(shop.deliver("charge.refunded", charge_object("pi_1", 2000)).await, "no_change");
    let rest = refund_object("2", "pi_1", 4000, "succeeded");
    assert_eq!(shop.deliver("charge.refunded", charge_object_with("pi_1", &[part, rest])).await, "refunded");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
    assert!(shop.timeline(sale).await.contains("Refund of $20 in Stripe's dashboard: completed"));
}

#[sqlx::test]
async fn refunds_missing_from_a_charge_are_fetched(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let parts: Vec<_> = (0..5).map(|n| refund_object(&n.to_string(), "pi_1", 1200, "succeeded")).collect();
    shop.set_objects("refunds", &parts);
    assert_eq!(shop.deliver("charge.refunded", charge_object("pi_1", 6000)).await, "refunds_fetched");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 5, 0));
}

#[sqlx::test]
async fn a_failed_fetch_of_refunds_is_retried(db: PgPool) {
    let shop = ShopWithEvents::open_at(db, Objects::default(), UNREACHABLE_URL).await;
    let sale = shop.sell("1").await;
    assert_eq!(
        shop.deliver_as("evt_hint", "charge.refunded", charge_object("pi_1", 6000)).await,
        "refunds_not_included"
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 0, 1));
    let available = Objects::default();
    available.lock().unwrap().insert("refunds", vec![refund_object("1", "pi_1", 6000, "succeeded")]);
    let state = fixtures::state(&shop.db, &run_stripe(&available).await).await;
    assert_eq!(refund_fetching::fetch_missing_refunds(&state).await.unwrap(), 1);
    assert_eq!(refund_fetching::fetch_missing_refunds(&state).await.unwrap(), 0);
    assert_eq!(shop.outcome("evt_hint").await, "refunds_fetched");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 1, 0));
}

#[sqlx::test]
async fn every_order_of_a_refunds_events_ends_alike(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let events = [("refund.created", "pending"), ("refund.updated", "succeeded"), ("refund.failed", "failed")];
    for (n, order) in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].into_iter().enumerate() {
        let buyer = fixtures::student(&shop.db, &format!("buyer{n}")).await;
        let attempt = fixtures::attempt(&shop.db, buyer, shop.product, 6000).await;
        let (n, intent) = (format!("o{n}"), format!("pi_o{n}"));
        shop.deliver("checkout.session.completed", paid_session(attempt, &n, 6000)).await;
        for place in order {
            let (kind, status) = events[place];
            let id = format!("evt_{n}_{place}");
            for _ in 0..2 {
                shop.deliver_as(&id, kind, refund_object(&n, &intent, 6000, status)).await;
            }
        }
        let row = sqlx::query!(
            r#"select p.refunded_at, p.refunded_in_cents, p.refunding_in_cents,
                      (select count(*) from refunds r where r.purchase_id = p.id) as "refunds!"
                 from purchases p where p.stripe_payment_intent_id = $1"#,
            intent
        )
        .fetch_one(&shop.db)
        .await
        .unwrap();
        let end = (row.refunded_at, row.refunded_in_cents, row.refunding_in_cents, row.refunds);
        assert_eq!(end, (None, 0, 0, 1), "{order:?}");
        assert_eq!(fixtures::access(&shop.db, buyer).await.len(), 1, "{order:?}");
    }
    assert!(fixtures::sales_totals_are_consistent(&shop.db).await);
}

#[sqlx::test]
async fn a_refund_that_fails_days_later_restores_the_purchase(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 6000, "succeeded")).await;
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 1, 0));
    assert_eq!(shop.deliver("refund.failed", refund_object("1", "pi_1", 6000, "failed")).await, "refund_failed");
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 1, 1));
    let words = "The refund of $60 for “bundle” by student@example.com (receipt 1) failed. The buyer's bank did not accept the \
                 refund. The purchase is as it was before the refund.";
    assert_eq!(fixtures::audit(&shop.db).await, [format!("sale.refund_failed: {words}")]);
    assert!(
        shop.timeline(sale)
            .await
            .contains("Refund of $60 in Stripe's dashboard: failed. The buyer's bank did not accept")
    );
    let admin = shop.add_admin().await;
    let activity = shop.browser(admin.id).await.get(paths::ADMIN_ACTIVITY).await.body;
    assert!(activity.contains("The system") && activity.contains("as it was before the refund"));
}

#[sqlx::test]
async fn a_failed_refund_does_not_restore_a_purchase_that_was_replaced(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 6000, "succeeded")).await;
    let second = shop.sell("2").await;
    assert_ne!(sale, second);
    shop.deliver("refund.failed", refund_object("1", "pi_1", 6000, "failed")).await;
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 0, 1, 1));
    assert_eq!(shop.find_sale(second).await.state, SaleState::Paid);
    assert!(
        fixtures::audit(&shop.db).await[0]
            .contains("because the buyer has bought the product again. The buyer is owed this amount")
    );
    assert!(shop.find_sale(sale).await.owes_buyer());
    let admin = shop.add_admin().await;
    let page = shop.browser(admin.id).await.get(&paths::sale(sale)).await.body;
    assert!(
        page.contains("Refund this sale?") && page.contains("The sale gives no access now, so none ends."),
        "{page}"
    );
    // The admin refunds the sale again: the intent is stored even while Stripe cannot be reached.
    let order = refunds::RefundOrder { purchase: sale, amount: Cents(6000), left: Cents(6000), reason: String::new() };
    let unreachable = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    assert_eq!(
        refunds::refund(&unreachable, &admin, &order, clock::now()).await,
        Ok(RefundResult::Queued { amount: Cents(6000) })
    );
    let row =
        shop.find_sale(sale).await.refunds.into_iter().find(|refund| refund.state == RefundState::Pending).unwrap();
    assert_eq!(row.amount, Cents(6000));
}

/// An admin's refund whose response was lost: the webhook arrives before or after the retry.
#[rstest]
#[case::webhook_before_the_retry(true)]
#[case::webhook_after_the_retry(false)]
#[sqlx::test]
// To rstest, `ignore` means that the database is given by sqlx: the test runs.
async fn a_refund_by_an_admin_is_recognized_by_its_metadata(#[ignore] db: PgPool, #[case] webhook_first: bool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let admin = shop.add_admin().await;
    let unreachable = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let order = refunds::RefundOrder { purchase: sale, amount: Cents(6000), left: Cents(6000), reason: String::new() };
    refunds::refund(&unreachable, &admin, &order, clock::now()).await.unwrap();
    let ours = sqlx::query_scalar!("select id from refunds").fetch_one(&shop.db).await.unwrap();
    // Stripe made the refund; only its response was lost.
    let mut made = refund_object("ours", "pi_1", 6000, "succeeded");
    made["metadata"] = json!({ "refund": ours.to_string() });
    shop.set_objects("refunds", std::slice::from_ref(&made));
    if webhook_first {
        assert_eq!(shop.deliver("refund.created", made.clone()).await, "refunded");
    }
    let later = clock::now() + TimeDelta::days(1);
    let sent = refund_submission::submit(&shop.state, ours, later).await;
    assert_eq!(sent, Ok(RefundResult::Succeeded { amount: Cents(6000), purchase_ended: true }));
    assert_eq!(
        shop.deliver("charge.refunded", charge_object_with("pi_1", std::slice::from_ref(&made))).await,
        "no_change"
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 1, 0));
    assert_eq!(shop.find_sale(sale).await.refunds[0].stripe_id.as_deref(), Some("re_ours"));
}

#[sqlx::test]
async fn unknown_refund_metadata_is_ignored(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let mut unknown = refund_object("1", "pi_1", 1000, "succeeded");
    unknown["metadata"] = json!({ "refund": Uuid::new_v4().to_string() });
    shop.deliver("refund.created", unknown).await;
    let mut invalid = refund_object("2", "pi_1", 1000, "succeeded");
    invalid["metadata"] = json!({ "refund": "no id" });
    shop.deliver("refund.created", invalid).await;
    assert_eq!(shop.summary(sale).await, (SaleState::PartlyRefunded, 2000, 2, 1));
}

#[sqlx::test]
async fn a_refund_made_at_stripe_is_not_made_again(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let admin = shop.add_admin().await;
    let unreachable = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let order = refunds::RefundOrder { purchase: sale, amount: Cents(6000), left: Cents(6000), reason: String::new() };
    refunds::refund(&unreachable, &admin, &order, clock::now()).await.unwrap();
    assert_eq!(shop.deliver("refund.created", refund_object("1", "pi_1", 6000, "succeeded")).await, "refunded");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
    let ours = sqlx::query_scalar!("select id from refunds where origin = 'admin'").fetch_one(&shop.db).await.unwrap();
    let rejected = Err(Error::Rejected("The money was refunded in Stripe's dashboard meanwhile.".into()));
    assert_eq!(refund_submission::submit(&shop.state, ours, clock::now()).await, rejected);
}

#[sqlx::test]
async fn a_refund_larger_than_what_is_left_is_rejected_with_the_amount(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let admin = shop.add_admin().await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 1550, "succeeded")).await;
    shop.deliver("refund.created", refund_object("2", "pi_1", 1000, "pending")).await;
    let order = |cents, left| refunds::RefundOrder {
        purchase: sale,
        amount: Cents(cents),
        left: Cents(left),
        reason: String::new(),
    };
    let conflict = Err(Error::Conflict("A refund of $10 is already pending. Finish it first.".into()));
    assert_eq!(refunds::refund(&shop.state, &admin, &order(3500, 3450), clock::now()).await, conflict);
    shop.deliver("refund.updated", refund_object("2", "pi_1", 1000, "succeeded")).await;
    let rejected = refunds::refund(&shop.state, &admin, &order(3500, 3450), clock::now()).await;
    assert_eq!(fixtures::field_errors(rejected), ["amount: At most $34.50 can be refunded."]);
    assert_eq!(shop.summary(sale).await, (SaleState::PartlyRefunded, 2550, 2, 1));
}
