//! Tests of checkout sessions: creation, payment and expiry.

use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::sandbox::tests::support::{CART, TestShop};

#[tokio::test]
async fn a_session_starts_open_and_unpaid() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let session = shop.read(&shop.session().await?).await?;
    assert_eq!((&session["status"], &session["payment_status"]), (&"open".into(), &"unpaid".into()));
    assert_eq!((&session["amount_total"], &session["payment_intent"]), (&6000.into(), &Value::Null));
    assert_eq!(session["line_items"]["data"][0]["price"]["unit_amount"], 6000);
    Ok(())
}

#[tokio::test]
async fn two_tabs_that_pay_one_session_make_one_payment() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let path = format!("/pay/{}/pay", shop.session().await?);
    let (one, two) = tokio::join!(shop.post(&path), shop.post(&path));
    let mut statuses = [one?.status().as_u16(), two?.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 303]);
    assert_eq!(shop.events(), ["charge.succeeded", "payment_intent.succeeded", "checkout.session.completed"]);
    Ok(())
}

#[tokio::test]
async fn a_paid_buyer_returns_with_the_session_in_the_address() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    let response = shop.post(&format!("/pay/{id}/pay")).await?;
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
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    let response = shop.post(&format!("/pay/{id}/decline")).await?;
    assert_eq!(response.status(), StatusCode::PAYMENT_REQUIRED);
    let page = response.into_body().collect().await?.to_bytes();
    assert!(String::from_utf8_lossy(&page).contains("Your card was declined."));
    assert_eq!(shop.read(&id).await?["status"], "open");
    assert_eq!(shop.post(&format!("/pay/{id}/pay")).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(shop.events()[..2], ["charge.failed", "payment_intent.payment_failed"]);
    let (_, charges, _) = shop.call("GET", "/v1/charges", "", "").await?;
    let statuses: Vec<_> = charges["data"].as_array().into_iter().flatten().map(|charge| &charge["status"]).collect();
    assert_eq!(statuses, ["succeeded", "failed"]);
    Ok(())
}

#[tokio::test]
async fn a_delayed_payment_succeeds_once() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    shop.post(&format!("/pay/{id}/later")).await?;
    let session = shop.read(&id).await?;
    assert_eq!((&session["status"], &session["payment_status"]), (&"complete".into(), &"unpaid".into()));
    assert_eq!(shop.post(&format!("/sessions/{id}/settle")).await?.status(), StatusCode::SEE_OTHER);
    assert_eq!(shop.post(&format!("/sessions/{id}/settle")).await?.status(), StatusCode::BAD_REQUEST);
    assert_eq!(shop.read(&id).await?["payment_status"], "paid");
    assert_eq!(shop.events().last().map(String::as_str), Some("checkout.session.async_payment_succeeded"));
    Ok(())
}

#[tokio::test]
async fn a_bank_debit_has_no_card() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    shop.post(&format!("/pay/{id}/later")).await?;
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
async fn an_overdue_session_expires_before_it_is_read() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    shop.sandbox.data().sessions.get_mut(&id, "session").map_err(|error| anyhow::anyhow!(error.message))?.expires_at =
        1;
    let session = shop.read(&id).await?;
    assert_eq!((&session["status"], &session["url"]), (&"expired".into(), &Value::Null));
    assert_eq!(shop.events(), ["checkout.session.expired"]);
    assert_eq!(shop.post(&format!("/pay/{id}/pay")).await?.status(), StatusCode::OK);
    assert_eq!(shop.events().len(), 1);
    Ok(())
}

#[tokio::test]
async fn a_free_order_needs_no_payment() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let cart = CART.replace("unit_amount]=6000", "unit_amount]=0");
    let (_, session, _) = shop.call("POST", "/v1/checkout/sessions", "", &cart).await?;
    assert_eq!(session["payment_status"], "no_payment_required");
    shop.post(&format!("/pay/{}/pay", session["id"].as_str().unwrap_or_default())).await?;
    assert_eq!(shop.events(), ["checkout.session.completed"]);
    Ok(())
}
