//! Our two cookies: the session and the theme.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use time::Duration;

use super::config::Config;

pub const THEME: &str = "theme";
/// The time zone of an admin's browser. The back office sets it, and gets it alone.
pub const ZONE: &str = "tz";

/// The session's cookie. Over TLS its name is one that no neighbouring host can set.
pub const fn session_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// The value of a cookie that the browser sent, by its exact name. What other cookies hold is nobody's business, and no hindrance.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(COOKIE).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    sent.flat_map(Cookie::split_parse)
        .flatten()
        .find_map(|cookie| (cookie.name() == name && !cookie.value().is_empty()).then(|| cookie.value().to_owned()))
}

/// Keeps a session token in the browser.
pub fn session(config: &Config, token: &str, lasts: Duration) -> Option<HeaderValue> {
    let cookie = Cookie::build((session_name(config.is_https()), token))
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

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use rstest::rstest;

    #[rstest]
    #[case::alone(b"session=a", Some("a"))]
    #[case::beside_anything(b"x=\xc3\xa9; session=a; y=\xff", Some("a"))]
    #[case::of_another_name(b"__Host-session=b", None)]
    #[case::empty(b"session=", None)]
    fn a_session_is_read_by_its_exact_name(#[case] sent: &[u8], #[case] token: Option<&str>) {
        let headers = [(COOKIE, HeaderValue::from_bytes(sent).unwrap())].into_iter().collect();
        assert_eq!(get(&headers, session_name(false)).as_deref(), token);
    }
}
