//! Endpoints of payment intents: <https://docs.stripe.com/api/payment_intents>.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{
    api::{expand::expand_all, request::ApiRequest},
    model::payment_intent::PaymentIntent,
    store::Sandbox,
};

/// `GET /v1/payment_intents/:id`: <https://docs.stripe.com/api/payment_intents/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, mut request| {
        request.form.tolerate(&["client_secret"]);
        request.form.finish()?;
        expand_all(data, data.intents.get(&id, "intent")?.json(), &request.expand)
    })
}

/// `GET /v1/payment_intents`: <https://docs.stripe.com/api/payment_intents/list>.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let page = data.intents.page(&mut form, "/v1/payment_intents", |_| true, PaymentIntent::json)?;
        form.finish()?;
        expand_all(data, page, &expand)
    })
}
