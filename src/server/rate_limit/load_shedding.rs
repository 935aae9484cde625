//! The door of the house: what is turned away before anybody looks who knocks. It costs no query and no page.

use std::net::IpAddr;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header::RETRY_AFTER};

use crate::{
    error::Error,
    server::{http::client_ip::ClientInfo, state::AppState},
};

/// Lets a request in, unless it looks for holes, comes from where too many come from, or there is no room.
pub async fn admit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_scanner_path(path) {
        return (StatusCode::NOT_FOUND, Error::NotFound.to_string()).into_response();
    }
    // Whoever watches over us is told the truth, however full it is.
    if matches!(path, "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    if let Err(error) = state.limits.request(ClientInfo::of(&request).address) {
        return reject(&error);
    }
    let Some(_room) = state.limits.try_acquire_slot() else { return reject(&Error::Unavailable) };
    next.run(request).await
}

/// Answers a webhook that is not signed as it should be. Whoever sends many is not told why, and not written down each time; what is
/// signed gets in all the same.
pub fn record_forgery(state: &AppState, from: Option<IpAddr>, why: &'static str) -> Response {
    match state.limits.forgery(from) {
        Ok(()) => {
            tracing::warn!(why, "Refused a webhook");
            (StatusCode::BAD_REQUEST, why).into_response()
        }
        Err(error) => reject(&error),
    }
}

/// An answer that costs nothing.
pub fn reject(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, error.to_string()).into_response();
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
    response
}

/// No address of this program is as long, in bytes; a longer one is more than a file's name can be.
const MAX_PATH_BYTES: usize = 255;

/// Addresses that this program cannot have, and that scanners ask every site for.
fn is_scanner_path(path: &str) -> bool {
    const FOLDERS: [&str; 8] =
        ["wp-admin", "wp-content", "wp-includes", "wp-json", "cgi-bin", "phpmyadmin", "vendor", "actuator"];
    const KINDS: [&str; 9] = [".php", ".asp", ".aspx", ".jsp", ".cgi", ".env", ".sql", ".bak", ".ini"];
    let mut segments = path.split('/').skip(1);
    let hidden = |segment: &str| segment.starts_with('.') && segment != ".well-known";
    path.len() > MAX_PATH_BYTES
        || segments.any(|segment| {
            let segment = segment.to_ascii_lowercase();
            hidden(&segment) || FOLDERS.contains(&segment.as_str()) || KINDS.iter().any(|kind| segment.ends_with(kind))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("/wp-login.php", true)]
    #[case("/blog/WP-Admin/install", true)]
    #[case("/.env", true)]
    #[case("/.git/config", true)]
    #[case("/api/.env.production", true)]
    #[case("/cgi-bin/luci", true)]
    #[case("/", false)]
    #[case("/products/php-for-beginners", false)]
    #[case("/.well-known/security.txt", false)]
    #[case("/pkg/lectern.css", false)]
    #[case("/robots.txt", false)]
    #[case("/products/vendor-management", false)]
    fn scanners_are_known_by_what_they_ask_for(#[case] path: &str, #[case] scanner: bool) {
        assert_eq!(is_scanner_path(path), scanner);
    }
}
