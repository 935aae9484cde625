//! Security headers of every response, the content security policy of pages, and the check of cross-site requests.

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
    header::{
        CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, LINK, LOCATION, ORIGIN, REFERER, REFERRER_POLICY,
        RETRY_AFTER, STRICT_TRANSPORT_SECURITY, VARY, X_CONTENT_TYPE_OPTIONS,
    },
};

use leptos::nonce::Nonce;
use server_fn::redirect::REDIRECT_HEADER;
use tower_http::set_header::SetResponseHeaderLayer;

use crate::{
    paths,
    platform::{clock, config::Config},
    server::state::AppState,
    ui::FONTS,
};

/// The policy of responses that are not pages: nothing in them may be loaded or run.
const NO_CONTENT_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");

/// Sets the content security policy of an HTML page: our own scripts by nonce, wasm, pictures, and YouTube's frame; no inline style, no
/// other host. A Buy form may be redirected to the payment page; `cargo leptos watch` may announce a rebuild. The fonts are named in the
/// style sheet; the `Link` header makes the browser load them beside it and not after it.
///
/// A redirect that was made inside a page becomes a real one for every client. Leptos does that only for clients that accept HTML; the
/// others get status 200 and a header for its own router, which they may not know and a cache may store.
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

type SetHeader = SetResponseHeaderLayer<HeaderValue>;

