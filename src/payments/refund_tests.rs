//! Refunds as admins make them, against the sandbox and against Stripes that behave badly.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Json, Router, routing::post};
use chrono::{DateTime, TimeDelta};
use http::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    boot::router::router,
    error::{Error, FieldError, Result},
    id::{CourseId, ProductId, PurchaseId, UserId},
    money::Cents,
    payments::{
        Refunded,
        fulfil::{self, Event},
        outcome::Outcome,
        refunds::{self, Order},
    },
    platform::{
        clock,
        config::{SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET},
        http_client,
    },
    sales::{self, Sale, SaleState},
    sandbox::{config::SandboxConfig, server},
    server::state::AppState,
    stripe::{
        objects::{SessionEvent, SessionFacts, StripeObject},
        states::RefundState,
    },
    tests::fixtures::{self, Browser},
    users::{Role, User},
};

/// An address where nobody listens.
const UNREACHABLE_URL: &str = "http://127.0.0.1:9";

/// A shop with a sandbox of its own: a student bought a product of two courses for $60.
struct Shop {
    db: PgPool,
    state: AppState,
    stripe: String,
    admin: User,
    student: UserId,
    courses: [CourseId; 2],
    product: ProductId,
    sale: PurchaseId,
    _stop: DropGuard,
}

impl Shop {
    async fn open(db: PgPool) -> Self {
        let (stripe, stop) = run_sandbox().await;
        let courses = [fixtures::course(&db, "Drawing").await, fixtures::course(&db, "Light").await];
        let product = fixtures::product(&db, "bundle", 60, &courses).await;
        let student = fixtures::student(&db, "student").await;
        let admin = fixtures::student(&db, "admin").await;
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
        let admin =
            User { id: admin, name: "Demo student".into(), email: "admin@example.com".into(), role: Role::Admin };
        let state = fixtures::state(&db, &stripe).await;
        let sale = buy(&state, &stripe, student, "bundle").await;
        Self { db, state, stripe, admin, student, courses, product, sale, _stop: stop }
    }

    async fn refund_by(&self, state: &AppState, cents: i64, left: i64) -> Result<Refunded> {
        let order =
            Order { purchase: self.sale, amount: Cents(cents), left: Cents(left), reason: "Asked nicely".into() };
        refunds::refund(state, &self.admin, &order, clock::now()).await
    }

    async fn refund(&self, cents: i64, left: i64) -> Result<Refunded> {
        self.refund_by(&self.state, cents, left).await
    }

    async fn look(&self) -> Sale {
        sales::queries::find_sale(&self.db, self.sale).await.unwrap().unwrap()
    }

    async fn access(&self) -> usize {
        fixtures::access(&self.db, self.student).await.len()
    }

    /// Refunds that the sandbox made.
    async fn sent(&self) -> usize {
        let list: Value = get(&self.stripe, "refunds").await;
        list["data"].as_array().unwrap().len()
    }

