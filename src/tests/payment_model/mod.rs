//! Model-based test of payments: random buyers, banks, webhooks, refunds, disputes, admins and crashes, against the sandbox and a real
//! PostgreSQL.
//!
//! At the end of each run, the purchases and refunds in the database have to equal the payments and refunds in the sandbox.
//! `LECTERN_RUNS=100000` sets the number of runs (`bin/soak`), `LECTERN_SEED=…` repeats one run.

pub mod check;
pub mod choose;
pub mod perform;

use std::{
    collections::HashSet,
    future::{Future, poll_fn},
    pin::pin,
    task::Poll,
};

use axum::{Router, routing::post};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::{ConnectOptions, FromRow, PgPool};
use tokio::net::TcpListener;
use uuid::Uuid;

use crate::{
    boot::router,
    checkout,
    id::ProductId,
    paths,
    payments::webhook,
    platform::postgres,
    sandbox::{
        self,
        data::Data,
        model::{
            checkout_session::CheckoutSession,
            fault_injection::{ApiFailure, FaultSettings},
            refund::RefundStatus,
        },
        operations::simulate::{ActionParams, DisputeAction, RefundAction, SessionAction},
        store::Sandbox,
    },
    server::state::AppState,
    tests::fixtures,
    users::{Role, User},
};

/// Runs of all parts together, unless `LECTERN_RUNS` is set.
const DEFAULT_RUNS: u64 = 2000;
/// Tests that share the runs and are executed in parallel, each with its own database.
const PARTS: u64 = 4;
const STUDENTS: usize = 2;
const PRODUCTS: usize = 2;
/// Rounds of deliveries and repairs after which nothing may be pending.
const MAX_ROUNDS: usize = 12;

/// A server and a sandbox, which all runs of one test share.
struct Bench {
    db: PgPool,
    state: AppState,
    router: Router,
    sandbox: Sandbox,
    admin: User,
}

impl Bench {
    async fn open(db: PgPool) -> Self {
        // The pool of the server: servers crash in these runs, and no connection may stay in a transaction.
        let db = postgres::connect(db.connect_options().to_url_lossy().as_str(), 8).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        // Only the test delivers events and moves the clock.
        let sandbox = Sandbox::open(fixtures::sandbox_config(&url)).unwrap();
        let app = sandbox::router(sandbox.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        let state = fixtures::state(&db, &url).await;
        // Registers pages and server functions, because rejected requests render pages.
        drop(router::router(state.clone()));
        let admin = fixtures::admin(&db, "admin").await;
        let router = Router::new()
            .route("/products/{slug}/purchase", post(checkout::handlers::start))
            .route(paths::STRIPE_WEBHOOK, post(webhook::receive))
            .with_state(state.clone());
        Self { db, state, router, sandbox, admin }
    }

    /// Creates the students and products of one run, and empties the sandbox.
    async fn start_run(&self, seed: u64) -> Run<'_> {
        self.sandbox.change_faults(|faults| *faults = FaultSettings::default());
        *self.sandbox.data() = Data::default();
        let mut rng = StdRng::seed_from_u64(seed);
        let prefix = Uuid::new_v4().simple().to_string();
        let unique_names = |count: usize| (0..count).map(|n| format!("{prefix}-{n}")).collect::<Vec<_>>();
        let users: Vec<(Uuid, String)> = sqlx::query_as(
            "insert into users (clerk_user_id, email, name) select n, n || '@example.com', 'Demo student' from unnest($1::text[]) n
             returning id, email",
        )
        .bind(unique_names(STUDENTS))
        .fetch_all(&self.db)
        .await
        .unwrap();
        let student =
            |(id, email): (Uuid, String)| User { id: id.into(), name: "Demo student".into(), email, role: Role::User };
        let products: Vec<(Uuid, String)> = sqlx::query_as(
            "insert into products (slug, name, description, image_url, price_in_dollars, status)
             select n, n, '', '/covers/x.svg', price, 'public' from unnest($1::text[], $2::integer[]) as p (n, price)
             returning id, slug",
        )
        .bind(unique_names(PRODUCTS))
        .bind((0..PRODUCTS).map(|_| rng.random_range(1..90)).collect::<Vec<i32>>())
        .fetch_all(&self.db)
        .await
        .unwrap();
        // The first product is a part of the second.
        sqlx::query(
            "with c as (insert into courses (name, description) values ('One', ''), ('Two', '') returning id, name)
             insert into course_products (product_id, course_id)
             select p, c.id from unnest($1::uuid[]) with ordinality as p (p, n) join c on n = 2 or c.name = 'One'",
        )
        .bind(products.iter().map(|(id, _)| *id).collect::<Vec<_>>())
        .execute(&self.db)
        .await
        .unwrap();
        let students = users.into_iter().map(student).collect();
        let products = products.into_iter().map(|(id, slug)| (id.into(), slug)).collect();
        Run { bench: self, seed, rng, students, products, delivered: HashSet::new(), history: String::new() }
    }
}

