//! The hosted payment page, where a buyer pays, declines or cancels. It has forms and no script.

use axum::{
    Form,
    extract::{Path, State, rejection::FormRejection},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};
use serde::Deserialize;

use crate::sandbox::{
    clock::now,
    data::Data,
    error::{ApiError, Result},
    model::{
        checkout_session::{CheckoutSession, SessionStatus},
        customer_details::{CustomerDetails, is_email},
        test_card::TestCard,
    },
    money::format_amount,
    pages::layout::{Page, error_page, redirect},
    store::Sandbox,
};

/// The fields of the form.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PaymentForm {
    email: String,
    country: String,
    card: TestCard,
}

/// A button of the form, named as in the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Button {
    Pay,
    Decline,
    #[serde(rename = "later")]
    PayLater,
    Cancel,
}

/// `GET /pay/:id`: the page.
pub async fn show(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Response {
    sandbox.tick(now());
    match sandbox.data().sessions.get(&id, "session") {
        Ok(session) => page(session, None).into_response(),
        Err(error) => error_page(&error),
    }
}

/// `GET /pay/:id/:button`: redirects to the page, for a buyer who reloads the response of a button.
pub async fn redirect_to_page(Path((id, _)): Path<(String, Button)>) -> Redirect {
    Redirect::to(&format!("/pay/{id}"))
}

/// `POST /pay/:id/:button`: performs the button's action. A session that is no longer open shows its status instead.
pub async fn submit(
    State(sandbox): State<Sandbox>,
    Path((id, button)): Path<(String, Button)>,
    form: std::result::Result<Form<PaymentForm>, FormRejection>,
) -> Response {
    // A request without a form counts as one whose fields are all empty.
    let form = form.map(|Form(form)| form).unwrap_or_default();
    let now = now();
    let result = sandbox.change(now, |data| match data.sessions.get(&id, "session") {
        Ok(session) if session.status != SessionStatus::Open => Ok(page(session, None).into_response()),
        Ok(_) => perform(data, &id, button, form, now),
        Err(error) => Err(error),
    });
    match (result, sandbox.wait_until_stored().await) {
        (Ok(response), Ok(())) => response,
        (Err(error), _) | (_, Err(error)) => error_page(&error),
    }
}

fn perform(data: &mut Data, id: &str, button: Button, form: PaymentForm, now: i64) -> Result<Response> {
    let session = data.sessions.get(id, "session")?;
    if button == Button::Cancel {
        return session
            .cancel_url
            .as_deref()
            .map(redirect)
            .ok_or_else(|| ApiError::invalid("This session has no cancel_url."));
    }
    let customer = match form.parse(session) {
        Ok(customer) => customer,
        Err(message) => {
            return Ok(
                Page { status: StatusCode::UNPROCESSABLE_ENTITY, ..page(session, Some(message)) }.into_response()
            );
        }
    };
    match button {
        Button::Decline => {
            data.decline(id, customer, now)?;
            let page = page(data.sessions.get(id, "session")?, Some("Your card was declined."));
            return Ok(Page { status: StatusCode::PAYMENT_REQUIRED, ..page }.into_response());
        }
        Button::PayLater => data.pay_later(id, customer, now)?,
        Button::Pay | Button::Cancel => data.pay(id, customer, now)?,
    }
    Ok(redirect(&data.sessions.get(id, "session")?.return_url()))
}

impl PaymentForm {
    /// Parses the fields into the buyer's details, or returns the message of the first error. Empty fields have a default.
    fn parse(self, session: &CheckoutSession) -> std::result::Result<CustomerDetails, &'static str> {
        let mut customer = CustomerDetails { card: self.card, ..CustomerDetails::default() };
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
            (false, _) => Err("Enter an email address such as buyer@example.com."),
            (_, false) => Err("Enter the card’s country as two letters, such as US."),
            _ => Ok(customer),
        }
    }
}

fn page(session: &CheckoutSession, alert: Option<&str>) -> Page {
    let content = html! {
        h1 { "Sandbox checkout" }
        p.note { "This is a test page: you need no card, and no money moves." }
        @if let Some(alert) = alert { p.alert role="alert" { (alert) } }
        section.card aria-label="Your order" { (order(session)) }
        @match session.status {
            SessionStatus::Open => (payment_form(session)),
            SessionStatus::Complete => {
                p role="status" { strong { "This payment is complete." } " You can return to the shop." }
                p { a href=(session.return_url()) { "Back to the shop" } }
            }
            SessionStatus::Expired => {
                p role="status" { strong { "This payment page has expired." } " You were not charged. Start again in the shop." }
                @if let Some(url) = &session.cancel_url { p { a href=(url) { "Back to the shop" } } }
            }
        }
    };
    let redirect_urls = [Some(session.return_url()), session.cancel_url.clone()].into_iter().flatten().collect();
    let title = if alert.is_some() { "Not paid: Sandbox checkout" } else { "Sandbox checkout" };
    Page { redirect_urls, ..Page::new(title, content) }
}

fn order(session: &CheckoutSession) -> Markup {
    html! {
        ul.bill {
            @for item in &session.line_items {
                li {
                    span {
                        (item.description)
                        @if item.quantity > 1 { " × " (item.quantity) }
                    }
                    span.money { (format_amount(item.amount, &item.currency)) }
                }
            }
        }
        p.total { span { "Total" } span.money { (format_amount(session.amount, &session.currency)) } }
    }
}

fn payment_form(session: &CheckoutSession) -> Markup {
    let action_url = |button: &str| format!("/pay/{}/{button}", session.id);
    html! {
        form method="post" action=(action_url("pay")) {
            @if let Some(email) = &session.customer_email {
                p { "Receipt to " strong { (email) } }
            } @else {
                div.field {
                    label for="email" { "Email" }
                    input id="email" name="email" type="email" autocomplete="email" aria-describedby="email-hint";
                    span.quiet id="email-hint" { "If empty: buyer@example.com." }
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
                    @for card in TestCard::ALL { option value=(card.name()) { "…" (card.last4()) ": " (card.label()) } }
                }
            }
            div.stack {
                button.main { "Pay" }
                @if session.amount > 0 {
                    button formaction=(action_url("later")) { "Pay later" }
                    button.danger formaction=(action_url("decline")) { "Decline" }
                }
                @if session.cancel_url.is_some() {
                    button formaction=(action_url("cancel")) formnovalidate { "Cancel" }
                }
            }
        }
        @if session.amount > 0 {
            p.quiet { "“Pay later” completes the order without a payment, like a bank debit. Complete or fail the payment on the " a href="/" { "sandbox’s dashboard" } "." }
        }
    }
}
