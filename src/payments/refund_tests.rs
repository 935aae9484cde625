//! Refunds by an admin, against the sandbox and against fake Stripes that fail.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Json, Router, routing::post};
use chrono::{DateTime, TimeDelta};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::DropGuard;

use crate::{
    boot::router::router,
    error::{Error, FieldError, Result},
    id::{PurchaseId, UserId},
    money::Cents,
    payments::{
        RefundResult, fulfil,
        outcome::Outcome,
        refund_submission,
        refunds::{self, RefundOrder},
    },
    platform::{clock, config::stripe::SANDBOX_SECRET_KEY, http_client},
    sales::{self, Sale, SaleState},
    server::state::AppState,
    stripe::{
        event::Event,
        objects::{SessionEvent, SessionFacts, StripeObject},
        states::RefundState,
    },
    tests::fixtures::{self, Browser, TestApp, UNREACHABLE_URL},
};

/// A school with a sandbox of its own, where a student bought a product of two courses for $60.
struct ShopWithSandbox {
    school: TestApp,
    stripe: String,
    sale: PurchaseId,
    _stop: DropGuard,
}

impl Deref for ShopWithSandbox {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.school
    }
}

impl ShopWithSandbox {
    async fn open(db: PgPool) -> Self {
        let (stripe, stop) = fixtures::run_sandbox().await;
        let builder = TestApp::new(&db).with_course("Drawing").with_course("Light").with_product("bundle", 60);
        let school = builder.with_stripe(&stripe).build().await;
        let sale = buy(&school.state, &stripe, school.student, "bundle").await;
        Self { school, stripe, sale, _stop: stop }
    }

    async fn refund_by(&self, state: &AppState, cents: i64, left: i64) -> Result<RefundResult> {
        let order = RefundOrder {
            purchase: self.sale,
            amount: Cents(cents),
            left: Cents(left),
            reason: "Requested by the student".into(),
        };
        refunds::refund(state, self.admin(), &order, clock::now()).await
    }

    async fn refund(&self, cents: i64, left: i64) -> Result<RefundResult> {
        self.refund_by(&self.state, cents, left).await
    }

    async fn sale(&self) -> Sale {
        sales::detail_queries::find_sale(&self.db, self.sale).await.unwrap().unwrap()
    }

    async fn access(&self) -> usize {
        fixtures::access(&self.db, self.student).await.len()
    }

    /// The number of refunds in the sandbox.
    async fn refunds_at_stripe(&self) -> usize {
        let list: Value = get(&self.stripe, "refunds").await;
        list["data"].as_array().unwrap().len()
    }

    async fn activity(&self) -> Vec<String> {
        sqlx::query_scalar!("select summary from audit_log order by id").fetch_all(&self.db).await.unwrap()
    }
}

async fn get(stripe: &str, what: &str) -> Value {
    let client = http_client::new().unwrap();
    let response = client.get(format!("{stripe}/v1/{what}")).bearer_auth(SANDBOX_SECRET_KEY).send().await.unwrap();
    response.json().await.unwrap()
}

/// Buys as a student does: the Buy button, Stripe's page, and Stripe's event.
async fn buy(state: &AppState, stripe: &str, student: UserId, slug: &str) -> PurchaseId {
    let browser = Browser { router: router(state.clone()), cookie: Some(fixtures::cookie(&state.db, student).await) };
    let page = browser.post(&crate::paths::purchase(slug), "").await.location.unwrap();
    let client = http_client::new().unwrap();
    assert_eq!(client.post(format!("{page}/pay")).send().await.unwrap().status(), 303);
    let sessions = get(stripe, "checkout/sessions").await;
    let session = &sessions["data"][0];
    let text = |name: &str| session[name].as_str().unwrap().to_owned();
    let facts = SessionFacts {
        id: text("id"),
        attempt: Some(text("client_reference_id").parse().unwrap()),
        paid: true,
        amount_total: session["amount_total"].as_i64().unwrap(),
        currency: "usd".into(),
        payment_intent: Some(text("payment_intent")),
    };
    let payload = json!({ "data": { "object": { "id": facts.id } } });
    let event = Event {
        id: format!("evt_{slug}"),
        kind: "checkout.session.completed".into(),
        occurred_at: DateTime::UNIX_EPOCH,
        payload,
        object: Some(StripeObject::Session(SessionEvent::Completed, facts)),
    };
    assert_eq!(fulfil::process_event(&state.db, &event).await.unwrap(), Outcome::ACCESS_GRANTED);
    let id = sqlx::query_scalar!("select id from purchases order by receipt_number desc limit 1").fetch_one(&state.db);
    id.await.unwrap().into()
}

