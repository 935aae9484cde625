//! Tests of the objects that the API renders, and of its lists.

use axum::http::StatusCode;
use http_body_util::BodyExt;
use serde_json::Value;

use crate::sandbox::tests::support::TestShop;

#[tokio::test]
async fn a_charge_shows_its_card_and_links_to_its_receipt() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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
async fn lists_are_filtered_by_payment_and_time() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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

/// The library's types are strict: an object with a missing or misnamed field does not deserialize.
#[tokio::test]
async fn the_client_library_reads_every_object() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    shop.post(&format!("/pay/{id}/decline")).await?;
    shop.post(&format!("/pay/{id}/later")).await?;
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
