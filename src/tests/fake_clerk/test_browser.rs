//! A browser that stores cookies and follows redirects, and webhooks signed as Svix signs those of Clerk.

use std::collections::BTreeMap;

use axum::{Router, body::Body, extract::Request};
use http_body_util::BodyExt;
use serde_json::Value;
use standardwebhooks::Webhook;
use tower::ServiceExt;

use crate::{
    platform::{clock, http_client},
    server::state::AppState,
};

/// A browser that stores cookies.
pub struct TestBrowser {
    pub router: Router,
    pub cookies: BTreeMap<String, String>,
}

/// The response to a request, as far as tests read it.
pub struct Seen {
    pub status: u16,
    pub location: Option<String>,
    pub policy: String,
    pub set: Vec<String>,
    pub body: String,
}

impl TestBrowser {
    pub fn at(state: &AppState) -> Self {
        Self { router: crate::boot::router::router(state.clone()), cookies: BTreeMap::new() }
    }

    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.cookies.insert(name.into(), value.into());
        self
    }

    pub async fn open(&mut self, path: &str) -> Seen {
        let page = Request::get(path).header("accept", "text/html").header("sec-fetch-dest", "document");
        self.send(page.body(Body::empty()).unwrap()).await
    }

    pub async fn post(&mut self, path: &str, form: &str) -> Seen {
        let post = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        let post = post.header("sec-fetch-dest", "document").header("sec-fetch-site", "same-origin");
        self.send(post.body(Body::from(form.to_owned())).unwrap()).await
    }

    pub async fn send(&mut self, mut request: Request) -> Seen {
        let cookies: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request.headers_mut().insert("cookie", cookies.join("; ").parse().unwrap());
        }
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let text = |value: &http::HeaderValue| value.to_str().unwrap().to_owned();
        let set: Vec<_> = parts.headers.get_all("set-cookie").into_iter().map(text).collect();
        for cookie in &set {
            let (name, rest) = cookie.split_once('=').unwrap();
            match rest.split(';').next().unwrap() {
                "" => drop(self.cookies.remove(name)),
                value => drop(self.cookies.insert(name.into(), value.into())),
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        Seen {
            status: parts.status.as_u16(),
            location: parts.headers.get("location").map(text),
            policy: parts.headers.get("content-security-policy").map(text).unwrap_or_default(),
            set,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Opens a page and follows redirects, to Clerk and back. Returns the last response and the addresses on the way.
    pub async fn follow_redirects(&mut self, path: &str) -> (Seen, Vec<String>) {
        let http = http_client::new().unwrap();
        let (mut redirects, mut next) = (Vec::new(), path.to_owned());
        for _ in 0..20 {
            let seen = self.open(&next).await;
            let Some(to) = seen.location.clone() else { return (seen, redirects) };
            redirects.push(to.split('?').next().unwrap().to_owned());
            let mut to = to;
            if to.contains("/v1/client/handshake?") {
                let back = http.get(&to).send().await.unwrap();
                to = back.headers()["location"].to_str().unwrap().to_owned();
            } else if to.contains("redirect_url=") {
                return (seen, redirects);
            }
            next = to.strip_prefix(SCHOOL).unwrap_or(&to).to_owned();
        }
        panic!("a redirect loop: {redirects:?}");
    }
}

/// Sends a signed webhook to a school. Returns the status.
pub async fn send_event(state: &AppState, event: &Value) -> u16 {
    send_hook(state, hook(&event.to_string(), clock::now().timestamp())).await
}

/// A webhook of the time `at`, in seconds, with the signature of Svix.
pub fn hook(body: &str, at: i64) -> Request {
    let signature = Webhook::new(SECRET).unwrap().sign("msg_1", at, body.as_bytes()).unwrap();
    Request::post(crate::paths::CLERK_WEBHOOK)
        .header("svix-id", "msg_1")
        .header("svix-timestamp", at)
        .header("svix-signature", signature)
        // The signature decides, so that even a cross-site request of a browser is processed.
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(body.to_owned()))
        .unwrap()
}

pub async fn send_hook(state: &AppState, request: Request) -> u16 {
    crate::boot::router::router(state.clone()).oneshot(request).await.unwrap().status().as_u16()
}

/// Public address of the school.
pub const SCHOOL: &str = "https://school.example.com";

pub const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