fn invalid(sentence: &str) -> Result<RefundResult> {
    Err(Error::Invalid(vec![FieldError::new("amount", sentence)]))
}

fn conflict(sentence: &str) -> Result<RefundResult> {
    Err(Error::Conflict(sentence.into()))
}

#[sqlx::test]
async fn a_full_refund_ends_access(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    assert_eq!(shop.sale().await.ending_courses, ["Drawing", "Light"]);
    assert_eq!(
        shop.refund(6000, 6000).await,
        Ok(RefundResult::Succeeded { amount: Cents(6000), purchase_ended: true })
    );
    let sale = shop.sale().await;
    assert_eq!((sale.state, sale.refunded, sale.refundable()), (SaleState::Refunded, Cents(6000), Cents::ZERO));
    assert_eq!(
        (shop.access().await, shop.refunds_at_stripe().await, fixtures::sales_totals_are_consistent(&shop.db).await),
        (0, 1, true)
    );
    assert_eq!(
        shop.activity().await,
        [format!(
            "Requested a refund of $60 (of $60) for “bundle” by student@example.com (receipt {}): Requested by the student",
            sale.number
        )]
    );
    assert_eq!(shop.refund(6000, 6000).await, conflict("This purchase is already refunded."));
    assert_eq!(shop.refunds_at_stripe().await, 1);
}

#[sqlx::test]
async fn a_partial_refund_keeps_access_and_the_rest_ends_it(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    assert_eq!(
        shop.refund(2000, 6000).await,
        Ok(RefundResult::Succeeded { amount: Cents(2000), purchase_ended: false })
    );
    let sale = shop.sale().await;
    assert_eq!((sale.state, sale.refundable()), (SaleState::PartlyRefunded, Cents(4000)));
    assert_eq!((shop.access().await, fixtures::sales_totals_are_consistent(&shop.db).await), (2, true));
    assert_eq!(shop.refund(4001, 4000).await, invalid("At most $40.00 can be refunded."));
    assert_eq!(
        shop.refund(4000, 4000).await,
        Ok(RefundResult::Succeeded { amount: Cents(4000), purchase_ended: true })
    );
    assert_eq!(
        (shop.access().await, shop.refunds_at_stripe().await, fixtures::sales_totals_are_consistent(&shop.db).await),
        (0, 2, true)
    );
    assert_eq!(shop.sale().await.state, SaleState::Refunded);
}

#[sqlx::test]
async fn an_invalid_amount_is_rejected_at_its_field(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    assert_eq!(shop.refund(6001, 6000).await, invalid("At most $60.00 can be refunded."));
    assert_eq!(shop.refund(i64::MAX, 6000).await, invalid("At most $60.00 can be refunded."));
    assert_eq!(shop.refund(0, 6000).await, invalid("Enter an amount of at least $0.01."));
    let admin = shop.admin_browser().await;
    let form = format!("purchase={}&left=6000&reason=&amount=much", shop.sale);
    let response = admin.call::<crate::sales::api::RefundPurchase>(&form).await;
    assert_eq!(response.status, 422);
    assert!(response.body.contains("Enter dollars and cents, such as 12.50."), "{}", response.body);
    let long = format!("purchase={}&left=6000&amount=1&reason={}", shop.sale, "x".repeat(501));
    let response = admin.call::<crate::sales::api::RefundPurchase>(&long).await;
    assert!(response.body.contains("Enter at most 500 characters."), "{}", response.body);
    assert_eq!(
        (shop.refunds_at_stripe().await, shop.activity().await.len(), shop.sale().await.refunds.len()),
        (0, 0, 0)
    );
}

