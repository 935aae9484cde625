//! Endpoints of disputes: <https://docs.stripe.com/api/disputes>.

use std::collections::BTreeMap;

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{
    api::{
        expand::expand_all,
        request::{ApiRequest, payment_filter},
    },
    error::Result,
    form_encoding::form::Form,
    model::dispute::{Dispute, EVIDENCE_FIELDS},
    operations::disputes::DisputeUpdate,
    store::Sandbox,
};

/// The longest text of evidence, in characters.
const MAX_EVIDENCE_CHARS: usize = 20_000;

/// `GET /v1/disputes/:id`: <https://docs.stripe.com/api/disputes/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.disputes.get(&id, "dispute")?.json(), &request.expand)
    })
}

/// `GET /v1/disputes`: <https://docs.stripe.com/api/disputes/list>.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let belongs_to_payment = payment_filter(&mut form)?;
        let filter = |dispute: &Dispute| belongs_to_payment(&dispute.charge, &dispute.payment_intent);
        let page = data.disputes.page(&mut form, "/v1/disputes", filter, Dispute::json)?;
        form.finish()?;
        expand_all(data, page, &expand)
    })
}

/// `POST /v1/disputes/:id`: <https://docs.stripe.com/api/disputes/update>. Evidence is submitted unless `submit` is false.
pub async fn update(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox
        .handle_write(request, |data, mut request| {
            let update = DisputeUpdate {
                evidence: evidence(&mut request.form)?,
                metadata: request.form.metadata()?,
                submit: request.form.flag("submit")?.unwrap_or(true),
            };
            request.form.clone().finish()?;
            data.update_dispute(&id, update, request.now, Some(&request.info))?;
            expand_all(data, data.disputes.get(&id, "dispute")?.json(), &request.expand)
        })
        .await
}

/// `POST /v1/disputes/:id/close`: <https://docs.stripe.com/api/disputes/close>. The shop accepts the dispute and loses it.
pub async fn close(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox
        .handle_write(request, |data, request| {
            request.form.clone().finish()?;
            data.close_dispute(&id, false, request.now, Some(&request.info))?;
            expand_all(data, data.disputes.get(&id, "dispute")?.json(), &request.expand)
        })
        .await
}

/// Parses the texts of `evidence`.
fn evidence(form: &mut Form) -> Result<BTreeMap<String, String>> {
    let Some(mut form) = form.form("evidence")? else { return Ok(BTreeMap::new()) };
    let mut evidence = BTreeMap::new();
    for name in EVIDENCE_FIELDS {
        if let Some(text) = form.short(name, MAX_EVIDENCE_CHARS)? {
            evidence.insert(name.to_owned(), text);
        }
    }
    form.tolerate(&["enhanced_evidence"]);
    form.finish()?;
    Ok(evidence)
}
