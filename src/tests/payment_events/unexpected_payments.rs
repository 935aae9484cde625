//! Payments that are late, delayed, repeated or do not match their checkout.

use sqlx::PgPool;

use crate::{
    paths,
    sales::SaleState,
    tests::{
        fixtures,
        payment_events::{ShopWithEvents, paid_session, refund_object, session_object},
    },
};

#[sqlx::test]
async fn late_payments_and_private_products_are_honoured_and_noted(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    assert_eq!(
        shop.deliver("checkout.session.expired", session_object(attempt, "1", 6000, "expired", "unpaid")).await,
        "checkout_expired"
    );
    sqlx::query!("update products set status = 'private'").execute(&shop.db).await.unwrap();
    assert_eq!(shop.deliver("checkout.session.completed", paid_session(attempt, "1", 6000)).await, "access_granted");
    let sale = sqlx::query_scalar!("select id from purchases").fetch_one(&shop.db).await.unwrap().into();
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 0, 1));
    let timeline = shop.timeline(sale).await;
    assert!(timeline.contains("The payment arrived after the checkout had expired. It was accepted."), "{timeline}");
    assert!(timeline.contains("The product was private when the payment arrived. It was accepted."), "{timeline}");
}

#[sqlx::test]
async fn a_delayed_payment_that_fails_may_still_come(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    let unpaid = session_object(attempt, "1", 6000, "complete", "unpaid");
    assert_eq!(shop.deliver("checkout.session.completed", unpaid.clone()).await, "payment_pending");
    assert_eq!(shop.deliver("checkout.session.completed", unpaid.clone()).await, "no_change");
    assert_eq!(shop.deliver("checkout.session.async_payment_failed", unpaid.clone()).await, "payment_failed");
    assert_eq!(shop.deliver("checkout.session.expired", unpaid).await, "no_change");
    assert_eq!(
        shop.deliver("checkout.session.async_payment_succeeded", paid_session(attempt, "1", 6000)).await,
        "access_granted"
    );
    let sale = sqlx::query_scalar!("select id from purchases").fetch_one(&shop.db).await.unwrap().into();
    assert!(shop.timeline(sale).await.contains("after the checkout had failed. It was accepted."));
}

#[sqlx::test]
async fn a_second_payment_is_shown_with_the_sale_and_among_unmatched_payments(db: PgPool) {
    let (shop, sale) = ShopWithEvents::with_purchase(db).await;
    let admin = shop.add_admin().await;
    let (browser, student) = (shop.browser(admin.id).await, shop.browser(shop.student).await);
    let path = paths::ADMIN_PAYMENTS;
    assert!(browser.get(path).await.body.contains("No other payments"));
    let second = shop.attempt(5000).await;
    assert_eq!(shop.deliver("checkout.session.completed", paid_session(second, "2", 5000)).await, "duplicate_payment");
    // The fake Stripe accepts no refunds. While the refund is pending, it is made in the dashboard.
    let returned = refund_object("2", "pi_2", 5000, "succeeded");
    sqlx::query!("alter table refunds disable trigger user").execute(&shop.db).await.unwrap();
    sqlx::query!("update refunds set state = 'pending', failure = ''").execute(&shop.db).await.unwrap();
    sqlx::query!("alter table refunds enable trigger user").execute(&shop.db).await.unwrap();
    assert!(
        shop.timeline(sale)
            .await
            .contains("A second payment of $50 for the same product was received. Its refund is pending.")
    );
    assert_eq!(shop.deliver("refund.created", returned.clone()).await, "refunded");
    assert_eq!(shop.deliver("refund.updated", returned).await, "no_change");
    assert!(
        shop.timeline(sale)
            .await
            .contains("A second payment of $50 for the same product was received. It was refunded automatically.")
    );
    assert_eq!(shop.summary(sale).await, (SaleState::Paid, 0, 0, 1));
    let page = browser.get(path).await.body;
    assert!(
        page.contains("student@example.com")
            && page.contains("$50")
            && page.contains("completed")
            && page.contains("pi_2")
    );
    shop.deliver("refund.failed", refund_object("2", "pi_2", 5000, "failed")).await;
    assert!(
        fixtures::audit(&shop.db)
            .await
            .iter()
            .any(|line| line.contains("A second payment of $50 could not be refunded."))
    );
    assert!(
        browser.get(path).await.body.contains("The buyer&#x27;s bank did not take")
            || browser.get(path).await.body.contains("The buyer's bank did not accept")
    );
    // A payment that does not match its checkout is listed, too.
    let third = shop.attempt(4000).await;
    assert_eq!(shop.deliver("checkout.session.completed", paid_session(third, "3", 1)).await, "mismatch");
    let page = browser.get(path).await.body;
    assert!(page.contains("Mismatched payments") && page.contains("cs_3"));
    assert_eq!((student.get(path).await.status, shop.visitor().get(path).await.status), (404, 302));
    assert_eq!(student.call::<crate::sales::api::GetUnmatchedPayments>("page=1").await.status, 403);
    assert_eq!(shop.visitor().call::<crate::sales::api::GetUnmatchedPayments>("page=1").await.status, 401);
}
