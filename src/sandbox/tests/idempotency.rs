//! Tests of idempotency keys, injected failures and the state file.

use crate::sandbox::{
    config::SandboxConfig,
    router::router,
    store::Sandbox,
    tests::support::{CART, TestShop},
};

#[tokio::test]
async fn a_key_replays_its_response_and_rejects_other_parameters() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
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
async fn a_key_in_use_is_rejected_until_its_response_is_stored() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    shop.sandbox.keys_in_use().insert("k".to_owned());
    let (status, error, _) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
    assert_eq!((status, &error["error"]["code"]), (409, &"idempotency_key_in_use".into()));
    shop.sandbox.keys_in_use().clear();
    assert_eq!(shop.call("POST", "/v1/checkout/sessions", "k", CART).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn injected_failures_have_no_effect_and_a_lost_response_is_replayed() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    for (failure, status, kind) in [("error", 500, "api_error"), ("rate_limit", 429, "invalid_request_error")] {
        shop.control("switches", &format!(r#"{{"fail_next": 1, "failure": "{failure}"}}"#)).await?;
        let (actual, error, _) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
        assert_eq!((actual, &error["error"]["type"]), (status, &kind.into()));
    }
    assert_eq!(shop.sandbox.data().sessions.rows().len(), 0);
    shop.control("switches", r#"{"fail_next": 1, "failure": "lost"}"#).await?;
    assert!(shop.call("POST", "/v1/checkout/sessions", "k", CART).await.is_err(), "the connection breaks");
    let (status, _, replayed) = shop.call("POST", "/v1/checkout/sessions", "k", CART).await?;
    assert_eq!((status, replayed, shop.sandbox.data().sessions.rows().len()), (200, true, 1));
    assert_eq!(shop.control("switches", r#"{"fail_nxt": 1}"#).await?.0, 400);
    assert_eq!(shop.control("switches", r#"{"shuffle": true}"#).await?.1["failure"], "lost");
    Ok(())
}

#[tokio::test]
async fn the_state_survives_a_restart() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let config = SandboxConfig {
        state_file: Some(folder.path().join("state.json")),
        ..TestShop::new()?.sandbox.config().clone()
    };
    let sandbox = Sandbox::open(config.clone())?;
    let done = tokio_util::sync::CancellationToken::new();
    let writer = tokio::spawn(sandbox.clone().run_state_writer(done.clone()));
    let shop = TestShop { router: router(sandbox.clone()), sandbox };
    let id = shop.session().await?;
    shop.post(&format!("/pay/{id}/pay")).await?;
    let before = shop.read(&id).await?;
    done.cancel();
    writer.await?;

    let sandbox = Sandbox::open(config)?;
    let shop = TestShop { router: router(sandbox.clone()), sandbox };
    assert_eq!(shop.read(&id).await?, before);
    assert!(shop.sandbox.data().events.rows().iter().all(|event| event.delivery.next_ms.is_some()));
    Ok(())
}

/// A state file that an older version wrote must still load.
#[tokio::test]
async fn the_state_file_keeps_its_field_names() -> anyhow::Result<()> {
    let shop = TestShop::new()?;
    shop.paid("fraudulent").await?;
    let (_, charge) = shop.paid("refunds_later").await?;
    shop.call("POST", "/v1/refunds", "k", &format!("charge={charge}")).await?;
    let state = serde_json::to_value(&*shop.sandbox.data())?;
    for field in [
        "/sessions/0/items",
        "/sessions/0/page",
        "/sessions/0/repeated",
        "/charges/0/course",
        "/refunds/0/due",
        "/disputes/0/submissions",
        "/events/0/previous",
        "/events/0/request",
        "/events/0/delivery/tries",
        "/events/0/delivery/last",
        "/answers/k/request",
    ] {
        assert!(state.pointer(field).is_some(), "{field}");
    }
    assert_eq!(state["charges"][1]["course"], "later");
    Ok(())
}