    async fn sums_hold(&self) -> bool {
        sqlx::query_scalar!(r#"select sales_totals_are_consistent() as "hold!""#).fetch_one(&self.db).await.unwrap()
    }

    async fn activity(&self) -> Vec<String> {
        sqlx::query_scalar!("select summary from audit_log order by id").fetch_all(&self.db).await.unwrap()
    }

    async fn browser(&self, user: Option<UserId>) -> Browser {
        let cookie = match user {
            Some(user) => Some(fixtures::cookie(&self.db, user).await),
            None => None,
        };
        Browser { router: router(self.state.clone()), cookie }
    }
}

async fn run_sandbox() -> (String, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let config = SandboxConfig {
        public_url: url.clone(),
        webhook_url: UNREACHABLE_URL.into(),
        webhook_secret: SANDBOX_WEBHOOK_SECRET.into(),
        secret_key: SANDBOX_SECRET_KEY.into(),
        state_file: None,
    };
    let stop = CancellationToken::new();
    tokio::spawn(server::serve(listener, config, stop.clone()));
    (url, stop.drop_guard())
}

async fn get(stripe: &str, what: &str) -> Value {
    let client = http_client::new().unwrap();
    let answer = client.get(format!("{stripe}/v1/{what}")).bearer_auth(SANDBOX_SECRET_KEY).send().await.unwrap();
    answer.json().await.unwrap()
}

/// Buys as a student does: the button, Stripe's page, and what Stripe tells us.
async fn buy(state: &AppState, stripe: &str, student: UserId, slug: &str) -> PurchaseId {
    let browser = Browser { router: router(state.clone()), cookie: Some(fixtures::cookie(&state.db, student).await) };
    let page = browser.post(&crate::paths::purchase(slug), "").await.location.unwrap();
    let presser = http_client::new().unwrap();
    assert_eq!(presser.post(format!("{page}/pay")).send().await.unwrap().status(), 303);
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
        id: &format!("evt_{slug}"),
        kind: "checkout.session.completed",
        occurred_at: DateTime::UNIX_EPOCH,
        payload: &payload,
        about: Some(StripeObject::Session(SessionEvent::Completed, facts)),
    };
    assert_eq!(fulfil::process_event(&state.db, &event).await.unwrap(), Outcome::ACCESS_GRANTED);
    let id = sqlx::query_scalar!("select id from purchases order by receipt_number desc limit 1").fetch_one(&state.db);
    id.await.unwrap().into()
}

fn invalid(sentence: &str) -> Result<Refunded> {
    Err(Error::Invalid(vec![FieldError::new("amount", sentence)]))
}

fn conflict(sentence: &str) -> Result<Refunded> {
    Err(Error::Conflict(sentence.into()))
}

#[sqlx::test]
async fn a_full_refund_sends_everything_back_and_ends_access(db: PgPool) {
    let shop = Shop::open(db).await;
    assert_eq!(shop.look().await.ends, ["Drawing", "Light"]);
    assert_eq!(shop.refund(6000, 6000).await, Ok(Refunded::Sent { amount: Cents(6000), whole: true }));
    let sale = shop.look().await;
    assert_eq!((sale.state, sale.refunded, sale.left()), (SaleState::Refunded, Cents(6000), Cents::ZERO));
    assert_eq!((shop.access().await, shop.sent().await, shop.sums_hold().await), (0, 1, true));
    assert_eq!(
        shop.activity().await,
        [format!("Refunds $60 of $60 for “bundle” by student@example.com (receipt {}): Asked nicely", sale.number)]
    );
    assert_eq!(shop.refund(6000, 6000).await, conflict("This purchase is refunded already."));
    assert_eq!(shop.sent().await, 1);
}

#[sqlx::test]
async fn a_part_keeps_access_and_the_rest_ends_it(db: PgPool) {
    let shop = Shop::open(db).await;
    assert_eq!(shop.refund(2000, 6000).await, Ok(Refunded::Sent { amount: Cents(2000), whole: false }));
    let sale = shop.look().await;
    assert_eq!((sale.state, sale.left()), (SaleState::PartlyRefunded, Cents(4000)));
    assert_eq!((shop.access().await, shop.sums_hold().await), (2, true));
    assert_eq!(shop.refund(4001, 4000).await, invalid("At most $40.00 can be refunded."));
    assert_eq!(shop.refund(4000, 4000).await, Ok(Refunded::Sent { amount: Cents(4000), whole: true }));
    assert_eq!((shop.access().await, shop.sent().await, shop.sums_hold().await), (0, 2, true));
    assert_eq!(shop.look().await.state, SaleState::Refunded);
}

