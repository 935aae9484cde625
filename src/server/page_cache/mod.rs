//! Kept pages: what looks the same to every visitor is rendered once and kept until the catalogue changes.
//!
//! Only pages without a session, a flash, a query or an error are kept, for ten seconds at most. A change of the catalogue reaches every
//! server at once ([`crate::server::page_cache::invalidation`]); each then counts a new generation, and what was kept or is being rendered under an older
//! one is never shown again. Every answer gets a nonce of its own. Prices differ by country: nobody sees a page that was made for
//! another's.

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

/// How long a page is kept when nothing changes.
const MAX_AGE: Duration = Duration::from_secs(10);
/// The memory that kept pages may take, in bytes.
const MAX_CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// A page that is larger is not kept, in bytes.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

#[derive(Clone)]
pub struct PageCache {
    pages: Cache<Key, Arc<Page>>,
    generation: Arc<AtomicU64>,
    /// Whether changes reach us. While they do not, nothing is kept.
    subscribed: Arc<AtomicBool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    generation: u64,
    path: String,
    theme: Option<String>,
    country: Option<Country>,
}

/// A page, cut wherever its nonce stood.
struct Page {
    headers: HeaderMap,
    policy: Vec<String>,
    body: Vec<Bytes>,
}

impl Default for PageCache {
    fn default() -> Self {
        let weigh = |_: &Key, page: &Arc<Page>| {
            page.body.iter().map(|part| u32::try_from(part.len()).unwrap_or(u32::MAX)).sum()
        };
        let pages = Cache::builder().max_capacity(MAX_CACHE_BYTES).weigher(weigh).time_to_live(MAX_AGE).build();
        Self { pages, generation: Arc::default(), subscribed: Arc::default() }
    }
}

impl PageCache {
    /// The catalogue changed, or may have while we were not told.
    pub fn invalidate(&self) {
        self.generation.fetch_add(1, Ordering::SeqCst);
    }

    pub fn set_subscribed(&self, subscribed: bool) {
        self.subscribed.store(subscribed, Ordering::SeqCst);
    }

    #[cfg(test)]
    pub fn is_subscribed(&self) -> bool {
        self.subscribed.load(Ordering::SeqCst)
    }

    /// What a request would be kept under; nothing when its answer is for one person only.
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

/// Answers with a kept page, or keeps the answer.
pub async fn serve_or_store(
    State(cache): State<PageCache>,
    State(identity): State<Identity>,
    request: Request,
    next: Next,
) -> Response {
    let Some(key) = cache.key(&request, &identity) else { return next.run(request).await };
    if let Some(page) = cache.pages.get(&key) {
        return page.show();
    }
    let (parts, body) = next.run(request).await.into_parts();
    let Some(nonce) = nonce_of(&parts.headers).filter(|_| parts.status == StatusCode::OK) else {
        return Response::from_parts(parts, body);
    };
    let Ok(body) = Limited::new(body, MAX_PAGE_BYTES).collect().await else {
        tracing::error!(path = key.path, "A page is larger than what can be kept");
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = body.to_bytes();
    if let Some(page) = Page::cut(parts.headers.clone(), &body, &nonce) {
        cache.pages.insert(key, Arc::new(page));
    }
    Response::from_parts(parts, Body::from(body))
}

/// The nonce that a page's policy names.
fn nonce_of(headers: &HeaderMap) -> Option<String> {
    let policy = headers.get(CONTENT_SECURITY_POLICY)?.to_str().ok()?;
    let (_, rest) = policy.split_once("'nonce-")?;
    rest.split_once('\'').map(|(nonce, _)| nonce.to_owned())
}

impl Page {
    fn cut(mut headers: HeaderMap, body: &Bytes, nonce: &str) -> Option<Self> {
        if headers.contains_key(SET_COOKIE) {
            return None;
        }
        let policy = headers.remove(CONTENT_SECURITY_POLICY)?;
        let policy = policy.to_str().ok()?.split(nonce).map(str::to_owned).collect();
        let text = std::str::from_utf8(body).ok()?;
        let body = text.split(nonce).map(|part| body.slice_ref(part.as_bytes())).collect();
        Some(Self { headers, policy, body })
    }

    /// The page with a nonce of its own.
    fn show(&self) -> Response {
        let nonce = Nonce::new().to_string();
        let mut response = Body::from(self.body.join(nonce.as_bytes())).into_response();
        *response.headers_mut() = self.headers.clone();
        if let Ok(policy) = HeaderValue::from_str(&self.policy.join(&nonce)) {
            response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}
