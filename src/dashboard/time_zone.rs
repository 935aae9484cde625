//! The time zone of the dashboard's days. The browser knows it, and stores it in a cookie for the pages that the server renders.

#[cfg(feature = "ssr")]
use crate::platform::cookies;

/// The default zone.
pub const UTC: &str = "UTC";

/// Whether a text has the form of a zone name in the IANA database: `Europe/Berlin`, `Etc/GMT+3`, `UTC`. PostgreSQL would accept
/// more than these, such as POSIX rules.
pub fn is_name(zone: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '+'))
    };
    let area = zone.split('/').next().unwrap_or_default();
    zone == UTC
        || (zone.len() <= 64
            && zone.contains('/')
            && zone.split('/').all(part)
            && area.chars().all(|c| c.is_ascii_alphabetic()))
}

/// The zone of this browser; `None` on the server.
#[cfg(not(feature = "ssr"))]
pub fn of_browser() -> Option<String> {
    use leptos::wasm_bindgen::JsValue;
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new()).resolved_options();
    let zone = js_sys::Reflect::get(&options, &JsValue::from_str("timeZone")).ok()?.as_string()?;
    is_name(&zone).then_some(zone)
}

#[cfg(feature = "ssr")]
pub fn of_browser() -> Option<String> {
    None
}

/// Stores the zone in a cookie of the back office. Does nothing on the server.
#[cfg(not(feature = "ssr"))]
pub fn store(zone: &str) {
    use leptos::{prelude::*, wasm_bindgen::JsCast};
    let secure = if location().protocol().is_ok_and(|protocol| protocol == "https:") { "; Secure" } else { "" };
    let cookie = format!("tz={zone}; Path=/admin; Max-Age=31536000; SameSite=Lax{secure}");
    // A sandboxed page may have no cookies. Then every page is loaded twice.
    drop(document().unchecked_into::<leptos::web_sys::HtmlDocument>().set_cookie(&cookie));
}

#[cfg(feature = "ssr")]
pub fn store(_: &str) {}

/// The zone in the cookie of the request that is rendered.
#[cfg(feature = "ssr")]
pub fn from_cookie() -> Option<String> {
    let parts = leptos::prelude::use_context::<http::request::Parts>()?;
    cookies::get(&parts.headers, cookies::ZONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("UTC", true)]
    #[case("Europe/Berlin", true)]
    #[case("America/Argentina/Buenos_Aires", true)]
    #[case("Etc/GMT+3", true)]
    #[case("America/Port-au-Prince", true)]
    #[case("", false)]
    #[case("FOO+3", false)]
    #[case("ABC+2/3", false)]
    #[case("../etc/passwd", false)]
    #[case("Europe/", false)]
    #[case("Europe/Berlin; Path=/", false)]
    fn a_zone_is_a_name_and_nothing_else(#[case] zone: &str, #[case] expected: bool) {
        assert_eq!(is_name(zone), expected);
    }
}
