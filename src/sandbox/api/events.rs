//! Endpoints of events: <https://docs.stripe.com/api/events>.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{api::request::ApiRequest, model::event::Event, store::Sandbox};

/// `GET /v1/events/:id`: <https://docs.stripe.com/api/events/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        Ok(data.events.get(&id, "id")?.json())
    })
}

/// `GET /v1/events`: <https://docs.stripe.com/api/events/list>. A `type` may end in `.*`.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, .. }| {
        let mut kinds = form.texts("types")?;
        kinds.extend(form.text("type")?);
        let delivered = form.flag("delivery_success")?;
        let filter = |event: &Event| {
            let has_kind = |kind: &String| match kind.strip_suffix('*') {
                Some(prefix) => event.kind.starts_with(prefix),
                None => *kind == event.kind,
            };
            (kinds.is_empty() || kinds.iter().any(has_kind))
                && delivered.is_none_or(|delivered| delivered == event.delivery.delivered)
        };
        let page = data.events.page(&mut form, "/v1/events", filter, Event::json)?;
        form.finish()?;
        Ok(page)
    })
}