/// A step of a run.
#[derive(Debug)]
enum Action {
    Buy {
        student: usize,
        product: usize,
    },
    /// The same purchase in two tabs.
    BuyTwice {
        student: usize,
        product: usize,
    },
    AtStripe(String, SessionAction, ActionParams),
    Deliver(Vec<String>),
    /// Concurrent refunds by an admin, one for each amount.
    Refund {
        purchase: Uuid,
        left: i64,
        amounts: Vec<i64>,
    },
    FinishRefund(String, RefundAction),
    AdvanceDispute(String, DisputeAction),
    Edit {
        product: usize,
        edit: Edit,
    },
    /// The background job that reads Stripe's lists and finishes pending refunds.
    Reconcile,
    /// Stripe's next response is an error or is lost.
    FailNextCall(ApiFailure),
}

#[derive(Debug)]
enum Edit {
    Price(i32),
    Status(&'static str),
    AddCourse,
    RemoveCourse,
}

struct Run<'a> {
    bench: &'a Bench,
    seed: u64,
    rng: StdRng,
    students: Vec<User>,
    products: Vec<(ProductId, String)>,
    /// Events that were delivered successfully.
    delivered: HashSet<String>,
    /// A description of the steps so far, for the message of a failure.
    history: String,
}

/// A purchase in the database.
#[derive(Debug, FromRow)]
struct PurchaseRow {
    id: Uuid,
    user_id: Uuid,
    product_id: Uuid,
    session: Option<String>,
    paid: i32,
    refunded: i32,
    refunding: i32,
    ended: bool,
    paused: bool,
}

/// Refunds of a payment that became no purchase.
#[derive(Debug, Default, FromRow)]
struct UnusablePayment {
    session: String,
    refunded: i64,
    failed: i64,
}

/// Simulates a crash: drops the future after so many polls.
async fn crash_after<T>(polls: Option<usize>, future: impl Future<Output = T>) -> Option<T> {
    let (mut future, mut left) = (pin!(future), polls);
    poll_fn(|context| {
        match &mut left {
            Some(0) => return Poll::Ready(None),
            Some(left) => *left -= 1,
            None => {}
        }
        future.as_mut().poll(context).map(Some)
    })
    .await
}

