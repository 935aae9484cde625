//! The form behind every Buy button.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    checkout::service::{self, NextStep},
    error::Error,
    paths,
    platform::{clock, response},
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
    users::Viewer,
};

/// `POST /products/:slug/purchase`: redirects to the payment page, or shows the checkout page again with the error.
pub async fn start(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(slug): Path<String>,
    request: Request,
) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let code = posted.get("code").trim();
    let client = ClientInfo::of(&request);
    match Box::pin(service::buy(&state, &viewer, &slug, code, client, clock::now())).await {
        Ok(NextStep::Pay(url) | NextStep::Go(url)) => response::see_other(&url),
        Err(Error::Unauthenticated) => {
            response::see_other(&paths::sign_in(&paths::with_code(&paths::purchase(&slug), code)))
        }
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}