#[sqlx::test]
async fn two_admins_and_many_clicks_at_once_are_one_refund(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let clicks = futures::future::join_all((0..6).map(|_| shop.refund(2000, 6000))).await;
    let (succeeded, rejected): (Vec<_>, Vec<_>) = clicks.into_iter().partition(Result::is_ok);
    assert!(!succeeded.is_empty());
    for result in rejected {
        assert_eq!(
            result,
            conflict("Another refund was made meanwhile: $40 is left. Check the amount, then refund again.")
        );
    }
    assert_eq!(
        (
            shop.refunds_at_stripe().await,
            shop.sale().await.refunded,
            fixtures::sales_totals_are_consistent(&shop.db).await
        ),
        (1, Cents(2000), true)
    );
    let full = futures::future::join_all((0..4).map(|_| shop.refund(4000, 4000))).await;
    assert!(full.iter().any(Result::is_ok));
    assert_eq!(
        (
            shop.refunds_at_stripe().await,
            shop.sale().await.refunded,
            fixtures::sales_totals_are_consistent(&shop.db).await
        ),
        (2, Cents(6000), true)
    );
}

#[sqlx::test]
async fn a_refund_during_an_outage_of_stripe_is_pending_until_it_is_finished(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let down = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let queued = shop.refund_by(&down, 2000, 6000).await;
    assert_eq!(queued, Ok(RefundResult::Queued { amount: Cents(2000) }));
    assert_eq!(
        queued.unwrap().message(),
        "Stripe did not respond. The refund is saved and is retried automatically, or when you press Finish refund."
    );
    let sale = shop.sale().await;
    assert_eq!((sale.state, sale.refunding, sale.refundable()), (SaleState::Refunding, Cents(2000), Cents(4000)));
    assert_eq!((shop.access().await, fixtures::sales_totals_are_consistent(&shop.db).await), (2, true));
    assert_eq!(
        shop.refund(1000, 4000).await,
        conflict("A refund of $20 is already pending. Finish it first."),
        "one refund is pending at a time"
    );
    let succeeded = Ok(RefundResult::Succeeded { amount: Cents(2000), purchase_ended: false });
    assert_eq!(refunds::resume(&shop.state, shop.admin(), shop.sale, clock::now()).await, succeeded);
    assert_eq!((shop.refunds_at_stripe().await, shop.sale().await.state), (1, SaleState::PartlyRefunded));
    assert_eq!(
        refunds::resume(&shop.state, shop.admin(), shop.sale, clock::now()).await,
        conflict("No refund is pending any more.")
    );
    assert_eq!((shop.refunds_at_stripe().await, fixtures::sales_totals_are_consistent(&shop.db).await), (1, true));
}

#[sqlx::test]
async fn a_refund_whose_response_was_lost_is_not_made_again(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    shop.refund(2000, 6000).await.unwrap();
    // As if the server had crashed before it stored the result.
    sqlx::query!("alter table refunds disable trigger refunds_state_transitions").execute(&shop.db).await.unwrap();
    let lose_result =
        || sqlx::query!("update refunds set state = 'pending', stripe_refund_id = null").execute(&shop.db);
    lose_result().await.unwrap();
    assert_eq!(shop.sale().await.state, SaleState::Refunding);
    // Submitting it again is the same refund: within the lifetime of its idempotency key, and a week later.
    for age in [TimeDelta::zero(), TimeDelta::days(7)] {
        lose_result().await.unwrap();
        let id = sqlx::query_scalar!("select id from refunds").fetch_one(&shop.db).await.unwrap();
        let result = refund_submission::submit(&shop.state, id, clock::now() + age).await;
        assert_eq!(result, Ok(RefundResult::Succeeded { amount: Cents(2000), purchase_ended: false }));
        assert_eq!((shop.refunds_at_stripe().await, shop.sale().await.refunded), (1, Cents(2000)));
    }
    assert!(fixtures::sales_totals_are_consistent(&shop.db).await);
}