#[sqlx::test]
async fn an_amount_that_cannot_be_is_refused_beside_its_field(db: PgPool) {
    let shop = Shop::open(db).await;
    assert_eq!(shop.refund(6001, 6000).await, invalid("At most $60.00 can be refunded."));
    assert_eq!(shop.refund(i64::MAX, 6000).await, invalid("At most $60.00 can be refunded."));
    assert_eq!(shop.refund(0, 6000).await, invalid("Enter an amount of at least $0.01."));
    let admin = shop.browser(Some(shop.admin.id)).await;
    let form = format!("purchase={}&left=6000&reason=&amount=much", shop.sale);
    let answer = admin.call::<crate::sales::api::RefundPurchase>(&form).await;
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("Enter dollars and cents, such as 12.50."), "{}", answer.body);
    let long = format!("purchase={}&left=6000&amount=1&reason={}", shop.sale, "x".repeat(501));
    let answer = admin.call::<crate::sales::api::RefundPurchase>(&long).await;
    assert!(answer.body.contains("Keep the reason under 500 characters."), "{}", answer.body);
    assert_eq!((shop.sent().await, shop.activity().await.len(), shop.look().await.refunds.len()), (0, 0, 0));
}

#[sqlx::test]
async fn two_admins_and_many_clicks_at_once_are_one_refund(db: PgPool) {
    let shop = Shop::open(db).await;
    let clicks = futures::future::join_all((0..6).map(|_| shop.refund(2000, 6000))).await;
    let (sent, told): (Vec<_>, Vec<_>) = clicks.into_iter().partition(Result::is_ok);
    assert!(!sent.is_empty());
    for refused in told {
        assert_eq!(refused, conflict("Something was refunded meanwhile: $40 is left. Look again, then decide."));
    }
    assert_eq!((shop.sent().await, shop.look().await.refunded, shop.sums_hold().await), (1, Cents(2000), true));
    let wholes = futures::future::join_all((0..4).map(|_| shop.refund(4000, 4000))).await;
    assert!(wholes.iter().any(Result::is_ok));
    assert_eq!((shop.sent().await, shop.look().await.refunded, shop.sums_hold().await), (2, Cents(6000), true));
}

#[sqlx::test]
async fn stripe_away_keeps_the_refund_until_it_is_finished(db: PgPool) {
    let shop = Shop::open(db).await;
    let away = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let kept = shop.refund_by(&away, 2000, 6000).await;
    assert_eq!(kept, Ok(Refunded::Kept { amount: Cents(2000) }));
    assert_eq!(
        kept.unwrap().words(),
        "Stripe does not answer. The refund is kept and is sent again when you press Finish refund."
    );
    let sale = shop.look().await;
    assert_eq!((sale.state, sale.refunding, sale.left()), (SaleState::Refunding, Cents(2000), Cents(4000)));
    assert_eq!((shop.access().await, shop.sums_hold().await), (2, true));
    assert_eq!(
        shop.refund(1000, 4000).await,
        conflict("A refund of $20 is under way already. Finish it first."),
        "no second one beside it"
    );
    let sent = Ok(Refunded::Sent { amount: Cents(2000), whole: false });
    assert_eq!(refunds::resume(&shop.state, &shop.admin, shop.sale, clock::now()).await, sent);
    assert_eq!((shop.sent().await, shop.look().await.state), (1, SaleState::PartlyRefunded));
    assert_eq!(
        refunds::resume(&shop.state, &shop.admin, shop.sale, clock::now()).await,
        conflict("No refund is under way any more.")
    );
    assert_eq!((shop.sent().await, shop.sums_hold().await), (1, true));
}

#[sqlx::test]
async fn what_stripe_did_unheard_is_not_done_again(db: PgPool) {
    let shop = Shop::open(db).await;
    shop.refund(2000, 6000).await.unwrap();
    // As if our server had died before it wrote the result.
    sqlx::query!("alter table refunds disable trigger refunds_state_transitions").execute(&shop.db).await.unwrap();
    let lose = || sqlx::query!("update refunds set state = 'pending', stripe_refund_id = null").execute(&shop.db);
    lose().await.unwrap();
    assert_eq!(shop.look().await.state, SaleState::Refunding);
    // The same decision again is the same refund: within the life of its key, and a week later.
    for later in [TimeDelta::zero(), TimeDelta::days(7)] {
        lose().await.unwrap();
        let id = sqlx::query_scalar!("select id from refunds").fetch_one(&shop.db).await.unwrap();
        let sent = refunds::submit(&shop.state, id, clock::now() + later).await;
        assert_eq!(sent, Ok(Refunded::Sent { amount: Cents(2000), whole: false }));
        assert_eq!((shop.sent().await, shop.look().await.refunded), (1, Cents(2000)));
    }
    assert!(shop.sums_hold().await);
}

