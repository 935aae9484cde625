//! The sandbox as its callers meet it, over its router.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use super::{SandboxConfig, router, state::Sandbox};

const CART: &str = "mode=payment&success_url=http://127.0.0.1:3000/done?session={CHECKOUT_SESSION_ID}&cancel_url=http://127.0.0.1:3000/no\
    &line_items[0][price_data][currency]=usd&line_items[0][price_data][unit_amount]=6000\
    &line_items[0][price_data][product_data][name]=Rust&line_items[0][quantity]=1&customer_email=student@example.com";

/// A caller of one sandbox that keeps its state in memory.
struct Shop {
    sandbox: Sandbox,
    router: Router,
}

impl Shop {
    fn new() -> anyhow::Result<Self> {
        let sandbox = Sandbox::open(SandboxConfig {
            public_url: "http://127.0.0.1:12111".to_owned(),
            webhook_url: "http://127.0.0.1:9/".to_owned(),
            webhook_secret: "whsec_test".to_owned(),
            secret_key: "sk_test_sandbox".to_owned(),
            state_file: None,
        })?;
        Ok(Self { router: router(sandbox.clone()), sandbox })
    }

    async fn send(
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

    async fn call(&self, method: &str, path: &str, key: &str, body: &str) -> anyhow::Result<(u16, Value, bool)> {
        let headers = [("authorization", "Bearer sk_test_sandbox"), ("idempotency-key", key)];
        let response = self.send(method, path, &headers, body).await?;
        let (status, replayed) = (response.status().as_u16(), response.headers().contains_key("idempotent-replayed"));
        anyhow::ensure!(response.headers().contains_key("request-id"), "every answer has a request id");
        Ok((status, serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?, replayed))
    }

    async fn session(&self) -> anyhow::Result<String> {
        let (_, session, _) = self.call("POST", "/v1/checkout/sessions", "", CART).await?;
        Ok(session["id"].as_str().unwrap_or_default().to_owned())
    }

    async fn read(&self, id: &str) -> anyhow::Result<Value> {
        let path = format!("/v1/checkout/sessions/{id}?expand[]=payment_intent.latest_charge&expand[]=line_items");
        Ok(self.call("GET", &path, "", "").await?.1)
    }

    async fn press(&self, path: &str) -> anyhow::Result<Response<Body>> {
        self.send("POST", path, &[], "").await
    }

    fn events(&self) -> Vec<String> {
        self.sandbox.data().events.rows().iter().map(|event| event.kind.clone()).collect()
    }
}

#[tokio::test]
async fn a_session_starts_open_and_unpaid() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let session = shop.read(&shop.session().await?).await?;
    assert_eq!((&session["status"], &session["payment_status"]), (&"open".into(), &"unpaid".into()));
    assert_eq!((&session["amount_total"], &session["payment_intent"]), (&6000.into(), &Value::Null));
    assert_eq!(session["line_items"]["data"][0]["price"]["unit_amount"], 6000);
    Ok(())
}

#[tokio::test]
async fn two_tabs_that_pay_one_session_make_one_payment() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let path = format!("/pay/{}/pay", shop.session().await?);
    let (one, two) = tokio::join!(shop.press(&path), shop.press(&path));
    let mut statuses = [one?.status().as_u16(), two?.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 303]);
    assert_eq!(shop.events(), ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]);
    Ok(())
}

#[tokio::test]
async fn a_paid_buyer_returns_with_the_session_in_the_address() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    let response = shop.press(&format!("/pay/{id}/pay")).await?;
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    assert_eq!(response.headers()["location"], format!("http://127.0.0.1:3000/done?session={id}"));
    let session = shop.read(&id).await?;
    assert_eq!((&session["status"], &session["payment_status"]), (&"complete".into(), &"paid".into()));
    assert_eq!(session["payment_intent"]["latest_charge"]["amount"], 6000);
    assert_eq!(session["customer_details"]["email"], "student@example.com");
    Ok(())
}

#[tokio::test]
async fn a_declined_card_can_be_tried_again() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    let response = shop.press(&format!("/pay/{id}/decline")).await?;
    assert_eq!(response.status(), StatusCode::PAYMENT_REQUIRED);
    let page = response.into_body().collect().await?.to_bytes();
    assert!(String::from_utf8_lossy(&page).contains("Your card was declined."));
    assert_eq!(shop.read(&id).await?["status"], "open");
    assert_eq!(shop.press(&format!("/pay/{id}/pay")).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(shop.events()[0], "payment_intent.payment_failed");
    Ok(())
}

