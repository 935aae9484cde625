//! Starts a session and sets its cookie.

use crate::{
    error::{Error, Result},
    id::UserId,
    identity::local,
    paths,
    platform::{clock, cookies, response},
    server::state::AppState,
    users::{User, Viewer},
};
use axum::{extract::Request, response::Response};
use http::{HeaderMap, header::USER_AGENT};

/// Who posts.
pub fn user(request: &Request) -> Result<User> {
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal))?;
    viewer.signed_in().cloned()
}

/// The session that the browser came with.
pub fn session(state: &AppState, headers: &HeaderMap) -> Option<String> {
    cookies::get(headers, cookies::session_name(state.config.is_https()))
}

/// What the browser says it is, in a few words.
pub fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
    // Whoever pretends to be all of them names itself first in this order.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| said.contains(part)).map(|(_, name)| *name);
    match (named(&browsers), named(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    }
}

/// Goes on as somebody who is signed in from now on.
pub async fn sign_in_and_redirect(state: &AppState, headers: &HeaderMap, user: UserId, next: &str) -> Result<Response> {
    let previous = session(state, headers);
    let token = local::start_session(&state.db, user, previous.as_deref(), &agent(headers), clock::now()).await?;
    let cookie = cookies::session(&state.config, &token, local::SESSION_LIFETIME);
    Ok(response::with_cookie(response::see_other(paths::safe_redirect(next)), cookie))
}