#[sqlx::test]
async fn the_job_finishes_what_is_due_and_second_payments_too(db: PgPool) {
    let shop = Shop::open(db).await;
    let away = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    shop.refund_by(&away, 6000, 6000).await.unwrap();
    let other = fixtures::product(&shop.db, "second", 30, &[]).await;
    let second = buy(&shop.state, &shop.stripe, shop.student, "second").await;
    // The payment of a purchase that never came to be.
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
    refunds::submit_due(&shop.state, clock::now()).await.unwrap();
    assert_eq!(shop.sent().await, 0, "whoever pressed the button is left a minute");
    sqlx::query!("alter table refunds disable trigger refunds_set_updated_at").execute(&shop.db).await.unwrap();
    sqlx::query!("update refunds set updated_at = now() - interval '2 minutes'").execute(&shop.db).await.unwrap();
    refunds::submit_due(&shop.state, clock::now()).await.unwrap();
    assert_eq!((shop.sent().await, shop.access().await), (2, 0));
    let reasons: Value = get(&shop.stripe, "refunds").await;
    let reasons: Vec<_> = reasons["data"].as_array().unwrap().iter().map(|refund| refund["reason"].clone()).collect();
    assert!(reasons.contains(&json!("duplicate")) && reasons.contains(&json!("requested_by_customer")), "{reasons:?}");
    assert_eq!(shop.look().await.state, SaleState::Refunded);
    assert!(shop.sums_hold().await);
}

#[sqlx::test]
async fn a_free_purchase_ends_without_stripe(db: PgPool) {
    let shop = Shop::open(db).await;
    let state = fixtures::state(&shop.db, UNREACHABLE_URL).await;
    let extra = fixtures::course(&shop.db, "Extra").await;
    let free = fixtures::product(&shop.db, "free", 0, &[extra]).await;
    let purchase = fixtures::purchase(&shop.db, shop.student, free).await;
    let order = Order { purchase, amount: Cents::ZERO, left: Cents::ZERO, reason: String::new() };
    assert_eq!(refunds::refund(&state, &shop.admin, &order, clock::now()).await, Ok(Refunded::Ended));
    let sale = sales::queries::find_sale(&shop.db, purchase).await.unwrap().unwrap();
    assert_eq!((sale.state, shop.access().await, shop.sums_hold().await), (SaleState::Refunded, 2, true));
    assert_eq!(
        refunds::refund(&state, &shop.admin, &order, clock::now()).await,
        conflict("This purchase is refunded already.")
    );
}

#[sqlx::test]
async fn only_courses_held_by_nothing_else_end(db: PgPool) {
    let shop = Shop::open(db).await;
    let single = fixtures::product(&shop.db, "single", 0, &shop.courses[..1]).await;
    fixtures::purchase(&shop.db, shop.student, single).await;
    assert_eq!(shop.look().await.ends, ["Light"]);
    sqlx::query!(
        "insert into course_gifts (user_id, course_id) values ($1, $2)",
        shop.student.uuid(),
        shop.courses[1].uuid()
    )
    .execute(&shop.db)
    .await
    .unwrap();
    assert!(shop.look().await.ends.is_empty());
    shop.refund(6000, 6000).await.unwrap();
    assert_eq!(shop.access().await, 2);
    assert_ne!(shop.product, single);
}

