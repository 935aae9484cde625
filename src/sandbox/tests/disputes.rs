//! Tests of disputes.

use crate::sandbox::tests::support::TestShop;

#[tokio::test]
async fn a_disputed_payment_cannot_be_refunded_until_the_dispute_is_won() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let (session, charge) = shop.paid("plain").await?;
    shop.control(&format!("sessions/{session}/course"), r#"{"course": "held"}"#).await?;
    shop.call("POST", "/v1/refunds", "", &format!("charge={charge}&amount=1000")).await?;
    let earlier = shop.events().len();
    let (_, dispute) =
        shop.control(&format!("sessions/{session}/dispute"), r#"{"reason": "product_not_received"}"#).await?;
    assert_eq!((&dispute["status"], &dispute["amount"]), (&"needs_response".into(), &6000.into()));
    assert_eq!(
        shop.events_after(earlier),
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
    let earlier = shop.events().len();
    assert_eq!(shop.control(&format!("disputes/{id}/win"), "").await?.1["status"], "won");
    assert_eq!(shop.events_after(earlier), ["charge.dispute.funds_reinstated", "charge.dispute.closed"]);
    assert_eq!(shop.call("POST", "/v1/refunds", "", &format!("charge={charge}")).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn a_dispute_is_answered_listed_and_closed() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let (_, charge) = shop.paid("fraudulent").await?;
    let (_, list, _) = shop.call("GET", &format!("/v1/disputes?charge={charge}"), "", "").await?;
    assert_eq!((&list["data"][0]["reason"], &list["has_more"]), (&"fraudulent".into(), &false.into()));
    let path = format!("/v1/disputes/{}", list["data"][0]["id"].as_str().unwrap_or_default());
    let (_, answered, _) = shop.call("POST", &path, "", "evidence[uncategorized_text]=Here+it+is").await?;
    assert_eq!(
        (&answered["status"], &answered["evidence_details"]["submission_count"]),
        (&"under_review".into(), &1.into())
    );
    let earlier = shop.events().len();
    let (_, lost, replayed) = shop.call("POST", &format!("{path}/close"), "k", "").await?;
    assert_eq!((&lost["status"], replayed), (&"lost".into(), false));
    let (status, again, replayed) = shop.call("POST", &format!("{path}/close"), "k", "").await?;
    assert_eq!((status, &again, replayed), (200, &lost, true));
    assert_eq!(shop.events_after(earlier), ["charge.dispute.closed"]);
    assert_eq!(shop.call("POST", &format!("{path}/close"), "", "").await?.0, 400);
    Ok(())
}

#[tokio::test]
async fn winning_evidence_wins() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    let (_, charge) = shop.paid("not_received").await?;
    let id = shop.charge(&charge).await?["dispute"].as_str().unwrap_or_default().to_owned();
    let evidence = "evidence[uncategorized_text]=winning_evidence";
    let (_, dispute, _) = shop.call("POST", &format!("/v1/disputes/{id}"), "", evidence).await?;
    assert_eq!(dispute["status"], "won");
    let (_, found, _) = shop.call("GET", &format!("/v1/disputes/{id}?expand[]=charge"), "", "").await?;
    assert_eq!(found["charge"]["id"], charge);
    Ok(())
}
