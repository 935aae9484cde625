//! Snapshots of the mails about payments.

use uuid::Uuid;

use crate::{
    mail::{
        EmailBody,
        render::{Sender, text},
    },
    money::Cents,
    payments::{
        UnusablePaymentReason,
        emails::{
            admin_dispute_closed, admin_disputed, admin_unusable_payment_not_refunded, dispute_closed, disputed,
            duplicate_refunded, payment_failed, purchased, refunded,
        },
        notification_queries::{AttemptFacts, SaleFacts, UnusablePaymentFacts},
    },
    tests::fixtures::utc,
};

fn sale() -> SaleFacts {
    SaleFacts {
        purchase: Uuid::nil().into(),
        user: Uuid::nil().into(),
        buyer: "Demo student".into(),
        email: "student@example.com".into(),
        number: 7,
        product: "Light and colour".into(),
        subtotal: Cents(6000),
        paid: Cents(4800),
        discount_name: Some("Spring sale".into()),
        refunded: Cents::ZERO,
        ended: false,
        paused: false,
        at: utc("2026-03-05T23:30:00Z"),
    }
}

/// The subject and the text of a mail, without its footer.
fn mail(email: &EmailBody) -> String {
    let text = text(email, Sender { school: "Lectern", url: "https://school.example" });
    format!("{}\n\n{}", email.subject, text.split("\n\n-- ").next().unwrap_or_default())
}

#[test]
fn a_receipt_has_the_amounts() {
    insta::assert_snapshot!(mail(&purchased(&sale())), @r"
    Your receipt for Light and colour

    Hello Demo student,

    Thank you for buying Light and colour. You can start now.

    Receipt number: 7
    Date: 5 March 2026
    Product: Light and colour
    Subtotal: $60
    Spring sale: −$12
    Paid: $48 (US dollars)

    Start learning:
    https://school.example/courses

    View the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
}

#[test]
fn a_free_enrolment_says_that_nothing_is_to_pay() {
    let free = SaleFacts { subtotal: Cents::ZERO, paid: Cents::ZERO, discount_name: None, ..sale() };
    insta::assert_snapshot!(mail(&purchased(&free)), @r"
    You are enrolled in Light and colour

    Hello Demo student,

    You are enrolled in Light and colour. There is nothing to pay.

    Receipt number: 7
    Date: 5 March 2026
    Product: Light and colour
    Paid: $0 (US dollars)

    Start learning:
    https://school.example/courses

    View the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
}

#[test]
fn a_refund_says_whether_access_stays() {
    let partial = SaleFacts { refunded: Cents(1000), ..sale() };
    insta::assert_snapshot!(mail(&refunded(&partial, Cents(1000))), @r"
    Your refund for Light and colour

    Hello Demo student,

    We refunded $10 to your payment method. It takes banks five to ten days to show it.

    You keep your access.

    Receipt number: 7
    Paid: $48
    Refunded in total: $10

    View the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
    let full = SaleFacts { refunded: Cents(4800), ended: true, ..sale() };
    let full = mail(&refunded(&full, Cents(3800)));
    assert!(
        full.contains("refunded $38") && full.contains("has ended") && full.contains("Refunded in total: $48"),
        "{full}"
    );
    let paused = mail(&refunded(&SaleFacts { paused: true, ..sale() }, Cents(100)));
    assert!(paused.contains("paused") && !paused.contains("keep your access"), "{paused}");
}

#[test]
fn a_dispute_is_mailed_to_buyer_and_admins() {
    insta::assert_snapshot!(mail(&disputed(&sale())), @r"
    Your payment for Light and colour is disputed

    Hello Demo student,

    Your bank reports that the payment for Light and colour is disputed. Access is paused until it decides.

    If this is a mistake, ask your bank to withdraw the dispute. Access is then restored automatically.

    View the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
    insta::assert_snapshot!(mail(&admin_disputed(&sale(), Cents(4800), "product_not_received")), @r"
    A payment of $48 for Light and colour is disputed

    Demo student (student@example.com) disputes the payment. Access is paused.

    Respond in Stripe’s dashboard before the deadline it shows, or the dispute is lost.

    Reason: product not received

    View the sale:
    https://school.example/admin/sales/00000000-0000-0000-0000-000000000000
    ");
    assert!(mail(&dispute_closed(&sale(), true)).contains("your access is restored"));
    let lost = SaleFacts { ended: true, refunded: Cents(4800), ..sale() };
    assert!(mail(&dispute_closed(&lost, false)).contains("The purchase has ended"));
    assert!(
        mail(&admin_dispute_closed(&lost, Cents(4800), false))
            .starts_with("The dispute of $48 for Light and colour was lost")
    );
}

#[test]
fn a_failed_payment_leads_back_to_the_checkout() {
    let failed = AttemptFacts {
        user: Uuid::nil().into(),
        buyer: "Demo student".into(),
        email: "student@example.com".into(),
        product: "Light and colour".into(),
        slug: "light".into(),
        amount: Cents(4800),
    };
    insta::assert_snapshot!(mail(&payment_failed(&failed)), @r"
    Your payment for Light and colour failed

    Hello Demo student,

    Your bank did not pay the $48 for Light and colour. You were not charged, and you owe nothing.

    Try again:
    https://school.example/products/light/purchase
    ");
    assert!(mail(&duplicate_refunded(&failed)).contains("the second payment of $48"));
    let payment = |reason| UnusablePaymentFacts { attempt: failed.clone(), reason, payment_intent: "pi_1".into() };
    insta::assert_snapshot!(mail(&admin_unusable_payment_not_refunded(&payment(UnusablePaymentReason::Duplicate))), @r"
    A second payment of $48 could not be refunded

    Demo student (student@example.com) paid for Light and colour twice and is still owed $48.

    Refund it in Stripe’s dashboard.

    Payment: pi_1

    View other payments:
    https://school.example/admin/sales/other-payments
    ");
    insta::assert_snapshot!(mail(&admin_unusable_payment_not_refunded(&payment(UnusablePaymentReason::AccountDeleted))), @r"
    A payment of $48 for a deleted account could not be refunded

    A buyer deleted their account before their payment for Light and colour arrived. They are still owed $48.

    Refund it in Stripe’s dashboard.

    Payment: pi_1

    View other payments:
    https://school.example/admin/sales/other-payments
    ");
}
