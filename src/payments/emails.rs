//! The texts of mails about payments. A mail describes the state at the time when it was enqueued.

use crate::{
    mail::EmailBody,
    money::Cents,
    paths,
    payments::{
        UnusablePaymentReason,
        notification_queries::{AttemptFacts, SaleFacts, UnusablePaymentFacts},
    },
    ui::utc_day,
};

fn greeting(email: EmailBody, name: &str) -> EmailBody {
    email.line(format!("Hello {name},"))
}

fn receipt_link(email: EmailBody, sale: &SaleFacts) -> EmailBody {
    email.link("View the receipt", paths::receipt(sale.purchase))
}

/// To the buyer: the receipt of a purchase, or of a free enrolment.
pub fn purchased(sale: &SaleFacts) -> EmailBody {
    let SaleFacts { product, paid, subtotal, .. } = sale;
    let email = if paid.is_zero() {
        greeting(EmailBody::new(format!("You are enrolled in {product}")), &sale.buyer)
            .line(format!("You are enrolled in {product}. There is nothing to pay."))
    } else {
        greeting(EmailBody::new(format!("Your receipt for {product}")), &sale.buyer)
            .line(format!("Thank you for buying {product}. You can start now."))
    };
    let mut email =
        email.fact("Receipt number", sale.number.to_string()).fact("Date", utc_day(sale.at)).fact("Product", product);
    let discount = *subtotal - *paid;
    if !discount.is_zero() {
        let name = sale.discount_name.as_deref().unwrap_or("Discount");
        email = email.fact("Subtotal", subtotal.to_string()).fact(name, (Cents::ZERO - discount).to_string());
    }
    let email = email.fact("Paid", format!("{paid} (US dollars)"));
    receipt_link(email.link("Start learning", paths::COURSES), sale)
}

/// To the buyer: a refund was made.
pub fn refunded(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let email = greeting(EmailBody::new(format!("Your refund for {product}")), &sale.buyer)
        .line(format!("We refunded {amount} to your payment method. It takes banks five to ten days to show it."));
    let email = if sale.ended {
        email.line(
            "The purchase has ended, and with it the access it gave. You keep courses that you have in another way, and your progress \
             is saved.",
        )
    } else if sale.paused {
        email.line("Access is paused while the payment is disputed.")
    } else {
        email.line("You keep your access.")
    };
    let email = email
        .fact("Receipt number", sale.number.to_string())
        .fact("Paid", sale.paid.to_string())
        .fact("Refunded in total", sale.refunded.to_string());
    receipt_link(email, sale)
}

/// To the buyer: a payment for a product that they own already was refunded.
pub fn duplicate_refunded(payment: &AttemptFacts) -> EmailBody {
    let AttemptFacts { product, amount, .. } = payment;
    greeting(EmailBody::new(format!("We refunded your second payment for {product}")), &payment.buyer)
        .line(format!(
            "You paid for {product} twice. You own it already, so we refunded the second payment of {amount} to your payment method. \
             You do not need to do anything."
        ))
        .link("Your courses", paths::COURSES)
}

/// To the buyer: a refund that was made has failed.
pub fn refund_returned(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let email = greeting(EmailBody::new(format!("Your refund for {product} failed")), &sale.buyer).line(format!(
        "Your bank did not accept the refund of {amount}. We have been notified and will refund you in another way."
    ));
    let email = if sale.ended { email } else { email.line("Until then the purchase is as it was before the refund.") };
    receipt_link(email, sale)
}

/// To admins: a refund of a purchase failed.
pub fn admin_refund_failed(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, buyer, email: address, .. } = sale;
    let email = EmailBody::new(format!("A refund of {amount} for {product} failed"));
    let email = if sale.ended {
        email.line(format!("{buyer} ({address}) is still owed {amount}, although the purchase has ended."))
    } else {
        email.line(format!("The refund for {buyer} ({address}) failed. The purchase is as it was before."))
    };
    email
        .line("The page of the sale has the reason. Refund again there, or in Stripe’s dashboard.")
        .link("View the sale", paths::sale(sale.purchase))
}

