//! The forms of signing up, in and out, and of the theme. Plain posts: they work before, and without, wasm.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    response::Response,
};
use chrono::TimeDelta;

use crate::{
    account::{clerk_sign_out, input::SignUp, service, session_cookie::sign_in_and_redirect},
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

pub async fn sign_up(State(state): State<AppState>, request: Request) -> Response {
    let (request, form) = PostedForm::read(request).await;
    if let Identity::Clerk(_) = state.identity {
        return response::see_other(&paths::sign_up(paths::safe_redirect(form.get("next"))));
    }
    let from = ClientInfo::of(&request).address;
    let user = async {
        let form = SignUp::parse(form.get("name"), form.get("email"), form.get("password"))?;
        state.limits.sign_up(&state.db, from).await?;
        // Where mail is sent, the address of an admin is confirmed first.
        let admin = state.config.admin_email.as_deref().filter(|_| !state.mailer.sends());
        let email = form.email.clone();
        let user = service::sign_up(&state.db, form, admin, clock::now()).await?;
        state.limits.at_home(&state.db, from, &email).await?;
        Ok(user)
    };
    let user = user.await;
    answer(&state, request, form, user).await
}

pub async fn sign_in(State(state): State<AppState>, request: Request) -> Response {
    let (request, form) = PostedForm::read(request).await;
    if let Identity::Clerk(_) = state.identity {
        return response::see_other(&paths::sign_in(paths::safe_redirect(form.get("next"))));
    }
    let user = find(&state, ClientInfo::of(&request).address, form.get("email"), form.get("password")).await;
    answer(&state, request, form, user).await
}

/// Who has this address and password. Only wrong ones count.
async fn find(state: &AppState, from: Option<IpAddr>, email: &str, password: &str) -> Result<UserId> {
    let tries = state.limits.sign_in(&state.db, from, email).await?;
    let user = local::check_password(&state.db, email, password).await?;
    let user = user.ok_or_else(|| Error::Rejected("That email and password do not match.".into()))?;
    state.limits.signed_in(&state.db, tries, from, email).await?;
    Ok(user)
}

/// Starts a session for the user and goes on to `next`; or shows the form again.
async fn answer(state: &AppState, request: Request, form: PostedForm, user: Result<UserId>) -> Response {
    let headers = request.headers().clone();
    let answer = async { sign_in_and_redirect(state, &headers, user?, form.get("next")).await };
    match answer.await {
        Ok(response) => response,
        Err(error) => form_post::render_invalid(state, request, form, &error).await,
    }
}

/// Ends the session, here and in the database.
pub async fn sign_out(State(state): State<AppState>, request: Request) -> Response {
    if let Identity::Clerk(clerk) = &state.identity {
        return clerk_sign_out::sign_out(&state, clerk, request).await;
    }
    if let Some(token) = cookies::get(request.headers(), cookies::session_name(state.config.is_https()))
        && let Err(error) = local::end_session(&state.db, &token).await
    {
        let mut request = request;
        request.extensions_mut().insert::<Result<Viewer>>(Err(error.clone()));
        return form_post::render_invalid(&state, request, PostedForm(Vec::new()), &error).await;
    }
    response::with_cookie(response::see_other(paths::HOME), cookies::session(&state.config, "", TimeDelta::zero()))
}

/// Keeps the theme that was chosen; `system` keeps none.
pub async fn theme(State(state): State<AppState>, request: Request) -> Response {
    let back = request
        .headers()
        .get(http::header::REFERER)
        .and_then(|referrer| referrer.to_str().ok())
        .unwrap_or(paths::HOME)
        .to_owned();
    let (_, form) = PostedForm::read(request).await;
    let cookie = match form.get("theme") {
        chosen @ ("paper" | "night") => cookies::theme(&state.config, chosen, TimeDelta::days(365)),
        _ => cookies::theme(&state.config, "", TimeDelta::zero()),
    };
    response::with_cookie(response::see_other(paths::safe_redirect(&back)), cookie)
}
