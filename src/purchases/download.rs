//! `/purchases/:id/receipt.pdf`: the viewer's receipt as a file.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use super::{PurchaseId, pdf, queries};
use crate::{
    error::{Error, Result},
    server::{page, state::AppState},
    users::Viewer,
};

/// Answers with the file. Somebody else's is not there; visitors sign in.
pub async fn receipt(State(state): State<AppState>, Path(purchase): Path<String>, request: Request) -> Response {
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal));
    match write(&state, viewer, &purchase).await {
        Ok(file) => file.into_response(),
        Err(error) => page::no_file(&error, request.uri().path()),
    }
}

async fn write(state: &AppState, viewer: Result<Viewer>, purchase: &str) -> Result<(HeaderMap, Vec<u8>)> {
    let viewer = viewer?;
    let user = viewer.signed_in()?.id;
    let purchase: PurchaseId = purchase.parse().map_err(|_| Error::NotFound)?;
    let receipt = queries::find_receipt(&state.db, purchase, user).await?.ok_or(Error::NotFound)?;
    let name = format!("attachment; filename=\"receipt-{}.pdf\"", receipt.number);
    let file = pdf::write(&receipt)?;
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/pdf"));
    headers.insert(CONTENT_DISPOSITION, name.parse().map_err(anyhow::Error::from)?);
    Ok((headers, file))
}
