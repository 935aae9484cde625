//! The viewer's receipt as a PDF, and the redirect to Stripe's own receipt.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use crate::{
    error::{Error, Result},
    id::PurchaseId,
    platform::response,
    purchases::{queries, receipt_pdf},
    server::{http::form_post, state::AppState},
    users::Viewer,
};

/// `/purchases/:id/receipt.pdf`: returns the file. Another user's receipt is 404; a visitor is redirected to sign-in.
pub async fn receipt(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(purchase): Path<String>,
    request: Request,
) -> Response {
    match write(&state, &viewer, &purchase).await {
        Ok(file) => file.into_response(),
        Err(error) => form_post::no_file(&error, request.uri().path()),
    }
}

/// `/purchases/:id/stripe-receipt`: redirects to Stripe's receipt, or back to ours when Stripe does not respond.
pub async fn stripe_receipt(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(purchase): Path<String>,
    request: Request,
) -> Response {
    let here = request.uri().path().trim_end_matches("/stripe-receipt");
    match find_stripe_receipt(&state, &viewer, &purchase).await {
        Ok(url) => response::see_other(&url),
        Err(Error::PaymentProviderDown) => {
            let message = "Stripe's receipt is not available now. This receipt is complete without it.";
            response::with_flash(response::see_other(here), &state.config, message)
        }
        Err(error) => form_post::no_file(&error, here),
    }
}

async fn find_stripe_receipt(state: &AppState, viewer: &Viewer, purchase: &str) -> Result<String> {
    let user = viewer.signed_in()?.id;
    let purchase: PurchaseId = purchase.parse().map_err(|_| Error::NotFound)?;
    let intent = queries::find_payment_intent(&state.db, purchase, user).await?.ok_or(Error::NotFound)?;
    let url = state.stripe.retrieve_receipt_url(&intent).await.map_err(|error| {
        tracing::warn!(%purchase, %error, "Could not retrieve the URL of a receipt from Stripe");
        Error::PaymentProviderDown
    })?;
    url.ok_or(Error::PaymentProviderDown)
}

async fn write(state: &AppState, viewer: &Viewer, purchase: &str) -> Result<(HeaderMap, Vec<u8>)> {
    let user = viewer.signed_in()?.id;
    let purchase: PurchaseId = purchase.parse().map_err(|_| Error::NotFound)?;
    let receipt = queries::find_receipt(&state.db, purchase, user).await?.ok_or(Error::NotFound)?;
    let name = format!("attachment; filename=\"receipt-{}.pdf\"", receipt.number);
    let file = receipt_pdf::write(&receipt)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(CONTENT_DISPOSITION, name.parse().map_err(anyhow::Error::from)?);
    Ok((headers, file))
}

#[cfg(test)]
mod tests {
    use axum::{Json, Router, routing::get};
    use serde_json::json;
    use sqlx::PgPool;

    use crate::{
        boot::router::router,
        paths,
        tests::fixtures::{self, Browser},
    };

    /// Starts a Stripe whose charge has this receipt URL.
    async fn stripe(receipt: &'static str) -> String {
        let charge = json!({ "latest_charge": { "receipt_url": receipt, "unknown_field": [] } });
        let app = Router::new().route("/v1/payment_intents/pi_1", get(async move || Json(charge)));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        url
    }

    #[sqlx::test]
    async fn a_receipt_redirects_to_stripes_and_back_when_stripe_is_down(db: PgPool) {
        let (owner, other) = (fixtures::student(&db, "owner").await, fixtures::student(&db, "other").await);
        let product = fixtures::product(&db, "product", 60, &[]).await;
        let receipt = fixtures::purchase(&db, owner, product).await;
        sqlx::query!("update purchases set stripe_payment_intent_id = 'pi_1'").execute(&db).await.unwrap();
        let path = paths::stripe_receipt(receipt);
        let at = "https://pay.stripe.com/receipts/1";
        let table = [(stripe(at).await, at), (fixtures::UNREACHABLE_URL.into(), paths::receipt(receipt).leak())];
        for (stripe, location) in table {
            let router = router(fixtures::state(&db, &stripe).await);
            let browser = |cookie| Browser { router: router.clone(), cookie };
            let answer = browser(Some(fixtures::cookie(&db, owner).await)).get(&path).await;
            assert_eq!((answer.status, answer.location.as_deref()), (303, Some(location)));
            assert_eq!(browser(Some(fixtures::cookie(&db, other).await)).get(&path).await.status, 404);
            let visitor = browser(None).get(&path).await.location.unwrap();
            assert_eq!(visitor, paths::sign_in(&paths::receipt(receipt)));
        }
    }

    #[sqlx::test]
    async fn an_address_that_is_not_stripes_is_not_redirected_to(db: PgPool) {
        let owner = fixtures::student(&db, "owner").await;
        let product = fixtures::product(&db, "product", 60, &[]).await;
        let receipt = fixtures::purchase(&db, owner, product).await;
        sqlx::query!("update purchases set stripe_payment_intent_id = 'pi_1'").execute(&db).await.unwrap();
        let mut state = fixtures::state(&db, &stripe("https://stripe.example/receipts/1").await).await;
        let mut config = (*state.config).clone();
        config.stripe.sandbox = None;
        state.config = config.into();
        let browser = Browser { router: router(state), cookie: Some(fixtures::cookie(&db, owner).await) };
        assert_eq!(browser.get(&paths::stripe_receipt(receipt)).await.location.as_deref(), Some("/"));
    }
}