#[sqlx::test]
async fn the_job_submits_due_refunds_and_those_of_second_payments(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let down = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    shop.refund_by(&down, 6000, 6000).await.unwrap();
    let other = fixtures::product(&shop.db, "second", 30, &[]).await;
    let second = buy(&shop.state, &shop.stripe, shop.student, "second").await;
    // A payment that cannot become a purchase.
    let attempt = fixtures::attempt(&shop.db, shop.student, other, 3000).await;
    sqlx::query!(
        "insert into refunds (attempt_id, amount_in_cents, stripe_payment_intent_id, unusable_reason)
         select $1, 3000, stripe_payment_intent_id, 'duplicate' from purchases where id = $2",
        attempt.uuid(),
        second.uuid(),
    )
    .execute(&shop.db)
    .await
    .unwrap();
    refund_submission::submit_due(&shop.state, clock::now()).await.unwrap();
    assert_eq!(shop.refunds_at_stripe().await, 0, "a refund that was tried within the last minute is not due");
    sqlx::query!("alter table refunds disable trigger refunds_set_updated_at").execute(&shop.db).await.unwrap();
    sqlx::query!("update refunds set updated_at = now() - interval '2 minutes'").execute(&shop.db).await.unwrap();
    refund_submission::submit_due(&shop.state, clock::now()).await.unwrap();
    assert_eq!((shop.refunds_at_stripe().await, shop.access().await), (2, 0));
    let reasons: Value = get(&shop.stripe, "refunds").await;
    let reasons: Vec<_> = reasons["data"].as_array().unwrap().iter().map(|refund| refund["reason"].clone()).collect();
    assert!(reasons.contains(&json!("duplicate")) && reasons.contains(&json!("requested_by_customer")), "{reasons:?}");
    assert_eq!(shop.sale().await.state, SaleState::Refunded);
    assert!(fixtures::sales_totals_are_consistent(&shop.db).await);
}

#[sqlx::test]
async fn a_free_purchase_ends_without_stripe(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let state = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let extra = fixtures::course(&shop.db, "Extra").await;
    let free = fixtures::product(&shop.db, "free", 0, &[extra]).await;
    let purchase = fixtures::purchase(&shop.db, shop.student, free).await;
    let order = RefundOrder { purchase, amount: Cents::ZERO, left: Cents::ZERO, reason: String::new() };
    assert_eq!(refunds::refund(&state, shop.admin(), &order, clock::now()).await, Ok(RefundResult::PurchaseEnded));
    let sale = sales::detail_queries::find_sale(&shop.db, purchase).await.unwrap().unwrap();
    assert_eq!(
        (sale.state, shop.access().await, fixtures::sales_totals_are_consistent(&shop.db).await),
        (SaleState::Refunded, 2, true)
    );
    assert_eq!(
        refunds::refund(&state, shop.admin(), &order, clock::now()).await,
        conflict("This purchase is already refunded.")
    );
}

#[sqlx::test]
async fn only_courses_without_another_source_of_access_end(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let single = fixtures::product(&shop.db, "single", 0, &shop.courses()[..1]).await;
    fixtures::purchase(&shop.db, shop.student, single).await;
    assert_eq!(shop.sale().await.ending_courses, ["Light"]);
    sqlx::query!(
        "insert into course_gifts (user_id, course_id) values ($1, $2)",
        shop.student.uuid(),
        shop.course("Light").uuid()
    )
    .execute(&shop.db)
    .await
    .unwrap();
    assert!(shop.sale().await.ending_courses.is_empty());
    shop.refund(6000, 6000).await.unwrap();
    assert_eq!(shop.access().await, 2);
    assert_ne!(shop.product("bundle"), single);
}

