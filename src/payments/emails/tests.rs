use uuid::Uuid;

use super::*;
use crate::{
    mail::render::{Sender, text},
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

fn mail(letter: &EmailBody) -> String {
    let whole = text(letter, Sender { school: "Lectern", url: "https://school.example" });
    format!("{}\n\n{}", letter.subject, whole.split("\n\n-- ").next().unwrap_or_default())
}

#[test]
fn a_receipt_adds_up() {
    insta::assert_snapshot!(mail(&purchased(&sale())), @r"
    Your receipt for Light and colour

    Hello Demo student,

    Thank you. Light and colour is yours, and you can start at once.

    Receipt number: 7
    Date: 5 March 2026
    Product: Light and colour
    Subtotal: $60
    Spring sale: −$12
    Paid: $48 (US dollars)

    Start learning:
    https://school.example/courses

    Look at the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
}

#[test]
fn nothing_to_pay_is_said() {
    let free = SaleFacts { subtotal: Cents::ZERO, paid: Cents::ZERO, discount_name: None, ..sale() };
    insta::assert_snapshot!(mail(&purchased(&free)), @r"
    You are enrolled in Light and colour

    Hello Demo student,

    Light and colour is yours, and there is nothing to pay.

    Receipt number: 7
    Date: 5 March 2026
    Product: Light and colour
    Paid: $0 (US dollars)

    Start learning:
    https://school.example/courses

    Look at the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
}

#[test]
fn a_refund_says_what_becomes_of_access() {
    let part = SaleFacts { refunded: Cents(1000), ..sale() };
    insta::assert_snapshot!(mail(&refunded(&part, Cents(1000))), @r"
    Your refund for Light and colour

    Hello Demo student,

    We sent $10 back to the way you paid. Banks take five to ten days until it shows.

    You keep your access.

    Receipt number: 7
    Paid: $48
    Refunded in all: $10

    Look at the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
    let whole = SaleFacts { refunded: Cents(4800), ended: true, ..sale() };
    let whole = mail(&refunded(&whole, Cents(3800)));
    assert!(
        whole.contains("sent $38 back") && whole.contains("has ended") && whole.contains("Refunded in all: $48"),
        "{whole}"
    );
    let paused = mail(&refunded(&SaleFacts { paused: true, ..sale() }, Cents(100)));
    assert!(paused.contains("paused") && !paused.contains("keep your access"), "{paused}");
}

#[test]
fn a_dispute_is_told_to_both_sides() {
    insta::assert_snapshot!(mail(&disputed(&sale())), @r"
    Your payment for Light and colour is disputed

    Hello Demo student,

    Your bank says that the payment for Light and colour is disputed. Access is paused until it has decided.

    If that was a mistake, tell your bank: once it withdraws the dispute, access comes back by itself.

    Look at the receipt:
    https://school.example/purchases/00000000-0000-0000-0000-000000000000
    ");
    insta::assert_snapshot!(mail(&answer_dispute(&sale(), Cents(4800), "product_not_received")), @r"
    A payment of $48 for Light and colour is disputed

    Demo student (student@example.com) disputes the payment. Access is paused.

    Answer it in Stripe’s dashboard before the day it names there, or the money is lost.

    Reason: product not received

    Look at the sale:
    https://school.example/admin/sales/00000000-0000-0000-0000-000000000000
    ");
    assert!(mail(&dispute_closed(&sale(), true)).contains("your access is back"));
    let lost = SaleFacts { ended: true, refunded: Cents(4800), ..sale() };
    assert!(mail(&dispute_closed(&lost, false)).contains("the purchase has ended"));
    assert!(
        mail(&dispute_decided(&lost, Cents(4800), false))
            .starts_with("The dispute of $48 for Light and colour is lost")
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
    Your payment for Light and colour did not go through

    Hello Demo student,

    Your bank did not pay the $48 for Light and colour. Nothing was charged, and nothing is owed.

    Try again:
    https://school.example/products/light/purchase
    ");
    assert!(mail(&sent_back(&failed)).contains("the second payment of $48"));
    let payment = |reason| UnusablePaymentFacts { attempt: failed.clone(), reason, payment_intent: "pi_1".into() };
    insta::assert_snapshot!(mail(&not_sent_back(&payment(UnusablePaymentReason::Duplicate))), @r"
    A second payment of $48 could not be sent back

    Demo student (student@example.com) paid for Light and colour twice and is still owed $48.

    Send it back in Stripe’s dashboard.

    Payment: pi_1

    Look at other payments:
    https://school.example/admin/sales/other-payments
    ");
    insta::assert_snapshot!(mail(&not_sent_back(&payment(UnusablePaymentReason::AccountDeleted))), @r"
    A payment of $48 for a deleted account could not be sent back

    A buyer deleted their account before their payment for Light and colour arrived. They are still owed $48.

    Send it back in Stripe’s dashboard.

    Payment: pi_1

    Look at other payments:
    https://school.example/admin/sales/other-payments
    ");
}