/// Sets the headers that are the same in every response.
pub fn fixed_headers(
    https: bool,
) -> (SetHeader, SetHeader, SetHeader, SetHeader, SetResponseHeaderLayer<Option<HeaderValue>>) {
    let set = |name, value| SetHeader::overriding(name, HeaderValue::from_static(value));
    let strict_transport = https.then(|| HeaderValue::from_static("max-age=31536000"));
    (
        set(X_CONTENT_TYPE_OPTIONS, "nosniff"),
        set(REFERRER_POLICY, "strict-origin-when-cross-origin"),
        set(HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=(), payment=()"),
        set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        SetResponseHeaderLayer::overriding(STRICT_TRANSPORT_SECURITY, strict_transport),
    )
}

/// Sets the headers that depend on the path and the status: a layer for one header sees only the response.
pub async fn headers(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let cache = cache_control(request.uri().path());
    let mut response = next.run(request).await;
    let status = response.status();
    let ok = status.is_success() || status == StatusCode::NOT_MODIFIED;
    let headers = response.headers_mut();
    if matches!(status, StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS) {
        headers.entry(RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    // A redirect has no content, and its policy must not be taken for that of the page at its target.
    if !status.is_redirection() {
        headers.entry(CONTENT_SECURITY_POLICY).or_insert(NO_CONTENT_POLICY);
    }
    // Files are also stored compressed. A shared cache has to know that the responses differ.
    if cache != PRIVATE {
        headers.entry(VARY).or_insert(HeaderValue::from_static("accept-encoding"));
    }
    if ok || cache == PRIVATE {
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static(cache));
    }
    check_redirect(&mut response, &state.config);
    response
}

/// The site where Stripe shows its receipts.
const STRIPE_RECEIPTS: &str = "https://pay.stripe.com";

/// Replaces a redirect to an unknown site by one to the start page. Known are paths of this site, the payment page, Stripe's receipts, and
/// Clerk.
fn check_redirect(response: &mut Response, config: &Config) {
    let Some(to) = response.headers().get(LOCATION) else { return };
    let to = to.to_str().unwrap_or_default();
    let (pays, clerk) = (config.pays_at(), config.clerk.as_ref());
    let mut known_sites = [config.url.as_str(), pays.as_str(), STRIPE_RECEIPTS]
        .into_iter()
        .chain(clerk.into_iter().flat_map(|clerk| [clerk.frontend.as_str(), clerk.portal.as_str()]));
    let known = known_sites.any(|site| to.strip_prefix(site).is_some_and(|rest| rest.starts_with('/')));
    if !known && paths::safe_redirect(to) != to {
        tracing::error!("Replaced a redirect to another site");
        response.headers_mut().insert(LOCATION, HeaderValue::from_static(paths::HOME));
    }
}

const PRIVATE: &str = "private, no-cache";

/// Returns the `Cache-Control` of a path. Files with a hash in their name never change, covers seldom do; a page is for its viewer and is
/// requested again.
fn cache_control(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("pkg" | "fonts" | "pictures") => "public, max-age=31536000, immutable",
        Some("covers" | "favicon.svg") => "public, max-age=86400",
        _ => PRIVATE,
    }
}

/// Rejects changes that another site's page requests: by `Sec-Fetch-Site`, or by `Origin` for browsers without it. Webhooks are signed
/// instead; requests with a token in a header are checked like all others. The `Referer` is reduced to a path of this site, or removed,
/// because a form that works without JavaScript redirects there.
pub async fn same_site(mut request: Request, next: Next) -> Response {
    match referring_page(request.headers()) {
        Some(page) => request.headers_mut().insert(REFERER, page),
        None => request.headers_mut().remove(REFERER),
    };
    if request.method() == Method::CONNECT {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if safe
        || [paths::STRIPE_WEBHOOK, paths::CLERK_WEBHOOK].contains(&request.uri().path())
        || is_same_origin(request.headers())
    {
        return next.run(request).await;
    }
    tracing::warn!("Rejected a cross-site request");
    (StatusCode::FORBIDDEN, "This request came from another site's page.").into_response()
}

/// Returns the path in the `Referer`, if it is of this site.
fn referring_page(headers: &HeaderMap) -> Option<HeaderValue> {
    let (_, rest) = headers.get(REFERER)?.to_str().ok()?.split_once("://")?;
    let (host, path) = rest.split_at(rest.find('/')?);
    (host == headers.get(HOST)?.to_str().ok()?).then(|| paths::safe_redirect(path).parse().ok())?
}

/// `GET /.well-known/security.txt`: the contact to report vulnerabilities to. <https://www.rfc-editor.org/rfc/rfc9116>
pub async fn security_txt(State(state): State<AppState>) -> String {
    let config = &state.config;
    let contact = config.security_contact.clone().unwrap_or_else(|| format!("{}/", config.url));
    // Less than a year, as the standard recommends. Whole days, so that every server has the same.
    let expires = (clock::now() + TimeDelta::days(180)).date_naive();
    format!(
        "Contact: {contact}\nExpires: {expires}T00:00:00Z\nPreferred-Languages: en\nCanonical: {}{}\n",
        config.url,
        paths::SECURITY_TXT
    )
}

/// Returns whether a request was sent by a page of this site, by the user directly, or by a program that is no browser.
fn is_same_origin(headers: &HeaderMap) -> bool {
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
    #[case::a_form_of_this_site(&[("sec-fetch-site", "same-origin")], true)]
    #[case::typed_in(&[("sec-fetch-site", "none")], true)]
    #[case::another_site(&[("sec-fetch-site", "cross-site")], false)]
    #[case::another_host_of_the_domain(&[("sec-fetch-site", "same-site")], false)]
    #[case::an_older_browser(&[("origin", "https://a.example"), ("host", "a.example")], true)]
    #[case::an_older_browser_on_another_site(&[("origin", "https://b.example"), ("host", "a.example")], false)]
    #[case::a_sandboxed_frame(&[("origin", "null"), ("host", "a.example")], false)]
    #[case::a_sandboxed_frame_of_a_newer_browser(&[("sec-fetch-site", "cross-site"), ("origin", "null")], false)]
    #[case::an_unknown_value(&[("sec-fetch-site", "tomorrow")], false)]
    #[case::a_program(&[], true)]
    fn only_same_origin_requests_may_change_state(#[case] sent: &[(&'static str, &'static str)], #[case] same: bool) {
        let headers = sent
            .iter()
            .map(|&(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)))
            .collect();
        assert_eq!(is_same_origin(&headers), same);
    }

    #[rstest]
    #[case("https://a.example/courses?page=2", Some("/courses?page=2"))]
    #[case("https://a.example//b.example", Some("/"))]
    #[case("https://b.example/courses", None)]
    #[case("https://a.example.b.example/", None)]
    #[case("https://a.example@b.example/", None)]
    #[case("/courses", None)]
    #[case("", None)]
    fn only_a_referer_of_this_site_is_used(#[case] sent: &'static str, #[case] page: Option<&str>) {
        let sent = [(REFERER, HeaderValue::from_static(sent)), (HOST, HeaderValue::from_static("a.example"))];
        assert_eq!(referring_page(&sent.into_iter().collect()).as_ref().map(|page| page.to_str().unwrap()), page);
    }

    #[rstest]
    #[case("/courses", "/courses")]
    #[case("https://pay.example/c/1", "https://pay.example/c/1")]
    #[case("https://pay.example.b.example/", "/")]
    #[case("https://pay.example@b.example/", "/")]
    #[case("//b.example", "/")]
    #[case("javascript:alert(1)", "/")]
    fn a_redirect_leads_only_to_this_site_or_the_payment_page(#[case] to: &'static str, #[case] target: &str) {
        let mut config = Config::for_tests("https://pay.example");
        config.stripe.sandbox = Some(([127, 0, 0, 1], 1).into());
        let mut response = (StatusCode::SEE_OTHER, [(LOCATION, to)]).into_response();
        check_redirect(&mut response, &config);
        assert_eq!(response.headers()[LOCATION], target);
    }
}
