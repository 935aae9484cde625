//! The frame of the page that is rendered, read from its request.

use crate::{
    frame::Frame,
    platform::cookies,
    server::{http::viewer, state::AppState},
    users::Viewer,
};
use http::request::Parts;
use leptos::{nonce::Nonce, prelude::*};

/// Returns the viewer of the page that is rendered, or a visitor when the sender is not known.
pub fn viewer_of_request() -> Viewer {
    use_context::<Parts>().and_then(|parts| viewer::of(&parts.extensions).ok()).unwrap_or_default()
}

/// Returns the flash message that the previous request left for this page.
pub fn flash() -> Option<String> {
    let https = use_context::<AppState>()?.config.is_https();
    cookies::get_flash(&use_context::<Parts>()?.headers, https)
}

/// Provides the nonce of the content security policy to the page's scripts, and returns the theme for `<html data-theme>`.
pub fn start_page() -> Option<String> {
    if let Some(nonce) = use_context::<Parts>().and_then(|parts| parts.extensions.get::<Nonce>().cloned()) {
        provide_context(nonce);
    }
    theme()
}

/// Returns the frame of the page that is rendered.
pub fn frame() -> Frame {
    let state = use_context::<AppState>().map(|state| (state.school.names(), state.identity.provider()));
    let (school, identity_provider) = state.unwrap_or_default();
    Frame { viewer: viewer_of_request(), school, identity_provider, theme: theme() }
}

fn theme() -> Option<String> {
    let parts = use_context::<Parts>()?;
    cookies::get(&parts.headers, cookies::THEME).filter(|theme| theme == "paper" || theme == "night")
}
