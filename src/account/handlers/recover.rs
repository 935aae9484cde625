//! Password recovery and sign-in by mail.

use axum::{
    extract::{Request, State},
    response::Response,
};

use crate::{
    account::{LinkPurpose, handlers::shows_links, input, service},
    error::{Error, FieldError},
    platform::clock,
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
};

/// `POST /forgot-password`: mails a link to reset the password.
pub async fn forgot_password(State(state): State<AppState>, request: Request) -> Response {
    request_link(state, request, LinkPurpose::Reset).await
}

/// `POST /sign-in/link`: mails a link to sign in.
pub async fn request_sign_in_link(State(state): State<AppState>, request: Request) -> Response {
    request_link(state, request, LinkPurpose::SignIn).await
}

/// Mails a link if there is such an account. The response is the same if not, and does not wait for the mail, so that neither its text
/// nor its time reveals it.
async fn request_link(state: AppState, request: Request, purpose: LinkPurpose) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let address = posted.get("email").trim().to_owned();
    if let Some(error) = input::find_email_error(&address) {
        let error = Error::Invalid(vec![FieldError::new("email", error)]);
        return form_post::render_invalid(&state, request, posted, &error).await;
    }
    let from = ClientInfo::of(&request).address;
    if let Err(error) = state.limits.mail(&state.db, from, &address).await {
        return form_post::render_invalid(&state, request, posted, &error).await;
    }
    let db = state.db.clone();
    let requested = tokio::spawn(async move { service::request_link(&db, &address, purpose, clock::now()).await });
    if shows_links(&state, from) {
        if let Ok(Ok(Some(path))) = requested.await {
            posted.set("link", path);
        }
    } else {
        tokio::spawn(async move {
            if let Ok(Err(error)) = requested.await {
                tracing::error!(%error, "Could not create a link");
            }
        });
    }
    posted.set("requested", "yes".into());
    form_post::render(&state, request, posted).await
}
