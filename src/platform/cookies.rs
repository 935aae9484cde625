//! Cookies: the session, an opened link, the theme, and the flash message, which the next page shows once.

use chrono::TimeDelta;
use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header::COOKIE};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::platform::config::Config;

pub const THEME: &str = "theme";
/// The time zone of an admin's browser. The back office sets it, for its own path only.
pub const ZONE: &str = "tz";

/// Name of the session cookie. Over TLS it has the `__Host-` prefix, so that no other host can set it.
pub const fn session_name(https: bool) -> &'static str {
    if https { "__Host-session" } else { "session" }
}

/// Name of the flash cookie. Over TLS it has the `__Host-` prefix, so that no other host can set it.
pub const fn flash_name(https: bool) -> &'static str {
    if https { "__Host-flash" } else { "flash" }
}

/// Name of the cookie of a link that was opened and not used yet. Over TLS it has the `__Host-` prefix.
pub const fn link_name(https: bool) -> &'static str {
    if https { "__Host-link" } else { "link" }
}

/// Returns the value of a cookie by its exact name. Other cookies are ignored, even malformed ones.
pub fn get(headers: &HeaderMap, name: &str) -> Option<String> {
    let sent = headers.get_all(COOKIE).into_iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    sent.flat_map(Cookie::split_parse)
        .flatten()
        .find_map(|cookie| (cookie.name() == name && !cookie.value().is_empty()).then(|| cookie.value().to_owned()))
}

/// Sets the session cookie.
pub fn session(config: &Config, token: &str, lasts: TimeDelta) -> Option<HeaderValue> {
    hidden(config, session_name(config.is_https()), token, lasts)
}

/// Sets the cookie of an opened link, until the link is used.
pub fn link(config: &Config, token: &str, lasts: TimeDelta) -> Option<HeaderValue> {
    hidden(config, link_name(config.is_https()), token, lasts)
}

/// A cookie that scripts cannot read (`HttpOnly`).
fn hidden(config: &Config, name: &str, value: &str, lasts: TimeDelta) -> Option<HeaderValue> {
    let cookie = Cookie::build((name, value))
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .max_age(max_age(lasts));
    cookie.to_string().parse().ok()
}

/// `Max-Age` in the type of the cookie crate, which is the only place where that type is needed.
const fn max_age(lasts: TimeDelta) -> cookie::time::Duration {
    cookie::time::Duration::seconds(lasts.num_seconds())
}

/// Sets the theme. Scripts may read and set it, because the switch changes it without a request.
pub fn theme(config: &Config, theme: &str, lasts: TimeDelta) -> Option<HeaderValue> {
    let cookie = Cookie::build((THEME, theme))
        .path("/")
        .same_site(SameSite::Lax)
        .secure(config.is_https())
        .max_age(max_age(lasts));
    cookie.to_string().parse().ok()
}

/// Maximum length of a flash message, in characters.
const FLASH: usize = 200;

/// Sets the flash message for the next page, which is loaded within a minute or not at all.
pub fn flash(config: &Config, words: &str) -> Option<HeaderValue> {
    let words: String = words.chars().take(FLASH).collect();
    let words = utf8_percent_encode(&words, NON_ALPHANUMERIC).to_string();
    hidden(config, flash_name(config.is_https()), &words, TimeDelta::minutes(1))
}

/// Deletes the flash message after it was shown.
pub fn no_flash(config: &Config) -> Option<HeaderValue> {
    hidden(config, flash_name(config.is_https()), "", TimeDelta::zero())
}

/// Returns the flash message of the last request.
pub fn get_flash(headers: &HeaderMap, https: bool) -> Option<String> {
    let words = get(headers, flash_name(https))?;
    let words = percent_decode_str(&words).decode_utf8().ok()?;
    Some(words.chars().filter(|letter| !letter.is_control()).take(FLASH).collect())
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

    #[test]
    fn a_flash_message_is_read_by_the_next_page() {
        let config = Config::for_tests("");
        let said = "Saved “Light & shadow; 100 %”, 5 € → 6 €.";
        let left = flash(&config, said).unwrap();
        let sent = left.to_str().unwrap().split(';').next().unwrap().parse().unwrap();
        let headers = [(COOKIE, sent)].into_iter().collect();
        assert_eq!(get_flash(&headers, false).as_deref(), Some(said));
        assert_eq!(get_flash(&headers, true), None, "over TLS only a name that no neighbour can set is read");
        assert!(flash(&config, &"é".repeat(5000)).unwrap().len() < 1400);
    }
}
