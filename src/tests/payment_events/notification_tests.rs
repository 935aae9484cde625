//! Who is written what, and that nobody is written it twice.

use super::*;
use crate::tests::fixtures;

impl Shop {
    /// Every mail in the order it was written: to whom, and what it is called.
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
async fn a_buyer_gets_one_receipt_however_often_stripe_tells(db: PgPool) {
    let shop = Shop::open(db).await;
    let attempt = shop.attempt(6000).await;
    for _ in 0..3 {
        shop.tell("checkout.session.completed", paid(attempt, "1", 6000)).await;
    }
    shop.tell("checkout.session.async_payment_succeeded", paid(attempt, "1", 6000)).await;
    assert_eq!(shop.mails().await, ["student: Your receipt for bundle"]);
}

#[sqlx::test]
async fn a_refund_is_told_and_so_is_that_it_failed_to_those_who_heard_of_it(db: PgPool) {
    let (shop, _) = Shop::sold(db).await;
    shop.admin().await;
    // This one never seemed to go through: the buyer need not know.
    shop.tell("refund.created", re("1", "pi_1", 1000, "pending")).await;
    shop.tell("refund.failed", re("1", "pi_1", 1000, "failed")).await;
    for _ in 0..2 {
        shop.tell("refund.created", re("2", "pi_1", 6000, "succeeded")).await;
    }
    shop.tell("charge.refunded", charge_with("pi_1", &[re("2", "pi_1", 6000, "succeeded")])).await;
    for _ in 0..2 {
        shop.tell("refund.failed", re("2", "pi_1", 6000, "failed")).await;
    }
    assert_eq!(
        shop.mails().await,
        [
            "student: Your receipt for bundle",
            "admin: A refund of $10 for bundle failed",
            "student: Your refund for bundle",
            "student: Your refund for bundle did not arrive",
            "admin: A refund of $60 for bundle failed",
        ]
    );
}

#[sqlx::test]
async fn a_dispute_is_told_to_student_and_admin_and_so_is_its_end(db: PgPool) {
    let (shop, _) = Shop::sold(db).await;
    shop.admin().await;
    for status in ["needs_response", "under_review", "won"] {
        shop.tell("charge.dispute.updated", du("pi_1", 6000, status)).await;
    }
    shop.tell("charge.dispute.closed", du("pi_1", 6000, "won")).await;
    assert_eq!(
        shop.mails().await[1..],
        [
            "student: Your payment for bundle is disputed",
            "admin: A payment of $60 for bundle is disputed",
            "student: The dispute about bundle is over",
            "admin: The dispute of $60 for bundle is won",
        ]
    );
}

#[sqlx::test]
async fn a_payment_that_failed_is_told_once_and_one_that_went_through_later_as_well(db: PgPool) {
    let shop = Shop::open(db).await;
    let attempt = shop.attempt(6000).await;
    let failed = session(attempt, "1", 6000, "complete", "unpaid");
    for _ in 0..2 {
        shop.tell("checkout.session.async_payment_failed", failed.clone()).await;
    }
    shop.tell("checkout.session.async_payment_succeeded", paid(attempt, "1", 6000)).await;
    assert_eq!(
        shop.mails().await,
        ["student: Your payment for bundle did not go through", "student: Your receipt for bundle"]
    );
}

#[sqlx::test]
async fn a_second_payment_that_goes_back_is_told(db: PgPool) {
    let (shop, _) = Shop::sold(db).await;
    let second = fixtures::attempt(&shop.db, shop.student, shop.product, 5000).await;
    shop.tell("checkout.session.completed", paid(second, "2", 5000)).await;
    assert_eq!(shop.mails().await.len(), 1, "not before it went");
    shop.tell("refund.created", re("9", "pi_2", 5000, "succeeded")).await;
    assert_eq!(shop.mails().await[1..], ["student: We sent your second payment for bundle back"]);
}

#[sqlx::test]
async fn what_was_not_taken_in_is_not_told(db: PgPool) {
    let shop = Shop::open(db).await;
    let attempt = shop.attempt(6000).await;
    // The last step of the transaction fails: nothing of it stays.
    sqlx::query("create function never() returns trigger language plpgsql as $$ begin raise 'never'; end $$")
        .execute(&shop.db)
        .await
        .unwrap();
    sqlx::query("create constraint trigger never after insert on purchases deferrable initially deferred for each row execute function never()")
        .execute(&shop.db)
        .await
        .unwrap();
    let event = json!({ "id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": 1,
                        "data": { "object": paid(attempt, "1", 6000) } });
    assert_eq!(shop.send(&event.to_string()).await, 500);
    assert!(shop.mails().await.is_empty());
    sqlx::query("drop trigger never on purchases").execute(&shop.db).await.unwrap();
    assert_eq!(shop.send(&event.to_string()).await, 200);
    assert_eq!(shop.mails().await.len(), 1);
}
