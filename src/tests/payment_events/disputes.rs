//! Disputes: access is paused, and ends or returns with the decision.

use rstest::rstest;
use sqlx::PgPool;

use crate::{
    error::Error,
    money::Cents,
    paths,
    payments::{RefundOrigin, refunds},
    platform::clock,
    sales::SaleState,
    stripe::states::RefundState,
    tests::{
        fixtures,
        payment_events::{ShopWithEvents, dispute_object, refund_object},
    },
};

#[sqlx::test]
async fn a_dispute_pauses_access_and_winning_it_restores_access(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    assert_eq!(
        shop.deliver("charge.dispute.created", dispute_object("pi_1", 6000, "needs_response")).await,
        "dispute_opened"
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Disputed, 0, 0, 0));
    assert_eq!(
        shop.deliver("charge.dispute.funds_withdrawn", dispute_object("pi_1", 6000, "needs_response")).await,
        "no_change"
    );
    assert_eq!(shop.deliver("charge.dispute.updated", dispute_object("pi_1", 6000, "under_review")).await, "no_change");
    assert_eq!(shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "won")).await, "dispute_won");
    assert_eq!(
        shop.deliver("charge.dispute.created", dispute_object("pi_1", 6000, "needs_response")).await,
        "no_change"
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 0, 1));
    let timeline = shop.timeline(sale).await;
    assert!(
        timeline.contains("Disputed $60: access paused") && timeline.contains("was won. Access is restored."),
        "{timeline}"
    );
}

#[rstest]
#[case("won", SaleState::Paid, 0, 1)]
#[case("warning_closed", SaleState::Paid, 0, 1)]
#[case("prevented", SaleState::Paid, 0, 1)]
#[case("lost", SaleState::Refunded, 6000, 0)]
#[sqlx::test]
async fn a_closed_dispute_decides_even_when_it_arrives_first(
    #[ignore] db: PgPool,
    #[case] status: &str,
    #[case] state: SaleState,
    #[case] refunded: i64,
    #[case] access: usize,
) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, status)).await;
    shop.deliver("charge.dispute.created", dispute_object("pi_1", 6000, "needs_response")).await;
    let summary = shop.summary(sale).await;
    assert_eq!((summary.0, summary.1, summary.3), (state, refunded, access));
}

#[sqlx::test]
async fn a_lost_dispute_that_is_reinstated_restores_the_purchase(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "lost")).await;
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 1, 0));
    let admin = shop.add_admin().await;
    let order = refunds::RefundOrder { purchase: sale, amount: Cents(6000), left: Cents::ZERO, reason: String::new() };
    let ended = Err(Error::Conflict("This purchase is already refunded.".into()));
    assert_eq!(refunds::refund(&shop.state, &admin, &order, clock::now()).await, ended);
    assert!(shop.timeline(sale).await.contains("Chargeback of $60: withdrawn by the bank"));
    assert_eq!(
        shop.deliver("charge.dispute.funds_reinstated", dispute_object("pi_1", 6000, "won")).await,
        "dispute_won"
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 1, 1));
    let chargeback = shop.find_sale(sale).await.refunds.remove(0);
    assert_eq!((chargeback.state, chargeback.failure.as_str()), (RefundState::Reversed, ""));
    assert!(shop.timeline(sale).await.contains("Chargeback of $60: reversed"));
    let page = shop.browser(admin.id).await.get(&paths::sale(sale)).await.body;
    let (_, page) = page.split_once("<main").unwrap();
    assert!(page.contains("Chargeback of $60: reversed") && !page.contains("failed"), "{page}");
}

#[sqlx::test]
async fn a_lost_dispute_withdraws_no_more_than_is_left(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("refund.created", refund_object("1", "pi_1", 2000, "succeeded")).await;
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "lost")).await;
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
}

#[sqlx::test]
async fn a_chargeback_that_was_refunded_separately_is_reversed(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "lost")).await;
    assert_eq!(shop.deliver("refund.created", refund_object("1", "pi_1", 6000, "succeeded")).await, "refunded");
    assert_eq!(shop.summary(sale).await, (SaleState::Refunded, 6000, 2, 0));
    let states: Vec<_> =
        shop.find_sale(sale).await.refunds.into_iter().map(|refund| (refund.origin, refund.state)).collect();
    assert!(states.contains(&(RefundOrigin::Dispute, RefundState::Reversed)), "{states:?}");
    assert!(states.contains(&(RefundOrigin::Stripe, RefundState::Succeeded)), "{states:?}");
}

#[sqlx::test]
async fn student_and_admin_see_a_dispute(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    shop.deliver("charge.dispute.created", dispute_object("pi_1", 6000, "needs_response")).await;
    let student = shop.browser(shop.student).await;
    let sentence = "is disputed at your bank. ";
    for path in [paths::receipt(sale), paths::COURSES.to_owned()] {
        let page = student.get(&path).await;
        assert!(page.status == 200 && page.body.contains(sentence), "{path}: {}", page.body);
    }
    assert!(student.get(paths::PURCHASES).await.body.contains("Disputed"));
    let admin = shop.add_admin().await;
    let admin = shop.browser(admin.id).await;
    let overview = admin.get(paths::ADMIN).await.body;
    assert!(overview.contains("1 sale is disputed.") && overview.contains("/admin/sales?state=disputed"));
    assert!(admin.get("/admin/sales?state=disputed").await.body.contains("student@example.com"));
    assert!(!admin.get("/admin/sales?state=paid").await.body.contains("student@example.com"));
    let page = admin.get(&paths::sale(sale)).await.body;
    assert!(page.contains("The buyer disputes $60 at their bank (product not received). Access is paused"), "{page}");
    assert!(
        fixtures::audit(&shop.db)
            .await
            .iter()
            .any(|line| line.contains("sale.dispute: The buyer disputes $60 of “bundle”"))
    );
    shop.deliver("charge.dispute.closed", dispute_object("pi_1", 6000, "lost")).await;
    let receipt = student.get(&paths::receipt(sale)).await.body;
    assert!(
        receipt.contains("Your bank returned this payment to you after a dispute") && receipt.contains("Chargeback")
    );
    assert!(!admin.get(paths::ADMIN).await.body.contains("disputed."));
}
