//! A client of one sandbox, which calls its router directly.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::sandbox::{config::SandboxConfig, router::router, store::Sandbox};

/// The parameters of a checkout session with one product for $60.
pub const CART: &str = "mode=payment&success_url=http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}&cancel_url=http://127.0.0.1:3000/no\
    &line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=6000\
    &line_items[0][price_data][product_data][name]=Rust&line_items[0][quantity]=1&customer_email=student@example.com";

/// A shop with a sandbox of its own, whose state is in memory.
pub struct TestShop {
    pub sandbox: Sandbox,
    pub router: Router,
}

impl TestShop {
    pub fn new() -> anyhow::Result<Self> {
        let sandbox = Sandbox::open(SandboxConfig {
            public_url: "http://127.0.0.1:12111".to_owned(),
            webhook_url: "http://127.0.0.1:9/".to_owned(),
            webhook_secret: "whsec_test".to_owned(),
            secret_key: "sk_test_sandbox".to_owned(),
            state_file: None,
        })?;
        Ok(Self { router: router(sandbox.clone()), sandbox })
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> anyhow::Result<Response<Body>> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Ok(self.router.clone().oneshot(request.body(Body::from(body.to_owned()))?).await?)
    }

    /// Calls the API, and returns the status, the body, and whether the response is replayed.
    pub async fn call(&self, method: &str, path: &str, key: &str, body: &str) -> anyhow::Result<(u16, Value, bool)> {
        let headers = [("authorization", "Bearer sk_test_sandbox"), ("idempotency-key", key)];
        let response = self.send(method, path, &headers, body).await?;
        let (status, replayed) = (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"));
        anyhow::ensure!(response.headers().contains_key("request-id"), "every response has a request id");
        Ok((status, serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?, replayed))
    }

    /// Creates a checkout session and returns its id.
    pub async fn session(&self) -> anyhow::Result<String> {
        let (_, session, _) = self.call("POST", "/v1/checkout/sessions", "", CART).await?;
        Ok(session["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Retrieves a session with its payment intent, charge and line items.
    pub async fn read(&self, id: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/checkout/sessions/{id}?expand[]=payment_intent.latest_charge&expand[]=line_items");
        Ok(self.call("GET", &path, "", "").await?.1)
    }

    /// Posts a form without fields.
    pub async fn post(&self, path: &str) -> anyhow::Result<Response<Body>> {
        self.send("POST", path, &[], "").await
    }

    /// Performs an action through `/sandbox/…`, as a test program does.
    pub async fn control(&self, path: &str, params: &str) -> anyhow::Result<(u16, Value)> {
        let response = self.send("POST", &format!("/sandbox/{path}"), &[], params).await?;
        let status = response.status().as_u16();
        Ok((status, serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?))
    }

    /// Creates a session, pays it with a test card, and returns the ids of the session and the charge.
    pub async fn paid(&self, card: &str) -> anyhow::Result<(String, String)> {
        let id = self.session().await?;
        let (status, _) =
            self.control(&format!("sessions/{id}/pay"), &format!(r#"{{"card": "{card}", "country": "IN"}}"#)).await?;
        anyhow::ensure!(status == 200, "it can be paid");
        let charge = self.read(&id).await?["payment_intent"]["latest_charge"]["id"].as_str().map(str::to_owned);
        Ok((id, charge.unwrap_or_default()))
    }

    pub async fn charge(&self, id: &str) -> anyhow::Result<Value> {
        Ok(self.call("GET", &format!("/v1/charges/{id}"), "", "").await?.1)
    }

    /// Returns the types of all events except the first `earlier` ones.
    pub fn events_after(&self, earlier: usize) -> Vec<String> {
        self.events().split_off(earlier)
    }

    /// Returns the types of all events, oldest first.
    pub fn events(&self) -> Vec<String> {
        self.sandbox.data().events.rows().iter().map(|event| event.kind.clone()).collect()
    }
}
