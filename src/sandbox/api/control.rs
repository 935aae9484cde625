//! `/sandbox/…`: what people do on the dashboard, for programs on the same machine. JSON goes in and comes out; errors are those of
//! the API.

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
    error::{ApiError, Result},
    model::checkout_session::{PaymentStatus, Status},
    operations::refunds::RefundStatus,
    operations::simulate::{DisputeAct, RefundAct, SessionAct, Wish},
    store::{Data, Sandbox, now},
};

/// Turns away whoever is not on this machine.
pub async fn only_here(request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if peer.is_none_or(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback()) {
        return next.run(request).await;
    }
    let error = ApiError::invalid("The sandbox is controlled from its own machine.");
    ApiError { status: StatusCode::FORBIDDEN, ..error }.into_response()
}

/// A JSON body; an empty one is a wish for nothing in particular.
fn read<T: DeserializeOwned + Default>(body: &Bytes) -> Result<T> {
    if body.is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(body).map_err(|error| ApiError::invalid(format!("The body cannot be read: {error}.")))
}

impl Sandbox {
    /// Does something, and shows what came of it.
    async fn control(&self, act: impl FnOnce(&mut Data, i64) -> Result<Value>) -> Result<Json<Value>> {
        let now = now();
        let value = self.change(now, |data| act(data, now))?;
        self.stored().await?;
        Ok(Json(value))
    }
}

/// `POST /sandbox/sessions/:id/:act` with a [`Wish`]: the refund or the dispute that was made, else the session.
pub async fn session(
    State(sandbox): State<Sandbox>,
    Path((id, act)): Path<(String, SessionAct)>,
    body: Bytes,
) -> Result<Json<Value>> {
    let wish: Wish = read(&body)?;
    sandbox
        .control(|data, now| {
            let made = data.act(&id, act, &wish, now)?;
            data.render(&made).ok_or_else(|| ApiError::ours("It was done, but is not there."))
        })
        .await
}

/// `POST /sandbox/refunds/:id/succeed`, `…/fail`.
pub async fn refund(
    State(sandbox): State<Sandbox>,
    Path((id, act)): Path<(String, RefundAct)>,
    body: Bytes,
) -> Result<Json<Value>> {
    let wish: Wish = read(&body)?;
    sandbox
        .control(|data, now| {
            data.act_on_refund(&id, act, &wish, now)?;
            Ok(data.refunds.get(&id, "refund")?.json())
        })
        .await
}

/// `POST /sandbox/disputes/:id/answer`, `…/win`, `…/lose`.
pub async fn dispute(
    State(sandbox): State<Sandbox>,
    Path((id, act)): Path<(String, DisputeAct)>,
) -> Result<Json<Value>> {
    sandbox
        .control(|data, now| {
            data.act_on_dispute(&id, act, now)?;
            Ok(data.disputes.get(&id, "dispute")?.json())
        })
        .await
}

/// `POST /sandbox/events/:id/send`.
pub async fn send(State(sandbox): State<Sandbox>, Path(id): Path<String>) -> Result<Json<Value>> {
    sandbox
        .control(|data, _| {
            data.send_again(&id)?;
            Ok(data.events.get(&id, "event")?.json())
        })
        .await
}

/// `GET /sandbox/switches`.
pub async fn switches(State(sandbox): State<Sandbox>) -> Result<Json<Value>> {
    show(&sandbox)
}

/// `POST /sandbox/switches`: those that are named are turned, the others stay.
pub async fn turn(State(sandbox): State<Sandbox>, body: Bytes) -> Result<Json<Value>> {
    let told: serde_json::Map<String, Value> = read(&body)?;
    sandbox.switch(|switches| {
        let mut all = json!(switches);
        if let Some(all) = all.as_object_mut() {
            all.extend(told);
        }
        *switches = serde_json::from_value(all)
            .map_err(|error| ApiError::invalid(format!("There is no such switch: {error}.")))?;
        Ok(())
    })?;
    show(&sandbox)
}

fn show(sandbox: &Sandbox) -> Result<Json<Value>> {
    serde_json::to_value(sandbox.switches()).map(Json).map_err(|_| ApiError::ours("The switches cannot be shown."))
}

/// `GET /sandbox/totals`: how many sessions there are and what came of them, and what was taken and given back of each currency's
/// smallest unit.
pub async fn totals(State(sandbox): State<Sandbox>) -> Json<Value> {
    sandbox.tick(now());
    let data = sandbox.data();
    let sessions = |fits: fn(Status, PaymentStatus) -> bool| {
        data.sessions.rows().iter().filter(|session| fits(session.status, session.payment_status)).count()
    };
    let paid = data.sessions.rows().iter().filter(|session| session.payment_status == PaymentStatus::Paid);
    let refunded = |status: RefundStatus| -> i64 {
        data.refunds.rows().iter().filter(|refund| refund.status == status).map(|refund| refund.amount).sum()
    };
    Json(json!({
        "sessions": data.sessions.rows().len(),
        "open": sessions(|status, _| status == Status::Open),
        "expired": sessions(|status, _| status == Status::Expired),
        "complete": sessions(|status, _| status == Status::Complete),
        "paid": sessions(|_, payment| payment == PaymentStatus::Paid),
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
