//! Starts a session and sets its cookie.

use crate::{
    error::Result,
    id::UserId,
    identity::local,
    paths,
    platform::{clock, cookies, response},
    server::state::AppState,
};
use axum::response::Response;
use http::{HeaderMap, header::USER_AGENT};

/// Returns the session token that the browser sent.
pub fn session_token(state: &AppState, headers: &HeaderMap) -> Option<String> {
    cookies::get(headers, cookies::session_name(state.config.is_https()))
}

/// Returns the name of the browser and its system from the `User-Agent` header, such as "Firefox on Linux".
pub fn browser_name(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    // A browser that also names others is earlier in this list.
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
    let find =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| agent.contains(part)).map(|(_, name)| *name);
    match (find(&browsers), find(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    }
}

/// Starts a session for a user and redirects to `next`.
///
/// # Errors
/// The database's.
pub async fn sign_in_and_redirect(state: &AppState, headers: &HeaderMap, user: UserId, next: &str) -> Result<Response> {
    let previous = session_token(state, headers);
    let agent = browser_name(headers);
    let token = local::start_session(&state.db, user, previous.as_deref(), &agent, clock::now()).await?;
    let cookie = cookies::session(&state.config, &token, local::SESSION_LIFETIME);
    Ok(response::with_cookie(response::see_other(paths::safe_redirect(next)), cookie))
}
