//! Layout of all pages: the document, the style sheet, and the security headers.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Redirect, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::sandbox::{error::ApiError, ids::new_id};

/// The response with a page: its title, its content, and where its forms may redirect to.
pub struct Page {
    pub status: StatusCode,
    pub title: String,
    pub wide: bool,
    /// URLs outside the sandbox that a form may redirect to. Browsers check redirects against `form-action`, too.
    pub redirect_urls: Vec<String>,
    pub content: Markup,
}

impl Page {
    /// Creates a page with status 200 that stays within the sandbox.
    pub fn new(title: impl Into<String>, content: Markup) -> Self {
        Self { status: StatusCode::OK, title: title.into(), wide: false, redirect_urls: Vec::new(), content }
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
            self.redirect_urls
                .iter()
                .filter_map(|url| origin(url))
                .fold(String::new(), |all, origin| all + " " + &origin),
        );
        if let Ok(policy) = HeaderValue::from_str(&policy) {
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

/// Returns the origin of a URL, as a content security policy may name it. For a numeric IPv6 host, which a policy may not name, it is
/// the scheme.
fn origin(url: &str) -> Option<String> {
    let url = reqwest::Url::parse(url).ok()?;
    let is_ipv6 = url.host_str()?.starts_with('[');
    Some(if is_ipv6 { format!("{}:", url.scheme()) } else { url.origin().ascii_serialization() })
}

/// Redirects to a URL outside the sandbox with status 303.
pub fn redirect(url: &str) -> Response {
    // A header must be ASCII. Parsing encodes the URL accordingly.
    let ascii = reqwest::Url::parse(url).map_or_else(|_| url.to_owned(), |url| url.to_string());
    Redirect::to(&ascii).into_response()
}

/// Renders the page for an error, with a link back to the dashboard.
pub fn error_page(error: &ApiError) -> Response {
    let content = html! {
        h1 { "Request failed" }
        p.alert role="alert" { (error.message) }
        p { a href="/" { "Back to the dashboard" } }
    };
    Page { status: error.status, ..Page::new("Request failed: Stripe sandbox", content) }.into_response()
}

/// Middleware that adds the security headers, and rejects forms that another site sends.
pub async fn protect(request: Request, next: Next) -> Response {
    let mut response = if request.method().is_safe() || !is_cross_site(request.headers()) {
        next.run(request).await
    } else {
        error_page(&ApiError {
            status: StatusCode::FORBIDDEN,
            ..ApiError::invalid("This form was sent by another site. Send it from the sandbox’s page.")
        })
    };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Whether another site caused the request. Browsers say so (<https://www.w3.org/TR/fetch-metadata/>); other programs send no such
/// header.
fn is_cross_site(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site != "same-origin" && site != "none")
}
