//! Endpoints of products and prices: <https://docs.stripe.com/api/products>, <https://docs.stripe.com/api/prices>.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{
    api::{expand::expand_all, request::ApiRequest},
    store::Sandbox,
};

/// `GET /v1/products/:id`: <https://docs.stripe.com/api/products/retrieve>.
pub async fn retrieve_product(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.products.get(&id, "id")?.json(), &request.expand)
    })
}

/// `GET /v1/prices/:id`: <https://docs.stripe.com/api/prices/retrieve>.
pub async fn retrieve_price(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.prices.get(&id, "price")?.json(), &request.expand)
    })
}
