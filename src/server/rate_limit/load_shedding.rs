//! Middleware that rejects scanners, floods and overload before authentication, without a database query.

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

/// Admits a request, unless its path is one that scanners look for, its address exceeded its limit, or all slots are in use.
pub async fn admit(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    if is_scanner_path(path) {
        return (StatusCode::NOT_FOUND, Error::NotFound.to_string()).into_response();
    }
    // Health checks are answered under any load.
    if matches!(path, "/healthz" | "/readyz") {
        return next.run(request).await;
    }
    if let Err(error) = state.limits.request(ClientInfo::of(&request).address) {
        return reject(&error);
    }
    let Some(_slot) = state.limits.try_acquire_slot() else { return reject(&Error::Unavailable) };
    next.run(request).await
}

/// Responds to a webhook with an invalid signature. An address that sends many gets no reason, and no further lines in the log; signed
/// webhooks from there are processed all the same.
pub fn record_forgery(state: &AppState, address: Option<IpAddr>, reason: &'static str) -> Response {
    match state.limits.forgery(address) {
        Ok(()) => {
            tracing::warn!(reason, "Rejected a webhook");
            (StatusCode::BAD_REQUEST, reason).into_response()
        }
        Err(error) => reject(&error),
    }
}

/// Returns an error as plain text, which needs no query and no rendering.
pub fn reject(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, error.to_string()).into_response();
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, wait.into());
    }
    response
}

/// No path of this program is longer, and file systems have no longer names.
const MAX_PATH_BYTES: usize = 255;

/// Returns whether a path is one that this program cannot have and that scanners request from every site.
fn is_scanner_path(path: &str) -> bool {
    const FOLDERS: [&str; 8] =
        ["wp-admin", "wp-content", "wp-includes", "wp-json", "cgi-bin", "phpmyadmin", "vendor", "actuator"];
    const EXTENSIONS: [&str; 9] = [".php", ".asp", ".aspx", ".jsp", ".cgi", ".env", ".sql", ".bak", ".ini"];
    let mut segments = path.split('/').skip(1);
    let hidden = |segment: &str| segment.starts_with('.') && segment != ".well-known";
    path.len() > MAX_PATH_BYTES
        || segments.any(|segment| {
            let segment = segment.to_ascii_lowercase();
            hidden(&segment)
                || FOLDERS.contains(&segment.as_str())
                || EXTENSIONS.iter().any(|extension| segment.ends_with(extension))
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
    fn scanners_are_recognized_by_their_paths(#[case] path: &str, #[case] scanner: bool) {
        assert_eq!(is_scanner_path(path), scanner);
    }
}
