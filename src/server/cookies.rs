//! Our two cookies: the session and the theme.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use time::Duration;

use super::config::Config;

pub const SESSION: &str = "session";
pub const THEME: &str = "theme";

/// The value of a cookie that the browser sent. Over TLS the session is `__Host-session`, which no neighbour can set.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    sent.flat_map(Cookie::split_parse).flatten().find_map(|cookie| {
        let bare = cookie.name().strip_prefix("__Host-").unwrap_or(cookie.name());
        (bare == name && !cookie.value().is_empty()).then(|| cookie.value().to_owned())
    })
}

/// Keeps a session token in the browser.
pub fn session(config: &Config, token: &str, lasts: Duration) -> Option<HeaderValue> {
    let name = if config.is_https() { "__Host-session" } else { SESSION };
    let cookie = Cookie::build((name, token))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .max_age(lasts);
    cookie.to_string().parse().ok()
}

/// Keeps the theme. Scripts may read and set it: the switch does so without asking us.
pub fn theme(config: &Config, theme: &str, lasts: Duration) -> Option<HeaderValue> {
    let cookie =
        Cookie::build((THEME, theme)).path("/").same_site(SameSite::Lax).secure(config.is_https()).max_age(lasts);
    cookie.to_string().parse().ok()
}
