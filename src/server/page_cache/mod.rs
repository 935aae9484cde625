//! Page cache for signed-out visitors, invalidated when the catalogue changes.
//!
//! Only responses without a session, a flash message, a query string or an error are stored, for ten seconds at most. Every server is
//! notified of a change of the catalogue ([`crate::server::page_cache::invalidation`]) and then starts a new generation: pages that were
//! stored in an older one, or are being rendered in it, are never served again. Every response gets its own nonce. The country is
//! part of the key, because prices differ by country.

pub mod invalidation;

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http::{
    HeaderMap, HeaderValue, Method, StatusCode,
    header::{CONTENT_SECURITY_POLICY, SET_COOKIE},
};
use http_body_util::{BodyExt, Limited};
use leptos::nonce::Nonce;
use moka::sync::Cache;

use crate::{
    country::Country, identity::authentication::Identity, platform::cookies, server::http::client_ip::ClientInfo,
};

/// A page is served from the cache for this long when nothing changes.
const MAX_AGE: Duration = Duration::from_secs(10);
/// The memory for cached pages.
const MAX_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// A larger page is an error, because no page of ours is that large.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// The page cache of this server.
#[derive(Clone)]
pub struct PageCache {
    pages: Cache<Key, Arc<Page>>,
    generation: Arc<AtomicU64>,
    /// Whether notifications of changes arrive. While they do not, nothing is cached.
    subscribed: Arc<AtomicBool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    generation: u64,
    path: String,
    theme: Option<String>,
    country: Option<Country>,
}

/// A stored page, split where its nonce was.
struct Page {
    headers: HeaderMap,
    policy: Vec<String>,
    body: Vec<Bytes>,
}

impl Default for PageCache {
    fn default() -> Self {
        let size = |_: &Key, page: &Arc<Page>| {
            page.body.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX)).sum()
        };
        let pages = Cache::builder().max_capacity(MAX_CACHE_BYTES).weigher(size).time_to_live(MAX_AGE).build();
        Self { pages, generation: Arc::default(), subscribed: Arc::default() }
    }
}

impl PageCache {
    /// Starts a new generation, because the catalogue changed or may have changed unnoticed.
    pub fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Records whether notifications of changes arrive.
    pub fn set_subscribed(&self, subscribed: bool) {
        self.subscribed.store(subscribed, Ordering::SeqCst);
    }

    #[cfg(test)]
    pub fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::SeqCst)
    }

    /// Returns the key for a request whose response is the same for every signed-out visitor.
    fn key(&self, request: &Request, identity: &Identity) -> Option<Key> {
        let path = request.uri().path();
        let shared = path == "/" || path.starts_with("/products/") || path.contains("/lessons/");
        let anonymous = request.uri().query().is_none()
            && !identity.has_credentials(request.headers())
            && [true, false]
                .into_iter()
                .all(|https| cookies::get(request.headers(), cookies::flash_name(https)).is_none());
        if !(shared && anonymous && request.method() == Method::GET && self.subscribed.load(Ordering::SeqCst)) {
            return None;
        }
        let theme =
            cookies::get(request.headers(), cookies::THEME).filter(|theme| theme == "paper" || theme == "night");
        let country = ClientInfo::of(request).country;
        Some(Key { generation: self.generation.load(Ordering::SeqCst), path: path.to_owned(), theme, country })
    }
}

/// Middleware that responds with a cached page, or stores the response.
pub async fn serve_or_store(
    State(cache): State<PageCache>,
    State(identity): State<Identity>,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = cache.key(&request, &identity) else { return next.run(request).await };
    if let Some(page) = cache.pages.get(&key) {
        return page.to_response();
    }
    let (parts, body) = next.run(request).await.into_parts();
    let Some(nonce) = nonce_of(&parts.headers).filter(|_| parts.status == StatusCode::OK) else {
        return Response::from_parts(parts, body);
    };
    let Ok(body) = Limited::new(body, MAX_PAGE_BYTES).collect().await else {
        tracing::error!(path = key.path, "Page is too large for the page cache");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = body.to_bytes();
    if let Some(page) = Page::split(parts.headers.clone(), &body, &nonce) {
        cache.pages.insert(key, Arc::new(page));
    }
    Response::from_parts(parts, Body::from(body))
}

/// Returns the nonce in a page's content security policy.
fn nonce_of(headers: &HeaderMap) -> Option<String> {
    let policy = headers.get(CONTENT_SECURITY_POLICY)?.to_str().ok()?;
    let (_, rest) = policy.split_once("'nonce-")?;
    rest.split_once('\'').map(|(nonce, _)| nonce.to_owned())
}

impl Page {
    /// Splits a page at its nonce. A page that sets a cookie is for one visitor, and is not stored.
    fn split(mut headers: HeaderMap, body: &Bytes, nonce: &str) -> Option<Self> {
        if headers.contains_key(SET_COOKIE) {
            return None;
        }
        let policy = headers.remove(CONTENT_SECURITY_POLICY)?;
        let policy = policy.to_str().ok()?.split(nonce).map(str::to_owned).collect();
        let text = std::str::from_utf8(body).ok()?;
        let body = text.split(nonce).map(|part| body.slice_ref(part.as_bytes())).collect();
        Some(Self { headers, policy, body })
    }

    /// Returns the page with a new nonce.
    fn to_response(&self) -> Response {
        let nonce = Nonce::new().to_string();
        let mut response = Body::from(self.body.join(nonce.as_bytes())).into_response();
        *response.headers_mut() = self.headers.clone();
        if let Ok(policy) = HeaderValue::from_str(&self.policy.join(&nonce)) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
