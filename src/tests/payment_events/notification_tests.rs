//! Emails about payment events: who gets which, and that nobody gets one twice.

use serde_json::json;
use sqlx::PgPool;

use crate::tests::{
    fixtures,
    payment_events::{ShopWithEvents, charge_object_with, dispute_object, paid_session, refund_object, session_object},
};

impl ShopWithEvents {
    /// Recipient and subject of every email, oldest first.
    async fn mails(&self) -> Vec<String> {
        sqlx::query_scalar!(
            r#"select split_part(address, '@', 1) || ': ' || (body ->> 'subject') as "mail!" from mails order by id"#
        )
        .fetch_all(&self.db)
        .await
        .unwrap()
    }
}

#[sqlx::test]
async fn a_student_gets_one_receipt_however_often_the_payment_is_reported(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    for _ in 0..3 {
        shop.deliver("checkout.session.completed", paid_session(attempt, "1", 6000)).await;
    }
    shop.deliver("checkout.session.async_payment_succeeded", paid_session(attempt, "1", 6000)).await;
    assert_eq!(shop.mails().await, ["student: Your receipt for bundle"]);
}

#[sqlx::test]
async fn a_refund_and_its_failure_are_mailed_to_those_concerned(db: PgPool) {
    let (shop, _) = ShopWithEvents::with_purchase(db).await;
    shop.add_admin().await;
    // The buyer is not notified of a refund that never succeeded.
    shop.deliver("refund.created", refund_object("1", "pi_1", 1000, "pending")).await;
    shop.deliver("refund.failed", refund_object("1", "pi_1", 1000, "failed")).await;
    for _ in 0..2 {
        shop.deliver("refund.created", refund_object("2", "pi_1", 6000, "succeeded")).await;
    }
    shop.deliver("charge.refunded", charge_object_with("pi_1", &[refund_object("2", "pi_1", 6000, "succeeded")])).await;
    for _ in 0..2 {
        shop.deliver("refund.failed", refund_object("2", "pi_1", 6000, "failed")).await;
    }
    assert_eq!(
        shop.mails().await,
        [
            "student: Your receipt for bundle",
            "admin: A refund of $10 for bundle failed",
            "student: Your refund for bundle",
            "student: Your refund for bundle failed",
            "admin: A refund of $60 for bundle failed",
        ]
    );
}

#[sqlx::test]
async fn a_dispute_and_its_end_are_mailed_to_student_and_admin(db: PgPool) {
    let (shop, _) = ShopWithEvents::with_purchase(db).await;
    shop.add_admin().await;
    for status in ["needs_response", "under_review", "won"] {
        shop.deliver("charge.dispute.updated", dispute_object("pi_1", 6000, status)).await;
    }
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "won")).await;
    assert_eq!(
        shop.mails().await[1..],
        [
            "student: Your payment for bundle is disputed",
            "admin: A payment of $60 for bundle is disputed",
            "student: The dispute about bundle is closed",
            "admin: The dispute of $60 for bundle was won",
        ]
    );
}

#[sqlx::test]
async fn a_failed_payment_is_mailed_once_and_so_is_a_later_success(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    let failed = session_object(attempt, "1", 6000, "complete", "unpaid");
    for _ in 0..2 {
        shop.deliver("checkout.session.async_payment_failed", failed.clone()).await;
    }
    shop.deliver("checkout.session.async_payment_succeeded", paid_session(attempt, "1", 6000)).await;
    assert_eq!(shop.mails().await, ["student: Your payment for bundle failed", "student: Your receipt for bundle"]);
}

#[sqlx::test]
async fn the_refund_of_a_second_payment_is_mailed(db: PgPool) {
    let (shop, _) = ShopWithEvents::with_purchase(db).await;
    let second = fixtures::attempt(&shop.db, shop.student, shop.product, 5000).await;
    shop.deliver("checkout.session.completed", paid_session(second, "2", 5000)).await;
    assert_eq!(shop.mails().await.len(), 1, "no email before the refund succeeds");
    shop.deliver("refund.created", refund_object("9", "pi_2", 5000, "succeeded")).await;
    assert_eq!(shop.mails().await[1..], ["student: We refunded your second payment for bundle"]);
}

#[sqlx::test]
async fn an_event_that_was_rolled_back_sends_no_mail(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    // The last step of the transaction fails, so that everything is rolled back.
    sqlx::query("create function never() returns trigger language plpgsql as $$ begin raise 'never'; end $$")
        .execute(&shop.db)
        .await
        .unwrap();
    sqlx::query("create constraint trigger never after insert on purchases deferrable initially deferred for each row execute function never()")
        .execute(&shop.db)
        .await
        .unwrap();
    let event = json!({ "id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": 1,
                        "data": { "object": paid_session(attempt, "1", 6000) } });
    assert_eq!(shop.send(&event.to_string()).await, 500);
    assert!(shop.mails().await.is_empty());
    sqlx::query("drop trigger never on purchases").execute(&shop.db).await.unwrap();
    assert_eq!(shop.send(&event.to_string()).await, 200);
    assert_eq!(shop.mails().await.len(), 1);
}
