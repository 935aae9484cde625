//! What every answer carries and every request has to pass.

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LINK, LOCATION, ORIGIN, REFERRER_POLICY,
        X_CONTENT_TYPE_OPTIONS,
    },
};

use leptos::nonce::Nonce;
use server_fn::redirect::REDIRECT_HEADER;

use super::config::Config;
use crate::{paths, ui::FONTS};

/// For answers that are not pages: nothing may run in them.
const CLOSED: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Makes a page that leads elsewhere a redirect, whoever asks: Leptos does so only for those who accept HTML, and answers the others
/// with 200 and a header for its own router, which a page's reader may not know and a cache may keep.
///
/// Gives every other HTML page its policy: our own scripts by nonce, wasm, pictures, and YouTube's frame. No inline style, no other host. A
/// Buy form may be sent on to where one pays; `cargo leptos watch` may tell of a rebuild. Fonts are named in the style sheet; said
/// here, they come beside it and not after it.
pub fn guard_page(response: &mut Response, nonce: &Nonce, config: &Config) {
    let html = |kind: &HeaderValue| kind.as_bytes().starts_with(b"text/html");
    if !response.headers().get(CONTENT_TYPE).is_some_and(html) {
        return;
    }
    if response.headers().contains_key(LOCATION) && response.status().is_success() {
        *response.status_mut() = StatusCode::FOUND;
        response.headers_mut().remove(REDIRECT_HEADER);
    }
    if response.status().is_redirection() {
        return;
    }
    let connect = if config.watched { "'self' ws:" } else { "'self'" };
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; font-src 'self'; \
         img-src 'self' https: data:; connect-src {connect}; frame-src https://www.youtube-nocookie.com; \
         form-action 'self' {}; base-uri 'none'; frame-ancestors 'none'",
        config.pays_at()
    );
    let fonts = FONTS.map(|font| format!("<{font}>; rel=preload; as=font; type=\"font/woff2\"; crossorigin"));
    let headers = response.headers_mut();
    for (name, value) in [(CONTENT_SECURITY_POLICY, policy), (LINK, fonts.join(", "))] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
}

/// Headers of every answer, and the caching of files by their kind.
pub async fn headers(request: Request, next: Next) -> Response {
    let cache = cache_control(request.uri().path());
    let mut response = next.run(request).await;
    let status = response.status();
    let ok = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin"));
    headers.insert(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), geolocation=(), microphone=(), payment=()"),
    );
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    // A redirect shows nothing, and its policy must not be taken for that of the page it leads to.
    if !status.is_redirection() {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(CLOSED);
    }
    if ok || cache == PRIVATE {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    }
    response
}

const PRIVATE: &str = "private, no-cache";

/// Hashed names never change; pictures of ours seldom; a page is for its viewer and is asked for again.
fn cache_control(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("pkg" | "fonts" | "pictures") => "public, max-age=31536000, immutable",
        Some("covers" | "favicon.svg") => "public, max-age=86400",
        _ => PRIVATE,
    }
}

/// Refuses state changes that another site's page sends: by `Sec-Fetch-Site`, or by `Origin` where a browser lacks it.
/// Webhooks are signed instead. A token in a header is no excuse: it passes here like everything else.
pub async fn same_site(request: Request, next: Next) -> Response {
    if request.method() == Method::CONNECT {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe
        || [paths::STRIPE_WEBHOOK, paths::CLERK_WEBHOOK].contains(&request.uri().path())
        || is_own(request.headers())
    {
        return next.run(request).await;
    }
    tracing::warn!("Refused a request that another site's page sent");
    (StatusCode::FORBIDDEN, "This request came from another site's page.").into_response()
}

fn is_own(headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text(HeaderName::from_static("sec-fetch-site")) {
        return site == "same-origin" || site == "none";
    }
    match text(ORIGIN) {
        None => true,
        Some(origin) => origin.split_once("://").map(|(_, host)| host) == text(HOST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::a_form_of_ours(&[("sec-fetch-site", "same-origin")], true)]
    #[case::typed_in(&[("sec-fetch-site", "none")], true)]
    #[case::another_site(&[("sec-fetch-site", "cross-site")], false)]
    #[case::a_neighbour(&[("sec-fetch-site", "same-site")], false)]
    #[case::an_older_browser(&[("origin", "https://a.example"), ("host", "a.example")], true)]
    #[case::an_older_browser_elsewhere(&[("origin", "https://b.example"), ("host", "a.example")], false)]
    #[case::a_sandboxed_frame(&[("origin", "null"), ("host", "a.example")], false)]
    #[case::no_browser(&[], true)]
    fn who_may_change_state(#[case] sent: &[(&'static str, &'static str)], #[case] own: bool) {
        let headers = sent
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(is_own(&headers), own);
    }
}
