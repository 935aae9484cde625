//! Endpoints of refunds: <https://docs.stripe.com/api/refunds>.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::sandbox::{
    api::{
        expand::expand_all,
        request::{ApiRequest, payment_filter},
    },
    data::Data,
    error::{ApiError, Result},
    form_encoding::form::Form,
    model::{charge::ChargeStatus, refund::Refund},
    operations::refunds::RefundParams,
    store::Sandbox,
};

/// `POST /v1/refunds`: <https://docs.stripe.com/api/refunds/create>.
pub async fn create(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox
        .handle_write(request, |data, mut request| {
            let form = &mut request.form;
            let amount = form.number("amount", 1)?;
            let reason = form.choice("reason", &["duplicate", "fraudulent", "requested_by_customer"])?;
            let params = RefundParams { amount, reason: reason.map(str::to_owned), metadata: form.metadata()? };
            let charge = charge_to_refund(data, form)?;
            form.tolerate(&["instructions_email", "refund_application_fee", "reverse_transfer"]);
            form.clone().finish()?;
            let id = data.create_refund(&charge, params, request.now, Some(&request.info))?;
            expand_all(data, data.refunds.get(&id, "refund")?.json(), &request.expand)
        })
        .await
}

/// `GET /v1/refunds/:id`: <https://docs.stripe.com/api/refunds/retrieve>.
pub async fn retrieve(State(sandbox): State<Sandbox>, Path(id): Path<String>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, request| {
        request.form.finish()?;
        expand_all(data, data.refunds.get(&id, "refund")?.json(), &request.expand)
    })
}

/// `GET /v1/refunds`: <https://docs.stripe.com/api/refunds/list>.
pub async fn list(State(sandbox): State<Sandbox>, request: ApiRequest) -> Response {
    sandbox.handle_read(request, |data, ApiRequest { mut form, expand, .. }| {
        let belongs_to_payment = payment_filter(&mut form)?;
        let filter = |refund: &Refund| belongs_to_payment(&refund.charge, &refund.payment_intent);
        let page = data.refunds.page(&mut form, "/v1/refunds", filter, Refund::json)?;
        form.finish()?;
        expand_all(data, page, &expand)
    })
}

/// Returns the id of the charge that the `payment_intent` or the `charge` parameter refers to.
fn charge_to_refund(data: &Data, form: &mut Form) -> Result<String> {
    match (form.text("payment_intent")?, form.text("charge")?) {
        (None, None) => {
            let message = "One of the following params should be provided for this request: payment_intent or charge.";
            Err(ApiError::invalid(message).code("parameter_missing").param("payment_intent"))
        }
        (None, Some(charge)) => Ok(data.charges.get(&charge, "charge")?.id.clone()),
        (Some(intent), charge) => {
            let latest = data.intents.get(&intent, "payment_intent")?.latest_charge.clone();
            let is_paid =
                |id: &String| data.charges.find(id).is_some_and(|charge| charge.status == ChargeStatus::Succeeded);
            let latest = latest.filter(is_paid).ok_or_else(|| {
                let message = format!("This PaymentIntent ({intent}) does not have a successful charge to refund.");
                ApiError::invalid(message).code("payment_intent_unexpected_state").param("payment_intent").replayable()
            })?;
            if charge.is_some_and(|charge| charge != latest) {
                let message = "The charge does not belong to the payment_intent.";
                return Err(ApiError::invalid(message).param("charge"));
            }
            Ok(latest)
        }
    }
}