impl Run<'_> {
    fn one_in(&mut self, n: u32) -> bool {
        self.rng.random_ratio(1, n)
    }

    fn any<T>(&mut self, of: Vec<T>) -> Option<T> {
        let count = of.len();
        if count == 0 { None } else { of.into_iter().nth(self.rng.random_range(0..count)) }
    }

    fn sessions(&self, fits: impl Fn(&Data, &CheckoutSession) -> bool) -> Vec<String> {
        let data = self.bench.sandbox.data();
        data.sessions.rows().iter().filter(|session| fits(&data, session)).map(|session| session.id.clone()).collect()
    }

    fn refunds(&self, status: RefundStatus) -> Vec<String> {
        let data = self.bench.sandbox.data();
        data.refunds.rows().iter().filter(|refund| refund.status == status).map(|refund| refund.id.clone()).collect()
    }

    fn disputes(&self) -> Vec<String> {
        let data = self.bench.sandbox.data();
        data.disputes.rows().iter().filter(|dispute| dispute.is_open()).map(|dispute| dispute.id.clone()).collect()
    }

    fn undelivered(&self) -> Vec<String> {
        let data = self.bench.sandbox.data();
        let events = data.events.rows().iter().map(|event| event.id.clone());
        events.filter(|event| !self.delivered.contains(event)).collect()
    }

    /// Whether an event is of a kind that is processed.
    fn matters(&self, event: &str) -> bool {
        let data = self.bench.sandbox.data();
        let kind = data.events.find(event).map(|event| event.kind.as_str()).unwrap_or_default();
        ["checkout.", "refund.", "charge.refund", "charge.dispute"].iter().any(|family| kind.starts_with(family))
    }

    async fn list_purchases(&self) -> Vec<PurchaseRow> {
        sqlx::query_as(
            "select id, user_id, product_id, stripe_session_id as session, price_paid_in_cents as paid,
                    refunded_in_cents as refunded, refunding_in_cents as refunding, refunded_at is not null as ended,
                    paused_at is not null as paused
               from purchases where user_id = any ($1) order by receipt_number",
        )
        .bind(self.user_ids())
        .fetch_all(&self.bench.db)
        .await
        .unwrap()
    }

    async fn list_unusable_payments(&self) -> Vec<UnusablePayment> {
        sqlx::query_as(
            "select a.stripe_session_id as session,
                    coalesce(sum(r.amount_in_cents) filter (where r.state = 'succeeded'), 0) as refunded,
                    count(*) filter (where r.state = 'failed') as failed
               from refunds r join checkout_attempts a on a.id = r.attempt_id
              where r.purchase_id is null and a.user_id = any ($1) group by 1",
        )
        .bind(self.user_ids())
        .fetch_all(&self.bench.db)
        .await
        .unwrap()
    }

    fn user_ids(&self) -> Vec<Uuid> {
        self.students.iter().map(|student| student.id.uuid()).collect()
    }

    /// Fails with the history of the run.
    fn expect(&self, holds: bool, what: &str) {
        assert!(holds, "{what}. To repeat the run: LECTERN_SEED={}\n{}", self.seed, self.history);
    }
}

async fn run(bench: &Bench, seed: u64) -> (usize, usize) {
    let mut run = bench.start_run(seed).await;
    for _ in 0..run.rng.random_range(4..12) {
        let action = run.choose().await;
        run.perform(action).await;
    }
    run.finish_everything().await;
    run.check().await;
    let data = bench.sandbox.data();
    (data.events.rows().len(), data.refunds.rows().len())
}

/// A setting of this test in the environment.
#[expect(clippy::disallowed_methods, reason = "settings of this test alone")]
fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|value| value.parse().ok())
}

async fn runs(db: PgPool) {
    let bench = Bench::open(db).await;
    if let Some(seed) = setting("LECTERN_SEED") {
        run(&bench, seed).await;
        return;
    }
    let count = setting("LECTERN_RUNS").unwrap_or(DEFAULT_RUNS).div_ceil(PARTS);
    let seed = rand::rng().random_range(0..u64::MAX - count);
    println!("The first of {count} seeds is {seed}");
    let (mut events, mut refunds) = (0, 0);
    for n in 0..count {
        let (more_events, more_refunds) = run(&bench, seed + n).await;
        events += more_events;
        refunds += more_refunds;
        if n % 50 == 49 || n + 1 == count {
            let consistent = fixtures::sales_totals_are_consistent(&bench.db).await;
            assert!(
                consistent,
                "totals differ from the sums of their rows after one of the 50 seeds up to {}",
                seed + n
            );
        }
    }
    println!("{events} events, {refunds} refunds");
    assert!(
        events as u64 > 4 * count && refunds as u64 > count / 8,
        "too few events and refunds for the test to mean anything"
    );
}

#[sqlx::test]
async fn any_order_of_events_comes_to_the_same_first_part(db: PgPool) {
    runs(db).await;
}

#[sqlx::test]
async fn any_order_of_events_comes_to_the_same_second_part(db: PgPool) {
    runs(db).await;
}

#[sqlx::test]
async fn any_order_of_events_comes_to_the_same_third_part(db: PgPool) {
    runs(db).await;
}

#[sqlx::test]
async fn any_order_of_events_comes_to_the_same_fourth_part(db: PgPool) {
    runs(db).await;
}
