//! The sandbox as its callers meet it, over its router.

use axum::{
    Router,
    body::Body,
    http::{Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::sandbox::{SandboxConfig, router, store::Sandbox};

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

    /// Tells the sandbox to do something, as a program does.
    async fn control(&self, path: &str, wish: &str) -> anyhow::Result<(u16, Value)> {
        let response = self.send("POST", &format!("/sandbox/{path}"), &[], wish).await?;
        let status = response.status().as_u16();
        Ok((status, serde_json::from_slice(&response.into_body().collect().await?.to_bytes())?))
    }

    /// A session that is paid with a card, and its charge.
    async fn paid(&self, card: &str) -> anyhow::Result<(String, String)> {
        let id = self.session().await?;
        let (status, _) =
            self.control(&format!("sessions/{id}/pay"), &format!(r#"{{"card": "{card}", "country": "IN"}}"#)).await?;
        anyhow::ensure!(status == 200, "it can be paid");
        let charge = self.read(&id).await?["payment_intent"]["latest_charge"]["id"].as_str().map(str::to_owned);
        Ok((id, charge.unwrap_or_default()))
    }

    async fn charge(&self, id: &str) -> anyhow::Result<Value> {
        Ok(self.call("GET", &format!("/v1/charges/{id}"), "", "").await?.1)
    }

    /// What happened since the events that are passed over.
    fn events_after(&self, passed: usize) -> Vec<String> {
        self.events().split_off(passed)
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
    assert_eq!(shop.events()[..2], ["charge.failed", "payment_intent.payment_failed"]);
    let (_, charges, _) = shop.call("GET", "/v1/charges", "", "").await?;
    let statuses: Vec<_> = charges["data"].as_array().into_iter().flatten().map(|charge| &charge["status"]).collect();
    assert_eq!(statuses, ["succeeded", "failed"]);
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

#[tokio::test]
async fn a_charge_tells_its_card_and_its_receipt() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (_, id) = shop.paid("refunds_fail").await?;
    let charge = shop.charge(&id).await?;
    let card = &charge["payment_method_details"]["card"];
    assert_eq!((&card["country"], &card["last4"]), (&"IN".into(), &"5126".into()));
    assert_eq!(
        (&charge["disputed"], &charge["refunded"], &charge["paid"]),
        (&false.into(), &false.into(), &true.into())
    );
    let receipt = charge["receipt_url"].as_str().unwrap_or_default().trim_start_matches("http://127.0.0.1:12111");
    let page = shop.send("GET", receipt, &[], "").await?;
    assert_eq!(page.status(), StatusCode::OK);
    assert!(String::from_utf8_lossy(&page.into_body().collect().await?.to_bytes()).contains("$60.00"));
    Ok(())
}

#[tokio::test]
async fn a_bank_debit_has_no_card() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    shop.press(&format!("/pay/{id}/later")).await?;
    let charge = shop.read(&id).await?["payment_intent"]["latest_charge"].clone();
    assert_eq!((&charge["status"], &charge["paid"]), (&"pending".into(), &false.into()));
    assert_eq!(charge["payment_method_details"]["type"], "us_bank_account");
    assert_eq!(charge["payment_method_details"]["card"], Value::Null);
    shop.control(&format!("sessions/{id}/fail"), "").await?;
    let charge = shop.charge(charge["id"].as_str().unwrap_or_default()).await?;
    assert_eq!(charge["status"], "failed");
    assert_eq!(
        shop.events(),
        [
            "charge.pending",
            "payment_intent.processing",
            "checkout.session.completed",
            "charge.failed",
            "payment_intent.payment_failed",
            "checkout.session.async_payment_failed"
        ]
    );
    let intent = shop.read(&id).await?["payment_intent"]["id"].as_str().unwrap_or_default().to_owned();
    let (status, error, _) = shop.call("POST", "/v1/refunds", "", &format!("payment_intent={intent}")).await?;
    assert_eq!((status, &error["error"]["code"]), (400, &"payment_intent_unexpected_state".into()));
    Ok(())
}

#[tokio::test]
async fn a_refund_is_pending_until_it_succeeds() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (session, charge) = shop.paid("plain").await?;
    shop.control(&format!("sessions/{session}/course"), r#"{"course": "held"}"#).await?;
    let passed = shop.events().len();
    let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=2500")).await?;
    assert_eq!((&refund["status"], &refund["pending_reason"]), (&"pending".into(), &"processing".into()));
    assert_eq!(shop.charge(&charge).await?["amount_refunded"], 2500);
    let path = format!("refunds/{}/succeed", refund["id"].as_str().unwrap_or_default());
    assert_eq!(shop.control(&path, "").await?.1["status"], "succeeded");
    assert_eq!(shop.control(&path, "").await?.0, 400);
    assert_eq!(
        shop.events_after(passed),
        ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"]
    );
    Ok(())
}

#[tokio::test]
async fn a_refund_that_fails_is_the_shops_money_again() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (_, charge) = shop.paid("plain").await?;
    let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?;
    assert_eq!(shop.charge(&charge).await?["refunded"], true);
    let passed = shop.events().len();
    let path = format!("refunds/{}/fail", refund["id"].as_str().unwrap_or_default());
    let (status, failed) = shop.control(&path, r#"{"reason": "lost_or_stolen_card"}"#).await?;
    assert_eq!((status, &failed["status"]), (200, &"failed".into()));
    assert_eq!(failed["failure_reason"], "lost_or_stolen_card");
    let after = shop.charge(&charge).await?;
    assert_eq!((&after["refunded"], &after["amount_refunded"]), (&false.into(), &0.into()));
    assert_eq!(shop.events_after(passed), ["refund.updated", "charge.refund.updated", "refund.failed"]);
    let (_, events, _) = shop.call("GET", "/v1/events?type=refund.updated", "", "").await?;
    assert_eq!(events["data"][0]["data"]["previous_attributes"]["status"], "succeeded");
    assert_eq!(shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?.1["amount"], 6000);
    Ok(())
}

#[tokio::test]
async fn refunds_to_a_test_card_go_their_way_by_themselves() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    for (card, at_first, at_last) in
        [("refunds_later", "pending", "succeeded"), ("refunds_fail", "succeeded", "failed")]
    {
        let (_, charge) = shop.paid(card).await?;
        let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?;
        assert_eq!(refund["status"], at_first);
        shop.sandbox.tick(crate::sandbox::store::now() + 60);
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap_or_default());
        assert_eq!(shop.call("GET", &path, "", "").await?.1["status"], at_last, "{card}");
    }
    Ok(())
}

#[tokio::test]
async fn a_disputed_payment_cannot_be_refunded_until_it_is_won() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (session, charge) = shop.paid("plain").await?;
    shop.control(&format!("sessions/{session}/course"), r#"{"course": "held"}"#).await?;
    shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=1000")).await?;
    let passed = shop.events().len();
    let (_, dispute) =
        shop.control(&format!("sessions/{session}/dispute"), r#"{"reason": "product_not_received"}"#).await?;
    assert_eq!((&dispute["status"], &dispute["amount"]), (&"needs_response".into(), &6000.into()));
    assert_eq!(
        shop.events_after(passed),
        [
            "refund.updated",
            "charge.refund.updated",
            "refund.failed",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn"
        ]
    );
    assert_eq!(shop.charge(&charge).await?["disputed"], true);
    let (status, error, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?;
    assert_eq!((status, &error["error"]["code"]), (400, &"charge_disputed".into()));
    let id = dispute["id"].as_str().unwrap_or_default();
    let passed = shop.events().len();
    assert_eq!(shop.control(&format!("disputes/{id}/win"), "").await?.1["status"], "won");
    assert_eq!(shop.events_after(passed), ["charge.dispute.funds_reinstated", "charge.dispute.closed"]);
    assert_eq!(shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_dispute_is_answered_read_and_given_in() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (_, charge) = shop.paid("fraudulent").await?;
    let (_, list, _) = shop.call("GET", &format!("/v1/disputes?charge={charge}"), "", "").await?;
    assert_eq!((&list["data"][0]["reason"], &list["has_more"]), (&"fraudulent".into(), &false.into()));
    let path = format!("/v1/disputes/{}", list["data"][0]["id"].as_str().unwrap_or_default());
    let (_, answered, _) = shop.call("POST", &path, "", "evidence[uncategorized_text]=Here+it+is").await?;
    assert_eq!(
        (&answered["status"], &answered["evidence_details"]["submission_count"]),
        (&"under_review".into(), &1.into())
    );
    let passed = shop.events().len();
    let (_, lost, replayed) = shop.call("POST", &format!("{path}/close"), "k", "").await?;
    assert_eq!((&lost["status"], replayed), (&"lost".into(), false));
    let (status, again, replayed) = shop.call("POST", &format!("{path}/close"), "k", "").await?;
    assert_eq!((status, &again, replayed), (200, &lost, true));
    assert_eq!(shop.events_after(passed), ["charge.dispute.closed"]);
    assert_eq!(shop.call("POST", &format!("{path}/close"), "", "").await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn winning_evidence_wins() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (_, charge) = shop.paid("not_received").await?;
    let id = shop.charge(&charge).await?["dispute"].as_str().unwrap_or_default().to_owned();
    let evidence = "evidence[uncategorized_text]=winning_evidence";
    let (_, dispute, _) = shop.call("POST", &format!("/v1/disputes/{id}"), "", evidence).await?;
    assert_eq!(dispute["status"], "won");
    let (_, found, _) = shop.call("GET", &format!("/v1/disputes/{id}?expand[]=charge"), "", "").await?;
    assert_eq!(found["charge"]["id"], charge);
    Ok(())
}

#[tokio::test]
async fn lists_are_filtered_by_payment_and_time() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (one, charge) = shop.paid("plain").await?;
    shop.paid("plain").await?;
    let intent = shop.read(&one).await?["payment_intent"]["id"].as_str().unwrap_or_default().to_owned();
    shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=100")).await?;
    shop.control(&format!("sessions/{one}/dispute"), "").await?;
    for (path, count) in [
        ("charges", 2),
        (&format!("charges?payment_intent={intent}"), 1),
        (&format!("refunds?payment_intent={intent}"), 1),
        (&format!("disputes?payment_intent={intent}"), 1),
        ("disputes?payment_intent=pi_none", 0),
        ("charges?created[gt]=99999999999", 0),
        ("disputes?created[gte]=1&limit=1", 1),
        ("checkout/sessions?status=complete", 2),
        ("checkout/sessions?status=open", 0),
        ("checkout/sessions?customer_details[email]=student@example.com", 2),
        ("checkout/sessions?customer_details[email]=nobody@example.com", 0),
        ("events?type=charge.dispute.*", 2),
    ] {
        let (status, list, _) = shop.call("GET", &format!("/v1/{path}"), "", "").await?;
        assert_eq!((status, list["data"].as_array().map(Vec::len)), (200, Some(count)), "{path}");
    }
    Ok(())
}

#[tokio::test]
async fn calls_fail_as_switched_and_a_lost_answer_is_done_once() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    for (failure, status, kind) in [("error", 500, "api_error"), ("rate_limit", 429, "invalid_request_error")] {
        shop.control("switches", &format!(r#"{{"fail_next": 1, "failure": "{failure}"}}"#)).await?;
        let (got, error, _) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
        assert_eq!((got, &error["error"]["type"]), (status, &kind.into()));
    }
    assert_eq!(shop.sandbox.data().sessions.rows().len(), 0);
    shop.control("switches", r#"{"fail_next": 1, "failure": "lost"}"#).await?;
    assert!(shop.call("POST", "/v1/checkout/sessions", "k", CART).await.is_err(), "the answer breaks off");
    let (status, _, replayed) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
    assert_eq!((status, replayed, shop.sandbox.data().sessions.rows().len()), (200, true, 1));
    assert_eq!(shop.control("switches", r#"{"fail_nxt": 1}"#).await?.0, 400);
    assert_eq!(shop.control("switches", r#"{"shuffle": true}"#).await?.1["failure"], "lost");
    Ok(())
}

#[tokio::test]
async fn only_this_machine_controls_the_sandbox() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    for (peer, status) in [("127.0.0.1:5", 200), ("[::ffff:127.0.0.1]:5", 200), ("192.0.2.7:5", 403)] {
        let mut request = Request::get("/sandbox/totals").body(Body::empty())?;
        let peer: std::net::SocketAddr = peer.parse()?;
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        assert_eq!(shop.router.clone().oneshot(request).await?.status(), status, "{peer}");
    }
    let elsewhere = shop.send("POST", "/sandbox/switches", &[("sec-fetch-site", "cross-site")], "{}").await?;
    assert_eq!(elsewhere.status(), StatusCode::FORBIDDEN);
    Ok(())
}

#[tokio::test]
async fn the_dashboard_does_what_its_buttons_say() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (session, charge) = shop.paid("plain").await?;
    for (path, form, status) in [
        (format!("/sessions/{session}/refund"), "amount=12.50", StatusCode::SEE_OTHER),
        (format!("/sessions/{session}/refund"), "amount=twelve", StatusCode::BAD_REQUEST),
        (format!("/sessions/{session}/refund"), "amount=1000", StatusCode::BAD_REQUEST),
        (format!("/sessions/{session}/course"), "course=held", StatusCode::SEE_OTHER),
        (format!("/sessions/{session}/refund"), "amount=5", StatusCode::SEE_OTHER),
        (format!("/sessions/{session}/dispute"), "reason=duplicate", StatusCode::SEE_OTHER),
        (
            "/switches".to_owned(),
            "latency_ms=0&fail_next=0&failure=error&delivery=held&duplicates=1&shuffle=true",
            StatusCode::SEE_OTHER,
        ),
    ] {
        assert_eq!(shop.send("POST", &path, &[], form).await?.status(), status, "{path} {form}");
    }
    assert_eq!(shop.charge(&charge).await?["amount_refunded"], 1250);
    assert_eq!(shop.sandbox.switches().delivery, crate::sandbox::model::fault_injection::Delivering::Held);
    let event = shop.sandbox.data().events.rows()[0].id.clone();
    assert_eq!(shop.press(&format!("/events/{event}/send")).await?.status(), StatusCode::SEE_OTHER);
    let dispute = shop.charge(&charge).await?["dispute"].as_str().unwrap_or_default().to_owned();
    assert_eq!(shop.press(&format!("/disputes/{dispute}/lose")).await?.status(), StatusCode::SEE_OTHER);
    for (path, words) in [
        ("/", "Dispute lost"),
        ("/", "Refund of $12.50, succeeded"),
        ("/", "Refund of $5.00, failed: charge for pending refund disputed"),
        ("/events", "charge.dispute.closed"),
        ("/switches", "Every event is delivered"),
        (&format!("/pay/{}", shop.session().await?), "Refunds fail after a while"),
    ] {
        let page = shop.send("GET", path, &[], "").await?;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.into_body().collect().await?.to_bytes();
        assert!(String::from_utf8_lossy(&page).contains(words), "{path} says {words}");
    }
    Ok(())
}

#[tokio::test]
async fn the_totals_add_up() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let (session, _) = shop.paid("plain").await?;
    shop.paid("plain").await?;
    shop.session().await?;
    shop.control(&format!("sessions/{session}/refund"), r#"{"amount": 1500}"#).await?;
    let totals = shop.send("GET", "/sandbox/totals", &[], "").await?.into_body().collect().await?.to_bytes();
    let totals: Value = serde_json::from_slice(&totals)?;
    assert_eq!((&totals["sessions"], &totals["paid"], &totals["open"]), (&3.into(), &2.into(), &1.into()));
    assert_eq!((&totals["received"], &totals["refunded"]), (&12_000.into(), &1500.into()));
    Ok(())
}

/// The library's types are strict: what is missing or misnamed does not deserialize.
#[tokio::test]
async fn the_client_library_reads_every_object() -> anyhow::Result<()> {
    let shop = Shop::new()?;
    let id = shop.session().await?;
    shop.press(&format!("/pay/{id}/decline")).await?;
    shop.press(&format!("/pay/{id}/later")).await?;
    let (session, charge) = shop.paid("plain").await?;
    shop.control(&format!("sessions/{session}/course"), r#"{"course": "held"}"#).await?;
    shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=100")).await?;
    shop.control(&format!("sessions/{session}/refund"), r#"{"amount": 200}"#).await?;
    shop.control(&format!("sessions/{session}/dispute"), "").await?;
    let list = async |path: &str| -> anyhow::Result<Vec<String>> {
        let (_, list, _) = shop.call("GET", path, "", "").await?;
        Ok(list["data"].as_array().into_iter().flatten().map(Value::to_string).collect())
    };
    for charge in list("/v1/charges").await? {
        miniserde::json::from_str::<stripe_shared::Charge>(&charge).map_err(|_| anyhow::anyhow!("{charge}"))?;
    }
    for refund in list("/v1/refunds").await? {
        miniserde::json::from_str::<stripe_shared::Refund>(&refund).map_err(|_| anyhow::anyhow!("{refund}"))?;
    }
    for dispute in list("/v1/disputes").await? {
        miniserde::json::from_str::<stripe_shared::Dispute>(&dispute).map_err(|_| anyhow::anyhow!("{dispute}"))?;
    }
    for event in list("/v1/events?limit=100").await? {
        miniserde::json::from_str::<stripe_shared::Event>(&event).map_err(|_| anyhow::anyhow!("{event}"))?;
    }
    Ok(())
}
