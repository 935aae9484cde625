//! Endpoints under `/sandbox`: the dashboard's actions as JSON, for test programs on the same machine.
//!
//! Request and response bodies are JSON; errors have the form of the API's errors.

use std::net::SocketAddr;

use axum::{
    Json,
    body::Bytes,
    extract::{ConnectInfo, Path, Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::sandbox::{
    clock::now,
    data::Data,
    error::{ApiError, Result},
    model::{
        checkout_session::{PaymentStatus, SessionStatus},
        refund::RefundStatus,
    },
    operations::simulate::{ActionParams, DisputeAction, RefundAction, SessionAction},
    store::Sandbox,
};

/// Middleware that rejects requests from other machines.
pub async fn require_loopback(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if peer.is_none_or(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return next.run(request).await;
    }
    let error = ApiError::invalid("These endpoints are available on the sandbox's own machine only.");
    ApiError { status: StatusCode::FORBIDDEN, ..error }.into_response()
}

/// Parses a JSON body. An empty body stands for the default.
fn parse_json<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| ApiError::invalid(format!("The body is not valid: {error}.")))
}

impl Sandbox {
    /// Performs an action and responds with its result, after the change is written to the state file.
    async fn control(&self, action: impl FnOnce(&mut Data, i64) -> Result<Value>) -> Result<Json<Value>> {
        let now = now();
        let value = self.change(now, |data| action(data, now))?;
        self.wait_until_stored().await?;
        Ok(Json(value))
    }
}

/// `POST /sandbox/sessions/:id/:action` with [`ActionParams`]. Responds with the refund or dispute that it created, otherwise
/// with the session.
pub async fn session(
    State(sandbox): State<Sandbox>,
    Path((id, action)): Path<(String, SessionAction)>,
    body: Bytes,
) -> Result<Json<Value>> {
    let params: ActionParams = parse_json(&body)?;
    sandbox
        .control(|data, now| {
            let result = data.simulate(&id, action, &params, now)?;
            data.render(&result).ok_or_else(|| ApiError::internal("The result of the action was not found."))
        })
        .await
}

/// `POST /sandbox/refunds/:id/succeed`, `…/fail`.
pub async fn refund(
    State(sandbox): State<Sandbox>,
    Path((id, action)): Path<(String, RefundAction)>,
    body: Bytes,
) -> Result<Json<Value>> {
    let params: ActionParams = parse_json(&body)?;
    sandbox
        .control(|data, now| {
            data.simulate_refund(&id, action, &params, now)?;
            Ok(data.refunds.get(&id, "refund")?.json())
        })
        .await
}

/// `POST /sandbox/disputes/:id/answer`, `…/win`, `…/lose`.
pub async fn dispute(
    State(sandbox): State<Sandbox>,
    Path((id, action)): Path<(String, DisputeAction)>,
) -> Result<Json<Value>> {
    sandbox
        .control(|data, now| {
            data.simulate_dispute(&id, action, now)?;
            Ok(data.disputes.get(&id, "dispute")?.json())
        })
        .await
}

/// `POST /sandbox/events/:id/send`.
pub async fn resend_event(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Json<Value>> {
    sandbox
        .control(|data, _| {
            data.resend_event(&id)?;
            Ok(data.events.get(&id, "event")?.json())
        })
        .await
}

/// `GET /sandbox/switches`.
pub async fn faults(State(sandbox): State<Sandbox>) -> Result<Json<Value>> {
    render_faults(&sandbox)
}

/// `POST /sandbox/switches`: changes the fault settings that the body names.
pub async fn change_faults(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>> {
    let changes: serde_json::Map<String, Value> = parse_json(&body)?;
    sandbox.change_faults(|faults| {
        let mut settings = json!(faults);
        if let Some(settings) = settings.as_object_mut() {
            settings.extend(changes);
        }
        *faults = serde_json::from_value(settings)
            .map_err(|error| ApiError::invalid(format!("Invalid fault setting: {error}.")))?;
        Ok(())
    })?;
    render_faults(&sandbox)
}

fn render_faults(sandbox: &Sandbox) -> Result<Json<Value>> {
    serde_json::to_value(sandbox.faults())
        .map(Json)
        .map_err(|_| ApiError::internal("The fault settings cannot be rendered."))
}

/// `GET /sandbox/totals`: the number of objects by status, and the amounts paid and refunded in the currency's smallest unit.
pub async fn totals(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.tick(now());
    let data = sandbox.data();
    let count = |matches: fn(SessionStatus, PaymentStatus) -> bool| {
        data.sessions.rows().iter().filter(|session| matches(session.status, session.payment_status)).count()
    };
    let paid = data.sessions.rows().iter().filter(|session| session.payment_status == PaymentStatus::Paid);
    let refunded = |status: RefundStatus| -> i64 {
        data.refunds.rows().iter().filter(|refund| refund.status == status).map(|refund| refund.amount).sum()
    };
    Json(json!({
        "sessions": data.sessions.rows().len(),
        "open": count(|status, _| status == SessionStatus::Open),
        "expired": count(|status, _| status == SessionStatus::Expired),
        "complete": count(|status, _| status == SessionStatus::Complete),
        "paid": count(|_, payment| payment == PaymentStatus::Paid),
        "received": paid.map(|session| session.amount).sum::<i64>(),
        "refunded": refunded(RefundStatus::Succeeded),
        "refunding": refunded(RefundStatus::Pending),
        "refunds": data.refunds.rows().len(),
        "disputes": data.disputes.rows().len(),
        "disputes_open": data.disputes.rows().iter().filter(|dispute| dispute.is_open()).count(),
        "events": data.events.rows().len(),
        "undelivered": data.events.rows().iter().filter(|event| event.delivery.next_ms.is_some()).count(),
    }))
}