#[tokio::test]
async fn a_delayed_payment_settles_once() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    shop.press(&format!("/pay/{id}/later")).await?;
    let session = shop.read(&id).await?;
    assert_eq!((&session["status"], &session["payment_status"]), (&"complete".into(), &"unpaid".into()));
    assert_eq!(shop.press(&format!("/sessions/{id}/settle")).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(shop.press(&format!("/sessions/{id}/settle")).await?.status(), StatusCode::BAD_REQUEST);
    assert_eq!(shop.read(&id).await?["payment_status"], "paid");
    assert_eq!(shop.events().last().map(String::as_str), Some("checkout.session.async_payment_succeeded"));
    Ok(())
}

#[tokio::test]
async fn a_key_replays_its_answer_and_refuses_other_parameters() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let path = "/v1/checkout/sessions";
    let (_, first, replayed) = shop.call("POST", path, "k", CART).await?;
    assert!(!replayed);
    let (status, second, replayed) = shop.call("POST", path, "k", CART).await?;
    assert_eq!((status, replayed, &second["id"]), (200, true, &first["id"]));
    let (status, error, _) = shop.call("POST", path, "k", &format!("{CART}&locale=de")).await?;
    assert_eq!((status, &error["error"]["type"]), (400, &"idempotency_error".into()));
    assert_eq!(shop.sandbox.data().sessions.rows().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_key_in_use_is_refused_until_its_answer_is_stored() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    shop.sandbox.busy().insert("k".to_owned());
    let (status, error, _) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
    assert_eq!((status, &error["error"]["code"]), (409, &"idempotency_key_in_use".into()));
    shop.sandbox.busy().clear();
    assert_eq!(shop.call("POST", "/v1/checkout/sessions", "k", CART).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn refunds_never_give_back_more_than_was_taken() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    shop.press(&format!("/pay/{id}/pay")).await?;
    let intent = shop.read(&id).await?["payment_intent"]["id"].as_str().unwrap_or_default().to_owned();
    let refund =
        async |more: &str| shop.call("POST", "/v1/refunds", "", &format!("payment_intent={intent}{more}")).await;
    assert_eq!(refund("&amount=2000").await?.0, 200);
    let (status, error, _) = refund("&amount=4001").await?;
    assert_eq!((status, &error["error"]["param"]), (400, &"amount".into()));
    assert_eq!(
        error["error"]["message"],
        "Refund amount ($40.01) is greater than unrefunded amount on charge ($40.00)"
    );
    assert_eq!(refund("&amount=0").await?.0, 400);
    assert_eq!(refund("").await?.1["amount"], 4000);
    assert_eq!(refund("").await?.1["error"]["code"], "charge_already_refunded");
    assert_eq!(shop.read(&id).await?["payment_intent"]["latest_charge"]["refunded"], true);
    Ok(())
}

#[tokio::test]
async fn an_overdue_session_is_expired_when_somebody_looks() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    shop.sandbox.data().sessions.get_mut(&id, "session").map_err(|error| anyhow::anyhow!(error.message))?.expires_at =
        1;
    let session = shop.read(&id).await?;
    assert_eq!((&session["status"], &session["url"]), (&"expired".into(), &Value::Null));
    assert_eq!(shop.events(), ["checkout.session.expired"]);
    assert_eq!(shop.press(&format!("/pay/{id}/pay")).await?.status(), StatusCode::OK);
    assert_eq!(shop.events().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_free_order_needs_no_payment() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let cart = CART.replace("unit_amount]=6000", "unit_amount]=0");
    let (_, session, _) = shop.call("POST", "/v1/checkout/sessions", "", &cart).await?;
    assert_eq!(session["payment_status"], "no_payment_required");
    shop.press(&format!("/pay/{}/pay", session["id"].as_str().unwrap_or_default())).await?;
    assert_eq!(shop.events(), ["checkout.session.completed"]);
    Ok(())
}

#[tokio::test]
async fn state_outlives_a_restart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config =
        SandboxConfig { state_file: Some(folder.path().join("state.json")), ..Shop::new()?.sandbox.config().clone() };
    let sandbox = Sandbox::open(config.clone())?;
    let done = tokio_util::sync::CancellationToken::new();
    let writer = tokio::spawn(sandbox.clone().keep_stored(done.clone()));
    let shop = Shop { router: router(sandbox.clone()), sandbox };
    let id = shop.session().await?;
    shop.press(&format!("/pay/{id}/pay")).await?;
    let before = shop.read(&id).await?;
    done.cancel();
    writer.await?;

    let sandbox = Sandbox::open(config)?;
    let shop = Shop { router: router(sandbox.clone()), sandbox };
    assert_eq!(shop.read(&id).await?, before);
    assert!(shop.sandbox.data().events.rows().iter().all(|event| event.delivery.next_ms.is_some()));
    Ok(())
}
