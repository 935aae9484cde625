//! Sign-up, sign-in and sign-out.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    response::Response,
};
use chrono::TimeDelta;

use crate::{
    account::{
        clerk_sign_out,
        input::SignUp,
        service,
        session_cookie::{session_token, sign_in_and_redirect},
    },
    error::{Error, Result},
    id::UserId,
    identity::{authentication::Identity, local},
    paths,
    platform::{clock, cookies, response},
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
    users::Viewer,
};

/// `POST /sign-up`.
pub async fn sign_up(State(state): State<AppState>, request: Request) -> Response {
    let (request, form) = PostedForm::read(request).await;
    if let Identity::Clerk(_) = state.identity {
        return response::see_other(&paths::sign_up(paths::safe_redirect(form.get("next"))));
    }
    let from = ClientInfo::of(&request).address;
    let user = async {
        let form = SignUp::parse(form.get("name"), form.get("email"), form.get("password"))?;
        state.limits.sign_up(&state.db, from).await?;
        // With a mail server, the address of an admin has to be confirmed first.
        let admin = state.config.admin_email.as_deref().filter(|_| !state.mailer.is_configured());
        let email = form.email.clone();
        let user = service::sign_up(&state.db, form, admin, clock::now()).await?;
        state.limits.remember_address(&state.db, from, &email).await?;
        Ok(user)
    };
    let user = user.await;
    start_session(&state, request, form, user).await
}

/// `POST /sign-in`.
pub async fn sign_in(State(state): State<AppState>, request: Request) -> Response {
    let (request, form) = PostedForm::read(request).await;
    if let Identity::Clerk(_) = state.identity {
        return response::see_other(&paths::sign_in(paths::safe_redirect(form.get("next"))));
    }
    let user = check_password(&state, ClientInfo::of(&request).address, form.get("email"), form.get("password")).await;
    start_session(&state, request, form, user).await
}

/// Returns the user with this email address and password. Only failed attempts count for the rate limit.
async fn check_password(state: &AppState, from: Option<IpAddr>, email: &str, password: &str) -> Result<UserId> {
    let attempts = state.limits.sign_in(&state.db, from, email).await?;
    let user = local::check_password(&state.db, email, password).await?;
    let user = user.ok_or_else(|| Error::Rejected("That email and password do not match.".into()))?;
    state.limits.sign_in_succeeded(&state.db, attempts, from, email).await?;
    Ok(user)
}

/// Starts a session for the user and redirects to `next`, or renders the form again.
async fn start_session(state: &AppState, request: Request, form: PostedForm, user: Result<UserId>) -> Response {
    let headers = request.headers().clone();
    let started = async { sign_in_and_redirect(state, &headers, user?, form.get("next")).await };
    match started.await {
        Ok(response) => response,
        Err(error) => form_post::render_invalid(state, request, form, &error).await,
    }
}

/// `POST /sign-out`: ends the session, in the browser and in the database.
pub async fn sign_out(State(state): State<AppState>, request: Request) -> Response {
    if let Identity::Clerk(clerk) = &state.identity {
        return clerk_sign_out::sign_out(&state, clerk, request).await;
    }
    if let Some(token) = session_token(&state, request.headers())
        && let Err(error) = local::end_session(&state.db, &token).await
    {
        let mut request = request;
        request.extensions_mut().insert::<Result<Viewer>>(Err(error.clone()));
        return form_post::render_invalid(&state, request, PostedForm(Vec::new()), &error).await;
    }
    response::with_cookie(response::see_other(paths::HOME), cookies::session(&state.config, "", TimeDelta::zero()))
}
