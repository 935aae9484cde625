//! The frame of the page that is rendered, read from the request.

use crate::{
    error::Result,
    frame::Frame,
    platform::cookies,
    server::state::AppState,
    users::Viewer,
};
use http::request::Parts;
use leptos::{nonce::Nonce, prelude::*};

/// The viewer of the page that is rendered; a visitor where it cannot be known.
pub fn viewer_of_request() -> Viewer {
    use_context::<Parts>()
        .and_then(|parts| parts.extensions.get::<Result<Viewer>>().cloned())
        .and_then(Result::ok)
        .unwrap_or_default()
}

/// What the last request says on this page.
pub fn flash() -> Option<String> {
    let https = use_context::<AppState>()?.config.is_https();
    cookies::get_flash(&use_context::<Parts>()?.headers, https)
}

/// Begins a page: gives its scripts the nonce of its policy, and returns the theme for `<html data-theme>`.
pub fn begin() -> Option<String> {
    if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
        provide_context(nonce);
    }
    theme()
}

/// Who looks, at which school, in which light.
pub fn frame() -> Frame {
    let told = use_context::<AppState>().map(|state| (state.school.names(), state.identity.provider()));
    let (school, identity_provider) = told.unwrap_or_default();
    Frame { viewer: viewer_of_request(), school, identity_provider, theme: theme() }
}

fn theme() -> Option<String> {
    let parts = use_context::<Parts>()?;
    cookies::get(&parts.headers, cookies::THEME).filter(|theme| theme == "paper" || theme == "night")
}
