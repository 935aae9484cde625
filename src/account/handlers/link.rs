//! Links that were sent by mail.

use axum::{
    extract::{Query, Request, State},
    response::Response,
};
use chrono::TimeDelta;
use http::HeaderMap;
use serde::Deserialize;

use crate::{
    account::{
        LinkPurpose,
        service::{self, LinkEffect},
        session_cookie::sign_in_and_redirect,
    },
    error::Result,
    paths,
    platform::{clock, cookies, response},
    server::{
        http::form_post::{self, PostedForm},
        state::AppState,
    },
};

/// The cookie with the token lives as long as the shortest link.
const COOKIE_LIFETIME: TimeDelta = TimeDelta::minutes(20);

const PASSWORD_REMOVED: &str = "You are signed in. Your address was not confirmed before, so the old password was removed. Choose a new one with “Forgot your password?”.";

/// The query string of a link.
#[derive(Deserialize)]
pub struct LinkQuery {
    #[serde(default)]
    token: String,
}

/// `GET /link?token=…`: moves the token from the URL into a cookie that no script can read, and redirects to the page of the link. The link
/// is not used by that, because programs that scan mail open links.
pub async fn open(State(state): State<AppState>, Query(LinkQuery { token }): Query<LinkQuery>) -> Response {
    let is_token = token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let token = if is_token { token.as_str() } else { "" };
    response::with_cookie(
        response::see_other(paths::ACCOUNT_LINK),
        cookies::link(&state.config, token, COOKIE_LIFETIME),
    )
}

/// `POST /account/link`: uses the link.
pub async fn use_link(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let token = cookies::get(request.headers(), cookies::link_name(state.config.is_https())).unwrap_or_default();
    let admin = state.config.admin_email.as_deref();
    let headers = request.headers().clone();
    let used = async {
        let effect = service::use_link(&state.db, &token, posted.get("password"), admin, clock::now()).await?;
        respond(&state, &headers, &effect).await
    };
    match used.await {
        Ok(response) => response::with_cookie(response, cookies::link(&state.config, "", TimeDelta::zero())),
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}

/// Redirects with a message. Links that reset the password or sign in also start a session.
async fn respond(state: &AppState, headers: &HeaderMap, effect: &LinkEffect) -> Result<Response> {
    let message = match effect.purpose {
        LinkPurpose::Confirm => Some("Your address is confirmed."),
        LinkPurpose::ChangeAddress => Some("The address of your account is changed."),
        LinkPurpose::Reset => Some("Your password is changed, and you are signed in."),
        LinkPurpose::SignIn => effect.password_removed.then_some(PASSWORD_REMOVED),
    };
    let response = match effect.purpose {
        LinkPurpose::Confirm | LinkPurpose::ChangeAddress => response::see_other(paths::ACCOUNT),
        LinkPurpose::Reset | LinkPurpose::SignIn => {
            sign_in_and_redirect(state, headers, effect.user, paths::COURSES).await?
        }
    };
    Ok(match message {
        Some(message) => response::with_flash(response, &state.config, message),
        None => response,
    })
}
