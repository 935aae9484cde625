//! Endpoints of charges: <https://docs.stripe.com/api/charges>.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{
    api::{expand::expand_all, request::ApiRequest},
    model::charge::Charge,
    store::Sandbox,
};

/// `GET /v1/charges/:id`: <https://docs.stripe.com/api/charges/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.charges.get(&id, "id")?.json(), &request.expand)
    })
}

/// `GET /v1/charges`: <https://docs.stripe.com/api/charges/list>.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let intent = form.text("payment_intent")?;
        let filter = |charge: &Charge| intent.as_ref().is_none_or(|intent| *intent == charge.payment_intent);
        let page = data.charges.page(&mut form, "/v1/charges", filter, Charge::json)?;
        form.finish()?;
        expand_all(data, page, &expand)
    })
}