/// Starts a Stripe that returns the same response to every refund, and counts the requests.
async fn fake_stripe(status: StatusCode, body: Value) -> (String, Arc<AtomicUsize>) {
    let requests = Arc::new(AtomicUsize::new(0));
    let count = requests.clone();
    let response = move || {
        count.fetch_add(1, Ordering::SeqCst);
        let body = body.clone();
        async move { (status, Json(body)) }
    };
    let app = Router::new()
        .route("/v1/refunds", post(response.clone()))
        .route("/v1/refunds/{id}", axum::routing::get(response));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, requests)
}

fn refund_object(status: &str) -> Value {
    json!({ "id": "re_1", "object": "refund", "amount": 6000, "created": 1, "currency": "usd", "status": status,
            "charge": "ch_1", "payment_intent": "pi_1", "metadata": {} })
}

#[sqlx::test]
async fn a_refund_may_be_pending_at_stripe_and_fail_later(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let (url, _) = fake_stripe(StatusCode::OK, refund_object("pending")).await;
    let slow = fixtures::state(&shop.db, &url).await;
    assert_eq!(shop.refund_by(&slow, 6000, 6000).await, Ok(RefundResult::Pending { amount: Cents(6000) }));
    let sale = shop.sale().await;
    assert_eq!((sale.state, sale.refunds[0].stripe_id.as_deref()), (SaleState::Refunding, Some("re_1")));
    assert_eq!(shop.access().await, 2);
    let (url, requests) = fake_stripe(StatusCode::OK, refund_object("failed")).await;
    let failing = fixtures::state(&shop.db, &url).await;
    let failure = "The buyer's bank did not accept the refund.";
    assert_eq!(
        refunds::resume(&failing, shop.admin(), shop.sale, clock::now()).await,
        Err(Error::Rejected(failure.into()))
    );
    assert_eq!(requests.load(Ordering::SeqCst), 1, "the refund is retrieved, not created again");
    let sale = shop.sale().await;
    assert_eq!((sale.state, sale.refundable()), (SaleState::Paid, Cents(6000)));
    assert_eq!((sale.refunds[0].state, sale.refunds[0].failure.as_str()), (RefundState::Failed, failure));
    assert_eq!((shop.access().await, fixtures::sales_totals_are_consistent(&shop.db).await), (2, true));
    assert!(shop.refund(6000, 6000).await.is_ok(), "the sale can be refunded again");
}

#[sqlx::test]
async fn a_server_error_of_stripe_is_retried_and_the_refund_stays_pending(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let error = json!({ "error": { "type": "api_error", "message": "Failure." } });
    let (url, requests) = fake_stripe(StatusCode::INTERNAL_SERVER_ERROR, error).await;
    let broken = fixtures::state(&shop.db, &url).await;
    assert_eq!(shop.refund_by(&broken, 6000, 6000).await, Ok(RefundResult::Queued { amount: Cents(6000) }));
    assert_eq!((requests.load(Ordering::SeqCst), shop.sale().await.state), (3, SaleState::Refunding));
}

/// Stripe's error codes, and the sentences that an admin reads.
#[sqlx::test]
async fn a_rejection_by_stripe_is_explained_to_the_admin(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let table = [
        (400, "charge_already_refunded", "According to Stripe, this payment is already refunded."),
        (
            400,
            "charge_disputed",
            "The buyer disputes this payment. Stripe does not refund it until the dispute is decided.",
        ),
        (400, "balance_insufficient", "The balance of the Stripe account is too low."),
        (404, "resource_missing", "Stripe does not have this payment."),
        (401, "api_key_expired", "Stripe rejected our API key. Check the settings, then refund again."),
        (400, "an_unknown_code", "Stripe rejected this refund. See Stripe's dashboard for the reason."),
    ];
    for (status, code, sentence) in table {
        let body = json!({ "error": { "type": "invalid_request_error", "code": code, "message": "No." } });
        let (url, _) = fake_stripe(StatusCode::from_u16(status).unwrap(), body).await;
        let rejecting = fixtures::state(&shop.db, &url).await;
        let result = shop.refund_by(&rejecting, 6000, 6000).await;
        assert_eq!(result, Err(Error::Rejected(sentence.into())), "{code}");
        assert_eq!(
            (shop.sale().await.state, fixtures::sales_totals_are_consistent(&shop.db).await),
            (SaleState::Paid, true),
            "{code}"
        );
    }
    assert_eq!(shop.access().await, 2);
}

