//! The payment page: where a buyer ends up, and what its buttons do. No script, only forms.

use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::sandbox::{
    api::checkout_sessions::is_email,
    error::{ApiError, Result},
    model::checkout_session::{Customer, Session, Status},
    model::test_card::Card,
    money,
    pages::layout::{Page, failed, go_to},
    store::{Data, Sandbox, now},
};

/// What the buyer may fill in.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Details {
    email: String,
    country: String,
    card: Card,
}

/// A button of the payment page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    Pay,
    Decline,
    Later,
    Cancel,
}

/// `GET /pay/:id`.
pub async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.tick(now());
    match sandbox.data().sessions.get(&id, "session") {
        Ok(session) => page(session, None).into_response(),
        Err(error) => failed(&error),
    }
}

/// `GET /pay/:id/:button`: whoever comes back to where a button led, by reloading or from the history, gets the page itself.
pub async fn back(Path((id, _)): Path<(String, Button)>) -> Redirect {
    Redirect::to(&format!("/pay/{id}"))
}

/// `POST /pay/:id/:button`. Whoever comes second to a session that is over is shown what it came to.
pub async fn press(
    State(sandbox): State<Sandbox>,
    Path((id, button)): Path<(String, Button)>,
    details: std::result::Result<Form<Details>, FormRejection>,
) -> Response {
    // A press without a form is one with every field left empty.
    let details = details.map(|Form(details)| details).unwrap_or_default();
    let now = now();
    let pressed = sandbox.change(now, |data| match data.sessions.get(&id, "session") {
        Ok(session) if session.status != Status::Open => Ok(page(session, None).into_response()),
        Ok(_) => act(data, &id, button, details, now),
        Err(error) => Err(error),
    });
    match (pressed, sandbox.stored().await) {
        (Ok(response), Ok(())) => response,
        (Err(error), _) | (_, Err(error)) => failed(&error),
    }
}

fn act(data: &mut Data, id: &str, button: Button, details: Details, now: i64) -> Result<Response> {
    let session = data.sessions.get(id, "session")?;
    if button == Button::Cancel {
        let address = session.cancel_url.clone();
        return address
            .map(|address| go_to(&address))
            .ok_or_else(|| ApiError::invalid("This session has no cancel_url."));
    }
    let customer = match details.parse(session) {
        Ok(customer) => customer,
        Err(sentence) => {
            return Ok(
                Page { status: StatusCode::UNPROCESSABLE_ENTITY, ..page(session, Some(sentence)) }.into_response()
            );
        }
    };
    match button {
        Button::Decline => {
            data.decline(id, customer, now)?;
            let page = page(data.sessions.get(id, "session")?, Some("Your card was declined."));
            return Ok(Page { status: StatusCode::PAYMENT_REQUIRED, ..page }.into_response());
        }
        Button::Later => data.pay_later(id, customer, now)?,
        Button::Pay | Button::Cancel => data.pay(id, customer, now)?,
    }
    Ok(go_to(&data.sessions.get(id, "session")?.return_address()))
}

impl Details {
    /// The buyer, or a sentence about what is wrong. What is left empty is filled in.
    fn parse(self, session: &Session) -> std::result::Result<Customer, &'static str> {
        let mut customer = Customer { card: self.card, ..Customer::default() };
        if let Some(email) = &session.customer_email {
            customer.email.clone_from(email);
        } else if !self.email.trim().is_empty() {
            self.email.trim().clone_into(&mut customer.email);
        }
        let country = self.country.trim().to_ascii_uppercase();
        if !country.is_empty() {
            customer.country = country;
        }
        match (
            is_email(&customer.email),
            customer.country.len() == 2 && customer.country.bytes().all(|b| b.is_ascii_uppercase()),
        ) {
            (false, _) => Err("Write an email address such as buyer@example.com."),
            (_, false) => Err("Write the card’s country as two letters, such as US."),
            _ => Ok(customer),
        }
    }
}

impl Session {
    /// Where the buyer goes after paying: <https://docs.stripe.com/payments/checkout/custom-success-page>.
    pub fn return_address(&self) -> String {
        self.success_url.replace("{CHECKOUT_SESSION_ID}", &self.id)
    }
}

fn page(session: &Session, alert: Option<&str>) -> Page {
    let content = html! {
        h1 { "Sandbox checkout" }
        p.note { "This is a sandbox: no card is asked for and no money moves." }
        @if let Some(alert) = alert { p.alert role="alert" { (alert) } }
        section.card aria-label="Your order" { (bill(session)) }
        @match session.status {
            Status::Open => (buttons(session)),
            Status::Complete => {
                p role="status" { strong { "This payment is complete." } " There is nothing left to do here." }
                p { a href=(session.return_address()) { "Back to the shop" } }
            }
            Status::Expired => {
                p role="status" { strong { "This payment page has expired." } " Start again from the shop; nothing was paid." }
                @if let Some(address) = &session.cancel_url { p { a href=(address) { "Back to the shop" } } }
            }
        }
    };
    let leads_to = [Some(session.return_address()), session.cancel_url.clone()].into_iter().flatten().collect();
    let title = if alert.is_some() { "Not paid: Sandbox checkout" } else { "Sandbox checkout" };
    Page { leads_to, ..Page::new(title, content) }
}

fn bill(session: &Session) -> Markup {
    html! {
        ul.bill {
            @for item in &session.items {
                li {
                    span {
                        (item.description)
                        @if item.quantity > 1 { " × " (item.quantity) }
                    }
                    span.money { (money(item.amount, &item.currency)) }
                }
            }
        }
        p.total { span { "Total" } span.money { (money(session.amount, &session.currency)) } }
    }
}

fn buttons(session: &Session) -> Markup {
    let to = |button: &str| format!("/pay/{}/{button}", session.id);
    html! {
        form method="post" action=(to("pay")) {
            @if let Some(email) = &session.customer_email {
                p { "Receipt to " strong { (email) } }
            } @else {
                div.field {
                    label for="email" { "Email" }
                    input id="email" name="email" type="email" autocomplete="email" aria-describedby="email-hint";
                    span.quiet id="email-hint" { "Left empty, it is buyer@example.com." }
                }
            }
            div.field {
                label for="country" { "Card’s country" }
                input id="country" name="country" value="US" minlength="2" maxlength="2" pattern="[A-Za-z]{2}"
                    autocomplete="off" aria-describedby="country-hint";
                span.quiet id="country-hint" { "Two letters, such as US or IN." }
            }
            div.field {
                label for="card" { "Card" }
                select id="card" name="card" {
                    @for card in Card::ALL { option value=(card.word()) { "…" (card.last4()) ": " (card.says()) } }
                }
            }
            div.stack {
                button.main { "Pay" }
                @if session.amount > 0 {
                    button formaction=(to("later")) { "Pay later" }
                    button.danger formaction=(to("decline")) { "Decline" }
                }
                @if session.cancel_url.is_some() {
                    button formaction=(to("cancel")) formnovalidate { "Cancel" }
                }
            }
        }
        @if session.amount > 0 {
            p.quiet { "Pay later completes the order unpaid, as a bank debit does; settle it or let it fail on the " a href="/" { "sandbox’s own page" } "." }
        }
    }
}
