//! Performs the actions of a run, with crashes, and finishes what is pending at its end.

use std::fmt::Write as _;

use axum::{body::Body, extract::Request};
use rand::{RngExt, seq::SliceRandom};
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    error::Result,
    money::Cents,
    paths,
    payments::{reconcile, refund_fetching, refund_submission, refunds},
    platform::{clock, config::stripe::SANDBOX_WEBHOOK_SECRET},
    sandbox::{
        clock::now,
        model::{checkout_session::SessionStatus, fault_injection::FaultSettings, refund::RefundStatus},
        operations::simulate::{ActionParams, DisputeAction, RefundAction, SessionAction},
        webhooks::signature,
    },
    tests::{
        fixtures,
        payment_model::{Action, Edit, MAX_ROUNDS, Run, crash_after},
    },
    users::Viewer,
};

impl Run<'_> {
    pub async fn perform(&mut self, action: Action) {
        // Every fourth time the server crashes in the middle.
        let polls = self.one_in(4).then(|| self.rng.random_range(0..24));
        let result = match &action {
            Action::Buy { student, product } => format!("{:?}", crash_after(polls, self.buy(*student, *product)).await),
            Action::BuyTwice { student, product } => {
                let both = async { tokio::join!(self.buy(*student, *product), self.buy(*student, *product)) };
                format!("{:?}", crash_after(polls, both).await)
            }
            Action::AtStripe(session, action, params) => format!("{:?}", self.at_stripe(session, *action, params)),
            Action::Deliver(events) => {
                let statuses =
                    crash_after(polls, futures::future::join_all(events.iter().map(|id| self.deliver(id)))).await;
                if let Some(statuses) = &statuses {
                    let accepted = events.iter().zip(statuses).filter(|(_, status)| **status == 200);
                    self.delivered.extend(accepted.map(|(event, _)| event.clone()));
                }
                format!("{statuses:?}")
            }
            Action::Refund { purchase, left, amounts } => {
                let refunds = amounts.iter().map(|amount| self.refund(*purchase, *left, *amount));
                format!("{:?}", crash_after(polls, futures::future::join_all(refunds)).await)
            }
            Action::FinishRefund(refund, action) => {
                let now = now();
                let ended = self
                    .bench
                    .sandbox
                    .change(now, |data| data.simulate_refund(refund, *action, &ActionParams::default(), now).is_ok());
                format!("{ended}")
            }
            Action::AdvanceDispute(dispute, action) => {
                let now = now();
                format!(
                    "{}",
                    self.bench.sandbox.change(now, |data| data.simulate_dispute(dispute, *action, now).is_ok())
                )
            }
            Action::Edit { product, edit } => {
                self.edit(*product, edit).await;
                String::new()
            }
            Action::Reconcile => format!("{:?}", crash_after(polls, self.reconcile()).await),
            Action::FailNextCall(failure) => {
                let failure = *failure;
                self.bench.sandbox.change_faults(|faults| (faults.fail_next, faults.failure) = (1, failure));
                String::new()
            }
        };
        let crash = polls.map(|polls| format!(" (crashes after {polls} polls)")).unwrap_or_default();
        _ = writeln!(self.history, "  {action:?}{crash}: {result}");
    }

    /// Posts the form of the Buy button. Returns the status and the redirect.
    async fn buy(&self, student: usize, product: usize) -> (u16, String) {
        let mut request = Request::post(paths::purchase(&self.products[product].1)).body(Body::empty()).unwrap();
        request.extensions_mut().insert::<Result<Viewer>>(Ok(Viewer::User(self.students[student].clone())));
        request.extensions_mut().insert(leptos::nonce::Nonce::new());
        let answer = self.bench.router.clone().oneshot(request).await.unwrap();
        let location = answer.headers().get("location").and_then(|location| location.to_str().ok());
        (answer.status().as_u16(), location.unwrap_or_default().to_owned())
    }

    fn at_stripe(&self, session: &str, action: SessionAction, params: &ActionParams) -> Option<String> {
        let now = now();
        self.bench
            .sandbox
            .change(now, |data| data.simulate(session, action, params, now).err().map(|error| error.message))
    }

    /// Delivers an event as Stripe does. Returns the status of the response.
    async fn deliver(&self, id: &str) -> u16 {
        let body = self.bench.sandbox.data().events.find(id).map(|event| format!("{:#}", event.json())).unwrap();
        let signed = signature(SANDBOX_WEBHOOK_SECRET, now(), &body).unwrap();
        let request = Request::post(paths::STRIPE_WEBHOOK).header("stripe-signature", signed);
        let request = request.body(Body::from(body)).unwrap();
        self.bench.router.clone().oneshot(request).await.unwrap().status().as_u16()
    }

    async fn refund(&self, purchase: Uuid, left: i64, amount: i64) -> String {
        let order = refunds::RefundOrder {
            purchase: purchase.into(),
            amount: Cents(amount),
            left: Cents(left),
            reason: String::new(),
        };
        format!("{:?}", refunds::refund(&self.bench.state, &self.bench.admin, &order, clock::now()).await)
    }

    async fn edit(&self, product: usize, edit: &Edit) {
        let (db, id) = (&self.bench.db, self.products[product].0);
        let edited = match edit {
            Edit::Price(dollars) => {
                sqlx::query("update products set price_in_dollars = $2 where id = $1").bind(id.uuid()).bind(dollars)
            }
            Edit::Status(status) => sqlx::query("update products set status = $2::product_status where id = $1")
                .bind(id.uuid())
                .bind(status),
            Edit::AddCourse => {
                let course = fixtures::course(db, "More").await;
                return fixtures::contain(db, id, course).await;
            }
            Edit::RemoveCourse => sqlx::query(
                "delete from course_products where (product_id, course_id) in
                   (select product_id, course_id from course_products where product_id = $1 limit 1)",
            )
            .bind(id.uuid()),
        };
        edited.execute(db).await.unwrap();
    }

    /// Runs the job that reads Stripe's lists. Returns the numbers of repaired objects and of pending refunds.
    async fn reconcile(&self) -> (usize, usize) {
        self.make_refunds_due().await;
        let report = reconcile::reconcile(&self.bench.state, None, clock::now()).await.unwrap();
        (report.done.len(), self.pending().await)
    }

    /// Runs the job that finishes refunds. Returns the numbers of finished and of pending refunds.
    async fn finish_refunds(&self) -> (usize, usize) {
        let found = refund_fetching::fetch_missing_refunds(&self.bench.state).await.unwrap();
        if self.pending().await == 0 {
            return (found, 0);
        }
        self.make_refunds_due().await;
        let finished = refund_submission::submit_due(&self.bench.state, clock::now()).await.unwrap();
        (found + finished, self.pending().await)
    }

    /// Moves pending refunds back in time, because the job waits a minute for the request that made them.
    async fn make_refunds_due(&self) {
        let mut tx = self.bench.db.begin().await.unwrap();
        sqlx::query("set local session_replication_role = replica").execute(&mut *tx).await.unwrap();
        sqlx::query("update refunds set updated_at = now() - interval '2 hours' where state = 'pending'")
            .execute(&mut *tx)
            .await
            .unwrap();
        tx.commit().await.unwrap();
    }

    /// The number of pending refunds in the database.
    async fn pending(&self) -> usize {
        let count: i64 = sqlx::query_scalar("select count(*) from refunds where state = 'pending'")
            .fetch_one(&self.bench.db)
            .await
            .unwrap();
        usize::try_from(count).unwrap()
    }

    /// Finishes everything that is pending: by events or, in runs that lose most of them, by reconciling.
    pub async fn finish_everything(&mut self) {
        let lost = self.one_in(2);
        _ = writeln!(self.history, "  everything is finished{}", if lost { ", most events are lost" } else { "" });
        self.bench.sandbox.change_faults(|faults| *faults = FaultSettings::default());
        for _ in 0..MAX_ROUNDS {
            for session in self.sessions(|data, session| data.has_pending_payment(&session.id)) {
                let action = if self.one_in(2) { SessionAction::SucceedPayment } else { SessionAction::FailPayment };
                self.at_stripe(&session, action, &ActionParams::default());
            }
            for session in self.sessions(|_, session| session.status == SessionStatus::Open) {
                self.at_stripe(&session, SessionAction::Expire, &ActionParams::default());
            }
            let now = now();
            for refund in self.refunds(RefundStatus::Pending) {
                let action = if self.one_in(4) { RefundAction::Fail } else { RefundAction::Succeed };
                _ = self
                    .bench
                    .sandbox
                    .change(now, |data| data.simulate_refund(&refund, action, &ActionParams::default(), now));
            }
            for dispute in self.disputes() {
                if self.one_in(2) {
                    let action = if self.one_in(2) { DisputeAction::Win } else { DisputeAction::Lose };
                    _ = self.bench.sandbox.change(now, |data| data.simulate_dispute(&dispute, action, now));
                }
            }
            let mut events = self.undelivered();
            events.shuffle(&mut self.rng);
            for event in events {
                // Most events that are not processed are not delivered.
                let is_delivered = if self.matters(&event) { !lost || self.one_in(4) } else { self.one_in(4) };
                if is_delivered {
                    let status = self.deliver(&event).await;
                    self.expect(status == 200, &format!("event {event} is accepted, not answered with {status}"));
                }
                self.delivered.insert(event);
            }
            let (repaired, pending) = if lost { self.reconcile().await } else { self.finish_refunds().await };
            _ = writeln!(self.history, "  {repaired} repaired, {pending} pending");
            if repaired + pending + self.undelivered().len() + self.refunds(RefundStatus::Pending).len() == 0 {
                return;
            }
        }
        self.expect(false, "nothing is pending");
    }
}
