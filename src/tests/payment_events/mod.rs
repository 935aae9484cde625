//! Payment events of Stripe: delivered as signed webhooks, in every order, repeatedly, concurrently, and in every shape that Stripe uses.

pub mod disputes;
pub mod event_order;
pub mod notification_tests;
pub mod reconciling;
pub mod refunds;
pub mod unexpected_payments;
pub mod webhooks;

use std::{
    collections::HashMap,
    ops::Deref,
    sync::{Arc, Mutex},
};

use axum::{
    Json, Router,
    body::Body,
    extract::{Path, Query, Request, State},
    routing::get,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    id::{AttemptId, ProductId, PurchaseId},
    paths,
    platform::{clock, config::stripe::SANDBOX_WEBHOOK_SECRET},
    sales::{self, Sale, SaleState},
    sandbox::webhooks::signature,
    tests::fixtures::{self, Browser, TestApp},
    users::User,
};

/// The objects of a fake Stripe by the path of their list, oldest first. A page has two objects, so that paging is always used.
type Objects = Arc<Mutex<HashMap<&'static str, Vec<Value>>>>;

/// Serves a list of objects, newest first, with the filters that we use.
async fn list(
    State((objects, path)): State<(Objects, &'static str)>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let mut all = objects.lock().unwrap().get(path).cloned().unwrap_or_default();
    all.reverse();
    if let Some(intent) = query.get("payment_intent") {
        all.retain(|object| object["payment_intent"] == json!(intent));
    }
    if let Some(since) = query.get("created[gte]") {
        let since: i64 = since.parse().unwrap();
        all.retain(|object| object["created"].as_i64().unwrap() >= since);
    }
    if let Some(after) = query.get("starting_after") {
        let place = all.iter().position(|object| object["id"] == json!(after)).unwrap();
        all.drain(..=place);
    }
    let more = all.len() > 2;
    all.truncate(2);
    Json(json!({ "object": "list", "data": all, "has_more": more }))
}

/// Serves an object by its id.
async fn retrieve(
    State((objects, path)): State<(Objects, &'static str)>,
    Path(id): Path<String>,
) -> Result<Json<Value>, (http::StatusCode, Json<Value>)> {
    let found =
        objects.lock().unwrap().get(path).and_then(|all| all.iter().find(|object| object["id"] == json!(id)).cloned());
    let missing = json!({ "error": { "type": "invalid_request_error", "code": "resource_missing", "message": "No." } });
    found.map(Json).ok_or((http::StatusCode::NOT_FOUND, Json(missing)))
}

/// Runs a fake Stripe with these objects. Returns its address.
async fn run_stripe(objects: &Objects) -> String {
    let mut app = Router::new();
    for path in ["checkout/sessions", "refunds", "disputes"] {
        let state = (objects.clone(), path);
        app = app.route(&format!("/v1/{path}"), get(list).with_state(state.clone()));
        app = app.route(&format!("/v1/{path}/{{id}}"), get(retrieve).with_state(state));
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

/// A school that sells the product `bundle` with one course for $60, and a fake Stripe. It has no admin at first.
struct ShopWithEvents {
    school: TestApp,
    product: ProductId,
    stripe: Objects,
}

impl Deref for ShopWithEvents {
    type Target = TestApp;

    fn deref(&self) -> &TestApp {
        &self.school
    }
}

impl ShopWithEvents {
    async fn open(db: PgPool) -> Self {
        let stripe = Objects::default();
        let url = run_stripe(&stripe).await;
        Self::open_at(db, stripe, &url).await
    }

    async fn open_at(db: PgPool, stripe: Objects, url: &str) -> Self {
        let builder = TestApp::new(&db).with_course("Drawing").with_product("bundle", 60).with_stripe(url);
        let school = builder.without_admin().build().await;
        let product = school.product("bundle");
        Self { school, product, stripe }
    }

    /// A shop with a purchase, of the session `cs_1` and the payment `pi_1`.
    async fn with_purchase(db: PgPool) -> (Self, PurchaseId) {
        let shop = Self::open(db).await;
        let sale = shop.sell("1").await;
        (shop, sale)
    }

    async fn attempt(&self, cents: i32) -> AttemptId {
        fixtures::attempt(&self.db, self.student, self.product, cents).await
    }

    async fn sell(&self, n: &str) -> PurchaseId {
        let attempt = self.attempt(6000).await;
        self.deliver("checkout.session.completed", paid_session(attempt, n, 6000)).await;
        let id = sqlx::query_scalar!("select id from purchases where stripe_session_id = $1", format!("cs_{n}"));
        id.fetch_one(&self.db).await.unwrap().into()
    }

    /// Delivers a signed event with a new id. Returns its outcome.
    async fn deliver(&self, kind: &str, object: Value) -> String {
        self.deliver_as(&format!("evt_{}", Uuid::new_v4()), kind, object).await
    }

    /// As [`ShopWithEvents::deliver`], with a given id.
    async fn deliver_as(&self, id: &str, kind: &str, object: Value) -> String {
        let event = json!({ "id": id, "object": "event", "type": kind, "created": clock::now().timestamp(),
                            "api_version": "2026-09-30.endive", "data": { "object": object }, "livemode": false });
        assert_eq!(self.send(&event.to_string()).await, 200, "{kind}");
        self.outcome(id).await
    }

    async fn send(&self, payload: &str) -> u16 {
        send(&self.router, payload, SANDBOX_WEBHOOK_SECRET, 0).await
    }

    async fn outcome(&self, event: &str) -> String {
        sqlx::query_scalar!("select detail from stripe_events where id = $1", event).fetch_one(&self.db).await.unwrap()
    }

    async fn find_sale(&self, sale: PurchaseId) -> Sale {
        sales::detail_queries::find_sale(&self.db, sale).await.unwrap().unwrap()
    }

    async fn access(&self) -> usize {
        fixtures::access(&self.db, self.student).await.len()
    }

    /// The state of a sale, its refunded cents, the number of its refunds, and that of the student's courses. Checks the totals.
    async fn summary(&self, sale: PurchaseId) -> (SaleState, i64, usize, usize) {
        assert!(fixtures::sales_totals_are_consistent(&self.db).await);
        let sale = self.find_sale(sale).await;
        (sale.state, sale.refunded.0, sale.refunds.len(), self.access().await)
    }

    /// Sets the objects of a list of the fake Stripe.
    fn set_objects(&self, list: &'static str, objects: &[Value]) {
        self.stripe.lock().unwrap().insert(list, objects.to_vec());
    }

    async fn timeline(&self, sale: PurchaseId) -> String {
        let lines: Vec<_> = self.find_sale(sale).await.timeline.into_iter().map(|entry| entry.text).collect();
        lines.join("\n")
    }

    async fn add_admin(&self) -> User {
        fixtures::admin(&self.db, "admin").await
    }
}

/// Posts an event that was signed with `secret` `age` seconds ago. Returns the status.
async fn send(router: &Router, payload: &str, secret: &str, age: i64) -> u16 {
    let signed = signature(secret, clock::now().timestamp() - age, payload).unwrap();
    let request = Request::post(paths::STRIPE_WEBHOOK).header("stripe-signature", signed);
    let browser = Browser { router: router.clone(), cookie: None };
    browser.send(request.body(Body::from(payload.to_owned())).unwrap()).await.status
}

fn paid_session(attempt: AttemptId, n: &str, cents: i64) -> Value {
    session_object(attempt, n, cents, "complete", "paid")
}

fn session_object(attempt: AttemptId, n: &str, cents: i64, status: &str, payment: &str) -> Value {
    json!({ "id": format!("cs_{n}"), "object": "checkout.session", "client_reference_id": attempt.to_string(),
            "status": status, "payment_status": payment, "amount_total": cents, "currency": "usd",
            "payment_intent": format!("pi_{n}"), "created": clock::now().timestamp(), "a_field_of_tomorrow": {} })
}

fn refund_object(n: &str, intent: &str, cents: i64, status: &str) -> Value {
    json!({ "id": format!("re_{n}"), "object": "refund", "amount": cents, "currency": "usd", "status": status,
            "payment_intent": intent, "charge": "ch_1", "created": clock::now().timestamp(), "metadata": {} })
}

/// A charge as newer API versions send it: without its refunds.
fn charge_object(intent: &str, refunded: i64) -> Value {
    json!({ "id": "ch_1", "object": "charge", "amount": 6000, "amount_refunded": refunded, "payment_intent": intent,
            "refunded": refunded == 6000 })
}

/// A charge as older API versions send it: with its refunds.
fn charge_object_with(intent: &str, refunds: &[Value]) -> Value {
    let sum = refunds.iter().map(|refund| refund["amount"].as_i64().unwrap()).sum();
    let mut charge = charge_object(intent, sum);
    charge["refunds"] = json!({ "object": "list", "data": refunds, "has_more": false });
    charge
}

fn dispute_object(intent: &str, cents: i64, status: &str) -> Value {
    json!({ "id": "du_1", "object": "dispute", "amount": cents, "status": status, "reason": "product_not_received",
            "payment_intent": intent, "charge": "ch_1", "created": clock::now().timestamp() })
}
