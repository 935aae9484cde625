//! What the sandbox's own pages share: the frame, the style, and the headers that let nothing else in.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::sandbox::{error::ApiError, store::new_id};

/// A page to be sent: its title, its content, and where its forms may lead.
pub struct Page {
    pub status: StatusCode,
    pub title: String,
    pub wide: bool,
    /// Addresses outside the sandbox that a button leads to. Browsers check redirects after a form against them too.
    pub leads_to: Vec<String>,
    pub content: Markup,
}

impl Page {
    pub fn new(title: impl Into<String>, content: Markup) -> Self {
        Self { status: StatusCode::OK, title: title.into(), wide: false, leads_to: Vec::new(), content }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let nonce = new_id("");
        let markup = html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="robots" content="noindex";
                    title { (self.title) }
                    link rel="icon" href="data:,";
                    style nonce=(nonce) { (PreEscaped(include_str!("style.css"))) }
                }
                body {
                    main class=[self.wide.then_some("wide")] { (self.content) }
                }
            }
        };
        let mut response = (self.status, markup).into_response();
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; img-src data:; form-action 'self'{}; base-uri 'none'; frame-ancestors 'none'",
            self.leads_to.iter().filter_map(|address| origin(address)).fold(String::new(), |all, one| all + " " + &one),
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// The origin of an address as a policy may name it; a whole scheme where it may not (numeric IPv6 hosts).
fn origin(address: &str) -> Option<String> {
    let url = reqwest::Url::parse(address).ok()?;
    let numeric6 = url.host_str()?.starts_with('[');
    Some(if numeric6 { format!("{}:", url.scheme()) } else { url.origin().ascii_serialization() })
}

/// Sends a browser to another address with a 303.
pub fn go_to(address: &str) -> Response {
    // Parsing writes the address in ASCII, as a header needs it.
    let written = reqwest::Url::parse(address).map_or_else(|_| address.to_owned(), |url| url.to_string());
    Redirect::to(&written).into_response()
}

/// A page for what went wrong, with a way back.
pub fn failed(error: &ApiError) -> Response {
    let content = html! {
        h1 { "That did not work" }
        p.alert role="alert" { (error.message) }
        p { a href="/" { "All sandbox sessions" } }
    };
    Page { status: error.status, ..Page::new("That did not work: sandbox", content) }.into_response()
}

/// Adds the headers that every page has, and turns away forms that another site made the browser send.
pub async fn protect(request: Request, next: Next) -> Response {
    let mut response = if request.method().is_safe() || !from_elsewhere(request.headers()) {
        next.run(request).await
    } else {
        failed(&ApiError {
            status: StatusCode::FORBIDDEN,
            ..ApiError::invalid("Press the button on the sandbox's own page.")
        })
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Browsers say where a form comes from (<https://www.w3.org/TR/fetch-metadata/>); other programs say nothing.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}