/// To admins: an unusable payment could not be refunded.
pub fn admin_unusable_payment_not_refunded(payment: &UnusablePaymentFacts) -> EmailBody {
    let UnusablePaymentFacts { attempt, reason, payment_intent } = payment;
    let AttemptFacts { buyer, email: address, product, amount, .. } = attempt;
    let line = match reason {
        UnusablePaymentReason::Duplicate => {
            format!("{buyer} ({address}) paid for {product} twice and is still owed {amount}.")
        }
        UnusablePaymentReason::AccountDeleted => format!(
            "A buyer deleted their account before their payment for {product} arrived. They are still owed {amount}."
        ),
    };
    EmailBody::new(format!("{} could not be refunded", reason.describe(*amount)))
        .line(line)
        .line("Refund it in Stripe’s dashboard.")
        .fact("Payment", payment_intent)
        .link("View other payments", paths::ADMIN_PAYMENTS)
}

/// To the buyer: a dispute was opened, and access is paused.
pub fn disputed(sale: &SaleFacts) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let email = greeting(EmailBody::new(format!("Your payment for {product} is disputed")), &sale.buyer)
        .line(format!(
            "Your bank reports that the payment for {product} is disputed. Access is paused until it decides."
        ))
        .line("If this is a mistake, ask your bank to withdraw the dispute. Access is then restored automatically.");
    receipt_link(email, sale)
}

/// To admins: a dispute was opened and needs a response.
pub fn admin_disputed(sale: &SaleFacts, amount: Cents, reason: &str) -> EmailBody {
    let SaleFacts { product, buyer, email: address, .. } = sale;
    EmailBody::new(format!("A payment of {amount} for {product} is disputed"))
        .line(format!("{buyer} ({address}) disputes the payment. Access is paused."))
        .line("Respond in Stripe’s dashboard before the deadline it shows, or the dispute is lost.")
        .fact("Reason", reason.replace('_', " "))
        .link("View the sale", paths::sale(sale.purchase))
}

/// To the buyer: the bank decided a dispute.
pub fn dispute_closed(sale: &SaleFacts, won: bool) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let email = greeting(EmailBody::new(format!("The dispute about {product} is closed")), &sale.buyer);
    let email = match (won, sale.ended) {
        (true, false) if sale.paused => {
            email.line("It was decided in our favour. Access stays paused while another dispute is open.")
        }
        (true, false) => email.line("It was decided in our favour, and your access is restored."),
        (true, true) => email.line("It was decided in our favour. The purchase had ended before."),
        (false, _) => email.line(
            "Your bank returned the payment to you. The purchase has ended, and with it the access it gave. Your progress is saved.",
        ),
    };
    receipt_link(email, sale)
}

/// To admins: the bank decided a dispute.
pub fn admin_dispute_closed(sale: &SaleFacts, amount: Cents, won: bool) -> EmailBody {
    let SaleFacts { product, buyer, email: address, .. } = sale;
    let (outcome, line) = if won {
        ("won", format!("You keep the payment of {buyer} ({address})."))
    } else {
        ("lost", format!("The bank returned the payment to {buyer} ({address}), and the purchase has ended."))
    };
    EmailBody::new(format!("The dispute of {amount} for {product} was {outcome}"))
        .line(line)
        .link("View the sale", paths::sale(sale.purchase))
}

/// To the buyer: the bank declined a delayed payment.
pub fn payment_failed(failed: &AttemptFacts) -> EmailBody {
    let AttemptFacts { product, amount, .. } = failed;
    greeting(EmailBody::new(format!("Your payment for {product} failed")), &failed.buyer)
        .line(format!("Your bank did not pay the {amount} for {product}. You were not charged, and you owe nothing."))
        .link("Try again", paths::purchase(&failed.slug))
}
