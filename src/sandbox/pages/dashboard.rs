//! The dashboard: all checkout sessions, newest first, and the actions on them.

use std::collections::HashMap;

use axum::{
    Form,
    extract::{Path, Query, State, rejection::FormRejection},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;

use crate::sandbox::{
    clock::now,
    data::Data,
    error::{ApiError, Result},
    model::{event::Event, test_card::RefundBehavior},
    money::parse_amount,
    operations::simulate::{ActionParams, DisputeAction, RefundAction, SessionAction},
    pages::{
        layout::{Page, error_page},
        parts::{PageQuery, navigation, pagination_links},
        session_card::session_card,
    },
    store::Sandbox,
};

const SESSIONS_PER_PAGE: usize = 25;

/// The fields of the forms beside the buttons.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ActionForm {
    amount: String,
    reason: String,
    #[serde(rename = "course")]
    refund_behavior: RefundBehavior,
}

impl ActionForm {
    /// Parses the fields. Empty ones have the action's default.
    ///
    /// # Errors
    /// 400 for an invalid amount.
    fn parse(self, currency: &str) -> Result<ActionParams> {
        let amount = Some(self.amount.trim()).filter(|amount| !amount.is_empty());
        let amount = amount.map(|amount| {
            parse_amount(amount, currency).ok_or_else(|| {
                ApiError::invalid("Enter an amount such as 12.50, or leave the field empty to refund the rest.")
            })
        });
        let reason = Some(self.reason).filter(|reason| !reason.is_empty());
        let refund_behavior = self.refund_behavior;
        Ok(ActionParams { amount: amount.transpose()?, reason, refund_behavior, ..ActionParams::default() })
    }
}

/// `GET /`: the dashboard. `?page=1` is the second page.
pub async fn show(State(sandbox): State<Sandbox>, Query(query): Query<PageQuery>) -> Response {
    sandbox.tick(now());
    page(&sandbox.data(), &sandbox.config().webhook_url, query.page).into_response()
}

/// `POST /sessions/:id/:action`: performs the action and returns to the dashboard.
pub async fn session(
    State(sandbox): State<Sandbox>,
    Path((id, action)): Path<(String, SessionAction)>,
    form: std::result::Result<Form<ActionForm>, FormRejection>,
) -> Response {
    // A request without a form counts as one whose fields are all empty.
    let form = form.map(|Form(form)| form).unwrap_or_default();
    perform(&sandbox, |data, now| {
        let currency = data.sessions.get(&id, "session")?.currency.clone();
        data.simulate(&id, action, &form.parse(&currency)?, now).map(drop)
    })
    .await
}

/// `POST /refunds/:id/:action`: performs the action and returns to the dashboard.
pub async fn refund(State(sandbox): State<Sandbox>, Path((id, action)): Path<(String, RefundAction)>) -> Response {
    perform(&sandbox, |data, now| data.simulate_refund(&id, action, &ActionParams::default(), now)).await
}

/// `POST /disputes/:id/:action`: performs the action and returns to the dashboard.
pub async fn dispute(State(sandbox): State<Sandbox>, Path((id, action)): Path<(String, DisputeAction)>) -> Response {
    perform(&sandbox, |data, now| data.simulate_dispute(&id, action, now)).await
}

async fn perform(sandbox: &Sandbox, action: impl FnOnce(&mut Data, i64) -> Result<()>) -> Response {
    let now = now();
    match sandbox.change(now, |data| action(data, now)).and(sandbox.wait_until_stored().await) {
        Ok(()) => Redirect::to("/").into_response(),
        Err(error) => error_page(&error),
    }
}

fn page(data: &Data, webhook_url: &str, page: usize) -> Page {
    let count = data.sessions.rows().len();
    let start = page.saturating_mul(SESSIONS_PER_PAGE);
    let sessions: Vec<_> = data.sessions.rows().iter().rev().skip(start).take(SESSIONS_PER_PAGE).collect();
    let mut events: HashMap<&str, Vec<&Event>> =
        sessions.iter().map(|session| (session.id.as_str(), Vec::new())).collect();
    for event in data.events.rows() {
        if let Some(events) = events.get_mut(event.session.as_str()) {
            events.push(event);
        }
    }
    let content = html! {
        h1 { "Stripe sandbox" }
        (navigation("/"))
        p.note { "Checkout sessions, newest first. No money moves. Events are sent to " (webhook_url) "." }
        @if count == 0 {
            div.card { p { strong { "No sessions yet." } " Buy something in the shop to create a checkout session." } }
        }
        ol.sessions {
            @for session in sessions {
                (session_card(data, session, events.get(session.id.as_str()).map_or(&[], Vec::as_slice)))
            }
        }
        (pagination_links("/", page, start.saturating_add(SESSIONS_PER_PAGE) < count))
    };
    Page { wide: true, ..Page::new("Stripe sandbox", content) }
}
