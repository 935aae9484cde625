//! Tests of refunds.

use crate::sandbox::{clock::now, tests::support::TestShop};

#[tokio::test]
async fn refunds_never_exceed_the_charge() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let id = shop.session().await?;
    shop.post(&format!("/pay/{id}/pay")).await?;
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
async fn a_refund_is_pending_until_it_succeeds() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let (session, charge) = shop.paid("plain").await?;
    shop.control(&format!("sessions/{session}/course"), r#"{"course": "held"}"#).await?;
    let earlier = shop.events().len();
    let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=2500")).await?;
    assert_eq!((&refund["status"], &refund["pending_reason"]), (&"pending".into(), &"processing".into()));
    assert_eq!(shop.charge(&charge).await?["amount_refunded"], 2500);
    let path = format!("refunds/{}/succeed", refund["id"].as_str().unwrap_or_default());
    assert_eq!(shop.control(&path, "").await?.1["status"], "succeeded");
    assert_eq!(shop.control(&path, "").await?.0, 400);
    assert_eq!(
        shop.events_after(earlier),
        ["refund.created", "charge.refunded", "refund.updated", "charge.refund.updated"]
    );
    Ok(())
}

#[tokio::test]
async fn a_failed_refund_returns_the_money_to_the_shop() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let (_, charge) = shop.paid("plain").await?;
    let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?;
    assert_eq!(shop.charge(&charge).await?["refunded"], true);
    let earlier = shop.events().len();
    let path = format!("refunds/{}/fail", refund["id"].as_str().unwrap_or_default());
    let (status, failed) = shop.control(&path, r#"{"reason": "lost_or_stolen_card"}"#).await?;
    assert_eq!((status, &failed["status"]), (200, &"failed".into()));
    assert_eq!(failed["failure_reason"], "lost_or_stolen_card");
    let after = shop.charge(&charge).await?;
    assert_eq!((&after["refunded"], &after["amount_refunded"]), (&false.into(), &0.into()));
    assert_eq!(shop.events_after(earlier), ["refund.updated", "charge.refund.updated", "refund.failed"]);
    let (_, events, _) = shop.call("GET", "/v1/events?type=refund.updated", "", "").await?;
    assert_eq!(events["data"][0]["data"]["previous_attributes"]["status"], "succeeded");
    assert_eq!(shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?.1["amount"], 6000);
    Ok(())
}

#[tokio::test]
async fn refunds_to_a_test_card_change_their_status_by_themselves() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    for (card, at_first, at_last) in
        [("refunds_later", "pending", "succeeded"), ("refunds_fail", "succeeded", "failed")]
    {
        let (_, charge) = shop.paid(card).await?;
        let (_, refund, _) = shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?;
        assert_eq!(refund["status"], at_first);
        shop.sandbox.tick(now() + 60);
        let path = format!("/v1/refunds/{}", refund["id"].as_str().unwrap_or_default());
        assert_eq!(shop.call("GET", &path, "", "").await?.1["status"], at_last, "{card}");
    }
    Ok(())
}
