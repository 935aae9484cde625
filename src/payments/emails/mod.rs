//! The letters about money, word for word. They say what was true when they were written.

#[cfg(test)]
mod tests;

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

fn hello(letter: EmailBody, name: &str) -> EmailBody {
    letter.line(format!("Hello {name},"))
}

fn receipt(letter: EmailBody, sale: &SaleFacts) -> EmailBody {
    letter.link("Look at the receipt", paths::receipt(sale.purchase))
}

/// Bought, or enrolled for free.
pub fn purchased(sale: &SaleFacts) -> EmailBody {
    let SaleFacts { product, paid, subtotal, .. } = sale;
    let letter = if paid.is_zero() {
        hello(EmailBody::new(format!("You are enrolled in {product}")), &sale.buyer)
            .line(format!("{product} is yours, and there is nothing to pay."))
    } else {
        hello(EmailBody::new(format!("Your receipt for {product}")), &sale.buyer)
            .line(format!("Thank you. {product} is yours, and you can start at once."))
    };
    let mut letter =
        letter.fact("Receipt number", sale.number.to_string()).fact("Date", utc_day(sale.at)).fact("Product", product);
    let discount = *subtotal - *paid;
    if !discount.is_zero() {
        let name = sale.discount_name.as_deref().unwrap_or("Discount");
        letter = letter.fact("Subtotal", subtotal.to_string()).fact(name, (Cents::ZERO - discount).to_string());
    }
    let letter = letter.fact("Paid", format!("{paid} (US dollars)"));
    receipt(letter.link("Start learning", paths::COURSES), sale)
}

/// Money went back.
pub fn refunded(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let letter = hello(EmailBody::new(format!("Your refund for {product}")), &sale.buyer)
        .line(format!("We sent {amount} back to the way you paid. Banks take five to ten days until it shows."));
    let letter = if sale.ended {
        letter.line(
            "With that the purchase has ended, and so has the access it gave. Courses that you have in another way stay with \
             you, and your progress is kept.",
        )
    } else if sale.paused {
        letter.line("Access is paused while the payment is disputed.")
    } else {
        letter.line("You keep your access.")
    };
    let letter = letter
        .fact("Receipt number", sale.number.to_string())
        .fact("Paid", sale.paid.to_string())
        .fact("Refunded in all", sale.refunded.to_string());
    receipt(letter, sale)
}

/// A payment for something owned went back.
pub fn sent_back(back: &AttemptFacts) -> EmailBody {
    let AttemptFacts { product, amount, .. } = back;
    hello(EmailBody::new(format!("We sent your second payment for {product} back")), &back.buyer)
        .line(format!(
            "You paid for {product} twice. It was yours already, so we sent the second payment of {amount} back to the way you paid. \
             There is nothing for you to do."
        ))
        .link("Your courses", paths::COURSES)
}

/// Money that seemed to go back did not.
pub fn not_refunded(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let letter = hello(EmailBody::new(format!("Your refund for {product} did not arrive")), &sale.buyer)
        .line(format!("Your bank did not take the refund of {amount}. We know about it and look for another way."));
    let letter =
        if sale.ended { letter } else { letter.line("Until then the purchase is as it was before the refund.") };
    receipt(letter, sale)
}

/// For admins: money did not go back.
pub fn refund_failed(sale: &SaleFacts, amount: Cents) -> EmailBody {
    let SaleFacts { product, buyer, email, .. } = sale;
    let letter = EmailBody::new(format!("A refund of {amount} for {product} failed"));
    let letter = if sale.ended {
        letter.line(format!("{buyer} ({email}) is still owed {amount}: the purchase has ended all the same."))
    } else {
        letter.line(format!("The refund for {buyer} ({email}) did not go through. The purchase is as it was before."))
    };
    letter
        .line("The sale says why. You can refund again there, or in Stripe’s dashboard.")
        .link("Look at the sale", paths::sale(sale.purchase))
}

/// For admins: an unusable payment could not be refunded.
pub fn not_sent_back(payment: &UnusablePaymentFacts) -> EmailBody {
    let UnusablePaymentFacts { attempt, reason, payment_intent } = payment;
    let AttemptFacts { buyer, email, product, amount, .. } = attempt;
    let line = match reason {
        UnusablePaymentReason::Duplicate => {
            format!("{buyer} ({email}) paid for {product} twice and is still owed {amount}.")
        }
        UnusablePaymentReason::AccountDeleted => format!(
            "A buyer deleted their account before their payment for {product} arrived. They are still owed {amount}."
        ),
    };
    EmailBody::new(format!("{} could not be sent back", reason.describe(*amount)))
        .line(line)
        .line("Send it back in Stripe’s dashboard.")
        .fact("Payment", payment_intent)
        .link("Look at other payments", paths::ADMIN_PAYMENTS)
}

/// Access pauses.
pub fn disputed(sale: &SaleFacts) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let letter = hello(EmailBody::new(format!("Your payment for {product} is disputed")), &sale.buyer)
        .line(format!(
            "Your bank says that the payment for {product} is disputed. Access is paused until it has decided."
        ))
        .line("If that was a mistake, tell your bank: once it withdraws the dispute, access comes back by itself.");
    receipt(letter, sale)
}

/// For admins: a dispute wants an answer.
pub fn answer_dispute(sale: &SaleFacts, amount: Cents, reason: &str) -> EmailBody {
    let SaleFacts { product, buyer, email, .. } = sale;
    EmailBody::new(format!("A payment of {amount} for {product} is disputed"))
        .line(format!("{buyer} ({email}) disputes the payment. Access is paused."))
        .line("Answer it in Stripe’s dashboard before the day it names there, or the money is lost.")
        .fact("Reason", reason.replace('_', " "))
        .link("Look at the sale", paths::sale(sale.purchase))
}

/// The bank decided.
pub fn dispute_closed(sale: &SaleFacts, won: bool) -> EmailBody {
    let SaleFacts { product, .. } = sale;
    let letter = hello(EmailBody::new(format!("The dispute about {product} is over")), &sale.buyer);
    let letter = match (won, sale.ended) {
        (true, false) if sale.paused => letter.line("It ended in our favour. Access stays paused while another dispute is open."),
        (true, false) => letter.line("It ended in our favour, and your access is back."),
        (true, true) => letter.line("It ended in our favour. The purchase had ended before."),
        (false, _) => letter.line(
            "Your bank gave you the money back. With that the purchase has ended, and so has the access it gave. Your progress is \
             kept.",
        ),
    };
    receipt(letter, sale)
}

/// For admins: the bank decided.
pub fn dispute_decided(sale: &SaleFacts, amount: Cents, won: bool) -> EmailBody {
    let SaleFacts { product, buyer, email, .. } = sale;
    let (outcome, words) = if won {
        ("won", format!("The money of {buyer} ({email}) stays."))
    } else {
        ("lost", format!("The bank took the money back for {buyer} ({email}), and the purchase has ended."))
    };
    EmailBody::new(format!("The dispute of {amount} for {product} is {outcome}"))
        .line(words)
        .link("Look at the sale", paths::sale(sale.purchase))
}

/// The bank said no to a delayed payment.
pub fn payment_failed(failed: &AttemptFacts) -> EmailBody {
    let AttemptFacts { product, amount, .. } = failed;
    hello(EmailBody::new(format!("Your payment for {product} did not go through")), &failed.buyer)
        .line(format!("Your bank did not pay the {amount} for {product}. Nothing was charged, and nothing is owed."))
        .link("Try again", paths::purchase(&failed.slug))
}