/// A Stripe that answers every refund alike, and counts them.
async fn answering(status: StatusCode, body: Value) -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let answer = move || {
        count.fetch_add(1, Ordering::SeqCst);
        let body = body.clone();
        async move { (status, Json(body)) }
    };
    let app =
        Router::new().route("/v1/refunds", post(answer.clone())).route("/v1/refunds/{id}", axum::routing::get(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, asked)
}

fn stripe_says(status: &str) -> Value {
    json!({ "id": "re_1", "object": "refund", "amount": 6000, "created": 1, "currency": "usd", "status": status,
            "charge": "ch_1", "payment_intent": "pi_1", "metadata": {} })
}

#[sqlx::test]
async fn stripe_may_take_its_time_and_may_fail_in_the_end(db: PgPool) {
    let shop = Shop::open(db).await;
    let (url, _) = answering(StatusCode::OK, stripe_says("pending")).await;
    let slow = fixtures::state(&shop.db, &url).await;
    assert_eq!(shop.refund_by(&slow, 6000, 6000).await, Ok(Refunded::Taken { amount: Cents(6000) }));
    let sale = shop.look().await;
    assert_eq!((sale.state, sale.refunds[0].stripe_id.as_deref()), (SaleState::Refunding, Some("re_1")));
    assert_eq!(shop.access().await, 2);
    let (url, asked) = answering(StatusCode::OK, stripe_says("failed")).await;
    let failing = fixtures::state(&shop.db, &url).await;
    let words = "The buyer's bank did not take the money back.";
    assert_eq!(
        refunds::resume(&failing, &shop.admin, shop.sale, clock::now()).await,
        Err(Error::Rejected(words.into()))
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1, "it is asked for, not made again");
    let sale = shop.look().await;
    assert_eq!((sale.state, sale.left()), (SaleState::Paid, Cents(6000)));
    assert_eq!((sale.refunds[0].state, sale.refunds[0].failure.as_str()), (RefundState::Failed, words));
    assert_eq!((shop.access().await, shop.sums_hold().await), (2, true));
    assert!(shop.refund(6000, 6000).await.is_ok(), "and it can be refunded anew");
}

#[sqlx::test]
async fn a_stripe_that_breaks_is_asked_again_and_keeps_the_refund(db: PgPool) {
    let shop = Shop::open(db).await;
    let error = json!({ "error": { "type": "api_error", "message": "Oh." } });
    let (url, asked) = answering(StatusCode::INTERNAL_SERVER_ERROR, error).await;
    let broken = fixtures::state(&shop.db, &url).await;
    assert_eq!(shop.refund_by(&broken, 6000, 6000).await, Ok(Refunded::Kept { amount: Cents(6000) }));
    assert_eq!((asked.load(Ordering::SeqCst), shop.look().await.state), (3, SaleState::Refunding));
}

/// What Stripe refuses with, and what an admin reads.
#[sqlx::test]
async fn what_stripe_refuses_is_said_in_our_words(db: PgPool) {
    let shop = Shop::open(db).await;
    let table = [
        (400, "charge_already_refunded", "Stripe says that this payment was sent back already."),
        (
            400,
            "charge_disputed",
            "The buyer disputes this payment. Stripe does not send it back until that is settled.",
        ),
        (400, "balance_insufficient", "There is not enough money in the account at Stripe."),
        (404, "resource_missing", "Stripe does not know this payment."),
        (401, "api_key_expired", "Stripe does not accept our key. Check the settings, then refund again."),
        (400, "a_code_of_tomorrow", "Stripe refused this refund. Its dashboard says more."),
    ];
    for (status, code, words) in table {
        let body = json!({ "error": { "type": "invalid_request_error", "code": code, "message": "No." } });
        let (url, _) = answering(StatusCode::from_u16(status).unwrap(), body).await;
        let refusing = fixtures::state(&shop.db, &url).await;
        let answer = shop.refund_by(&refusing, 6000, 6000).await;
        assert_eq!(answer, Err(Error::Rejected(words.into())), "{code}");
        assert_eq!((shop.look().await.state, shop.sums_hold().await), (SaleState::Paid, true), "{code}");
    }
    assert_eq!(shop.access().await, 2);
}

