//! Reconciling: Stripe's lists are compared with the database, and missed events applied.

use chrono::TimeDelta;
use rstest::rstest;
use serde_json::json;
use sqlx::PgPool;

use crate::{
    boot::jobs,
    payments::reconcile,
    platform::clock,
    tests::{
        fixtures::{self, UNREACHABLE_URL},
        payment_events::{ShopWithEvents, dispute_object, paid_session, refund_object, session_object},
    },
};

#[sqlx::test]
async fn reconciling_applies_missed_events_once(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    let mut buyers = Vec::new();
    let mut sessions = vec![paid_session(attempt, "1", 6000)];
    for n in 2..6 {
        let buyer = fixtures::student(&shop.db, &format!("buyer{n}")).await;
        let attempt = fixtures::attempt(&shop.db, buyer, shop.product, 6000).await;
        sessions.push(paid_session(attempt, &n.to_string(), 6000));
        buyers.push(buyer);
    }
    let other = fixtures::student(&shop.db, "other").await;
    let waiting = fixtures::attempt(&shop.db, other, shop.product, 6000).await;
    let mut no = session_object(waiting, "no", 6000, "complete", "unpaid");
    no["payment_intent"] = json!({ "id": "pi_no", "object": "payment_intent", "status": "requires_payment_method" });
    sessions.push(no);
    shop.set_objects("checkout/sessions", &sessions);
    shop.set_objects(
        "refunds",
        &[
            refund_object("1", "pi_1", 6000, "succeeded"),
            refund_object("2", "pi_2", 1000, "succeeded"),
            refund_object("x", "pi_x", 5, "succeeded"),
        ],
    );
    let mut dispute = dispute_object("pi_3", 6000, "needs_response");
    dispute["id"] = json!("du_3");
    shop.set_objects("disputes", &[dispute.clone()]);

    let report = reconcile::reconcile(&shop.state, None, clock::now()).await.unwrap();
    assert_eq!(report.read, [("sessions", 6), ("refunds", 3), ("disputes", 1)], "{report}");
    assert_eq!((report.done.len(), report.failed.len()), (9, 0), "{report}");
    let text = report.to_string();
    for words in [
        "Read 6 sessions, 3 refunds, 1 disputes from Stripe.",
        "- cs_1: access granted",
        "- cs_no: payment failed",
        "- re_1: refunded",
        "- du_3: dispute opened",
        "Repaired 9 objects.",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let mut access = vec![shop.access().await];
    for buyer in &buyers {
        access.push(fixtures::access(&shop.db, *buyer).await.len());
    }
    assert_eq!(access, [0, 1, 0, 1, 1]);
    for since in [None, Some(TimeDelta::days(300)), None] {
        let second = reconcile::reconcile(&shop.state, since, clock::now()).await.unwrap();
        assert_eq!(second.done, [""; 0]);
        assert!(second.to_string().ends_with("Nothing had to be repaired."));
    }
    // Later changes are found, too.
    dispute["status"] = json!("won");
    shop.set_objects("disputes", &[dispute]);
    shop.set_objects("refunds", &[refund_object("1", "pi_1", 6000, "failed")]);
    let report = reconcile::reconcile(&shop.state, None, clock::now()).await.unwrap();
    assert_eq!(report.done, ["re_1: refund failed", "du_3: dispute won"]);
    assert_eq!(shop.access().await, 1);
    assert!(fixtures::sales_totals_are_consistent(&shop.db).await);
}

#[sqlx::test]
async fn an_old_open_checkout_is_fetched_by_its_id(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    sqlx::query!("update checkout_attempts set stripe_session_id = 'cs_1', submitted_at = now(), created_at = now() - interval '9 days'")
        .execute(&shop.db)
        .await
        .unwrap();
    let mut old = paid_session(attempt, "1", 6000);
    old["created"] = json!((clock::now() - TimeDelta::days(9)).timestamp());
    shop.set_objects("checkout/sessions", &[old]);
    let hour = Some(TimeDelta::hours(1));
    let report = reconcile::reconcile(&shop.state, hour, clock::now()).await.unwrap();
    assert_eq!(report.done, ["cs_1: access granted"]);
    let marks =
        sqlx::query_scalar!(r#"select count(*) as "n!" from reconcile_cursors"#).fetch_one(&shop.db).await.unwrap();
    assert_eq!(marks, 0, "reading one hour does not move the cursors");
}

#[sqlx::test]
async fn an_outage_of_stripe_is_reconciled_next_time(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let attempt = shop.attempt(6000).await;
    let unreachable = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let report = reconcile::reconcile(&unreachable, None, clock::now()).await.unwrap();
    assert_eq!((report.done.len(), report.failed.len()), (0, 3));
    assert_eq!(report.failed[0], "Stripe did not return its sessions: no connection. They are read next time.");
    shop.set_objects("checkout/sessions", &[paid_session(attempt, "1", 6000)]);
    let later = clock::now() + TimeDelta::days(3);
    let report = reconcile::reconcile(&shop.state, None, later).await.unwrap();
    assert_eq!(report.done, ["cs_1: access granted"]);
}

#[sqlx::test]
async fn one_server_at_a_time_reconciles(db: PgPool) {
    let shop = ShopWithEvents::open(db).await;
    let mut other = shop.db.acquire().await.unwrap().detach();
    sqlx::query("select pg_advisory_lock($1)").bind(0x72_6563_6f6e_6369_i64).execute(&mut other).await.unwrap();
    assert_eq!(jobs::reconcile_once(&shop.state, None).await.unwrap(), None);
    sqlx::Connection::close(other).await.unwrap();
    let mut done = None;
    for _ in 0..50 {
        done = jobs::reconcile_once(&shop.state, None).await.unwrap();
        if done.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert!(done.is_some());
}

#[rstest]
#[case("90m", Some(90))]
#[case("36h", Some(36 * 60))]
#[case("30d", Some(30 * 24 * 60))]
#[case("2w", Some(14 * 24 * 60))]
#[case("1h 30m", Some(90))]
#[case("", None)]
#[case("d", None)]
#[case("0d", None)]
#[case("-3d", None)]
#[case("3", None)]
#[case("3s", None)]
#[case("9é", None)]
#[case("99999999w", None)]
fn a_duration_is_parsed_from_its_short_form(#[case] text: &str, #[case] minutes: Option<i64>) {
    assert_eq!(reconcile::parse_duration(text).ok(), minutes.map(TimeDelta::minutes));
}
