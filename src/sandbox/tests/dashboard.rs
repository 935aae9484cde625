//! Tests of the dashboard, and of the endpoints for test programs.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

use crate::sandbox::{model::fault_injection::DeliveryMode, tests::support::TestShop};

#[tokio::test]
async fn dashboard_buttons_perform_their_actions() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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
    assert_eq!(shop.sandbox.faults().delivery, DeliveryMode::Paused);
    let event = shop.sandbox.data().events.rows()[0].id.clone();
    assert_eq!(shop.post(&format!("/events/{event}/send")).await?.status(), StatusCode::SEE_OTHER);
    let dispute = shop.charge(&charge).await?["dispute"].as_str().unwrap_or_default().to_owned();
    assert_eq!(shop.post(&format!("/disputes/{dispute}/lose")).await?.status(), StatusCode::SEE_OTHER);
    for (path, text) in [
        ("/", "Dispute lost"),
        ("/", "Refund of $12.50, succeeded"),
        ("/", "Refund of $5.00, failed: charge for pending refund disputed"),
        ("/events", "charge.dispute.closed"),
        ("/switches", "Duplicate deliveries of each event"),
        (&format!("/pay/{}", shop.session().await?), "Refunds fail after a few seconds"),
    ] {
        let page = shop.send("GET", path, &[], "").await?;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.into_body().collect().await?.to_bytes();
        assert!(String::from_utf8_lossy(&page).contains(text), "{path} contains {text}");
    }
    Ok(())
}

#[tokio::test]
async fn only_the_same_machine_controls_the_sandbox() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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
async fn the_totals_add_up() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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