#[sqlx::test]
async fn a_payment_that_was_not_made_here_is_not_sent_back_from_here(db: PgPool) {
    let shop = Shop::open(db).await;
    sqlx::query!("update purchases set stripe_payment_intent_id = null").execute(&shop.db).await.unwrap();
    let words = "This payment was not made here, so it cannot be sent back from here. Refund it at Stripe.";
    assert_eq!(shop.refund(6000, 6000).await, Err(Error::Rejected(words.into())));
}

/// The status of each for visitor, student, admin. A student's try leaves a line.
#[sqlx::test]
async fn nobody_but_admins_may(db: PgPool) {
    use crate::sales::api::{FinishRefund, GetSale, GetSales, RefundPurchase};
    let shop = Shop::open(db).await;
    let id = shop.sale;
    for (who, user, functions, pages) in [
        ("visitor", None, 401, [302, 302, 303]),
        ("student", Some(shop.student), 403, [404, 404, 404]),
        ("admin", Some(shop.admin.id), 200, [200, 200, 200]),
    ] {
        let browser = shop.browser(user).await;
        let list = browser.call::<GetSales>("q=&state=&before=&after=").await;
        let sale = browser.call::<GetSale>(&format!("purchase={id}")).await;
        for (what, answer) in [("list", list), ("sale", sale)] {
            assert_eq!(answer.status, functions, "{who}: {what}");
            assert_eq!(answer.body.contains("student@example.com"), who == "admin", "{who}: {what}");
        }
        for (path, status) in ["/admin/sales", &crate::paths::sale(id), "/admin/sales.csv"].into_iter().zip(pages) {
            let answer = browser.get(path).await;
            assert_eq!(answer.status, status, "{who} opens {path}");
            assert_eq!(answer.body.contains("bundle"), who == "admin", "{who} reads {path}");
        }
        if who != "admin" {
            let form = format!("purchase={id}&amount=60&left=6000&reason=");
            assert_eq!(browser.call::<RefundPurchase>(&form).await.status, functions, "{who} refunds");
            let again = browser.call::<FinishRefund>(&format!("purchase={id}")).await;
            assert_eq!(again.status, functions, "{who} finishes");
        }
    }
    let csv = shop.browser(None).await.get("/admin/sales.csv?state=paid").await.location;
    assert_eq!(csv.as_deref(), Some("/sign-in?next=/admin/sales.csv?state=paid"));
    assert_eq!(shop.activity().await.len(), 5, "one line for each door that a student tried");
    assert_eq!(shop.sent().await, 0);
    let nothing = shop.browser(Some(shop.admin.id)).await;
    assert_eq!(nothing.get("/admin/sales/not-an-id").await.status, 404);
    assert_eq!(nothing.get(&crate::paths::sale(uuid::Uuid::new_v4().into())).await.status, 404);
}

#[sqlx::test]
async fn a_sale_tells_what_happened_to_it(db: PgPool) {
    let shop = Shop::open(db).await;
    let admin = shop.browser(Some(shop.admin.id)).await;
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    for words in
        ["Refund this sale?", "$60 goes back to the buyer. This ends access to Drawing and Light.", "Checkout began"]
    {
        assert!(page.contains(words), "{words}");
    }
    assert!(page.contains("Stripe event checkout.session.completed: access granted"));
    shop.refund(2000, 6000).await.unwrap();
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    assert!(page.contains("Refund of $20 by Demo student: sent back"));
    assert!(page.contains("Partly refunded") && page.contains("−$20"));
    shop.refund_by(&fixtures::state(&shop.db, UNREACHABLE_URL).await, 4000, 4000).await.unwrap();
    let page = admin.get(&crate::paths::sale(shop.sale)).await.body;
    assert!(page.contains("Finish refund") && !page.contains("Refund this sale?"));
}