#[sqlx::test]
async fn a_payment_that_was_not_made_here_cannot_be_refunded_here(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    sqlx::query!("update purchases set stripe_payment_intent_id = null").execute(&shop.db).await.unwrap();
    let sentence = "This payment was not made here, so it cannot be refunded here. Refund it in Stripe's dashboard.";
    assert_eq!(shop.refund(6000, 6000).await, Err(Error::Rejected(sentence.into())));
}

/// The status of each endpoint for a visitor, a student and an admin. A student's request adds a line to the audit log.
#[sqlx::test]
async fn only_admins_see_sales_and_refund_them(db: PgPool) {
    use crate::sales::api::{FinishRefund, GetSale, GetSales, RefundPurchase};
    let shop = ShopWithSandbox::open(db).await;
    let id = shop.sale;
    for (viewer, user, functions, pages) in [
        ("visitor", None, 401, [302, 302, 303]),
        ("student", Some(shop.student), 403, [404, 404, 404]),
        ("admin", Some(shop.admin().id), 200, [200, 200, 200]),
    ] {
        let browser = match user {
            Some(user) => shop.browser(user).await,
            None => shop.visitor(),
        };
        let list = browser.call::<GetSales>("q=&state=&before=&after=").await;
        let sale = browser.call::<GetSale>(&format!("purchase={id}")).await;
        for (function, response) in [("list", list), ("sale", sale)] {
            assert_eq!(response.status, functions, "{viewer}: {function}");
            assert_eq!(response.body.contains("student@example.com"), viewer == "admin", "{viewer}: {function}");
        }
        for (path, status) in ["/admin/sales", &crate::paths::sale(id), "/admin/sales.csv"].into_iter().zip(pages) {
            let response = browser.get(path).await;
            assert_eq!(response.status, status, "{viewer} opens {path}");
            assert_eq!(response.body.contains("bundle"), viewer == "admin", "{viewer} reads {path}");
        }
        if viewer != "admin" {
            let form = format!("purchase={id}&amount=60&left=6000&reason=");
            assert_eq!(browser.call::<RefundPurchase>(&form).await.status, functions, "{viewer} refunds");
            let finish = browser.call::<FinishRefund>(&format!("purchase={id}")).await;
            assert_eq!(finish.status, functions, "{viewer} finishes");
        }
    }
    let csv = shop.visitor().get("/admin/sales.csv?state=paid").await.location;
    assert_eq!(csv.as_deref(), Some("/sign-in?next=/admin/sales.csv?state=paid"));
    assert_eq!(shop.activity().await.len(), 5, "one line for each endpoint that the student requested");
    assert_eq!(shop.refunds_at_stripe().await, 0);
    let admin = shop.admin_browser().await;
    assert_eq!(admin.get("/admin/sales/not-an-id").await.status, 404);
    assert_eq!(admin.get(&crate::paths::sale(uuid::Uuid::new_v4().into())).await.status, 404);
}

#[sqlx::test]
async fn the_page_of_a_sale_shows_its_timeline(db: PgPool) {
    let shop = ShopWithSandbox::open(db).await;
    let admin = shop.admin_browser().await;
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    for text in [
        "Refund this sale?",
        "$60 is refunded to the buyer. This ends access to Drawing and Light.",
        "Checkout started",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert!(page.contains("Stripe event checkout.session.completed: access granted"));
    shop.refund(2000, 6000).await.unwrap();
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    assert!(page.contains("Refund of $20 by Demo student: completed"));
    assert!(page.contains("Partly refunded") && page.contains("−$20"));
    shop.refund_by(&fixtures::state(&shop.db, UNREACHABLE_URL).await, 4000, 4000).await.unwrap();
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    assert!(page.contains("Finish refund") && !page.contains("Refund this sale?"));
}
