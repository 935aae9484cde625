//! Chooses the next random action of a run.

use rand::{RngExt, seq::SliceRandom};

use crate::{
    sandbox::{
        model::{
            charge::Charge, checkout_session::SessionStatus, fault_injection::ApiFailure, refund::RefundStatus,
            test_card::RefundBehavior,
        },
        operations::simulate::{ActionParams, DisputeAction, RefundAction, SessionAction},
    },
    tests::payment_model::{Action, Edit, PRODUCTS, PurchaseRow, Run, STUDENTS},
};

impl Run<'_> {
    /// A random action that is possible now. Buying always is.
    pub async fn choose(&mut self) -> Action {
        for _ in 0..8 {
            if let Some(action) = self.propose().await {
                return action;
            }
        }
        Action::Buy { student: 0, product: 0 }
    }

    /// A random action, or `None` if it is not possible now.
    async fn propose(&mut self) -> Option<Action> {
        let (student, product) = (self.rng.random_range(0..STUDENTS), self.rng.random_range(0..PRODUCTS));
        let number = self.rng.random_range(0..100);
        let at = |session: Option<String>, action| {
            session.map(|session| Action::AtStripe(session, action, ActionParams::default()))
        };
        match number {
            0..13 => Some(Action::Buy { student, product }),
            13..17 => Some(Action::BuyTwice { student, product }),
            17..37 => {
                let open = self.sessions(|_, session| session.status == SessionStatus::Open);
                let action = match self.rng.random_range(0..10) {
                    0 => SessionAction::Decline,
                    1 | 2 => SessionAction::PayLater,
                    3 => SessionAction::Expire,
                    _ => SessionAction::Pay,
                };
                at(self.any(open), action)
            }
            37..42 => {
                let under_way = self.sessions(|data, session| data.has_pending_payment(&session.id));
                let action = if self.one_in(3) { SessionAction::FailPayment } else { SessionAction::SucceedPayment };
                at(self.any(under_way), action)
            }
            42..62 => {
                let mut events = self.undelivered();
                events.shuffle(&mut self.rng);
                events.truncate(self.rng.random_range(1..4));
                // Sometimes repeats an event, even an old one.
                if self.one_in(3) {
                    let all: Vec<_> =
                        self.bench.sandbox.data().events.rows().iter().map(|event| event.id.clone()).collect();
                    events.extend(self.any(all));
                }
                Some(Action::Deliver(events))
                    .filter(|action| !matches!(action, Action::Deliver(events) if events.is_empty()))
            }
            62..78 => self.choose_refund().await,
            78..81 => {
                let paid = self.sessions(|data, session| data.paid_charge(&session.id).is_some());
                let refund_behavior = if self.one_in(3) { RefundBehavior::Immediate } else { RefundBehavior::Manual };
                let params = ActionParams { refund_behavior, ..ActionParams::default() };
                self.any(paid).map(|session| Action::AtStripe(session, SessionAction::SetRefundBehavior, params))
            }
            81..85 => {
                let pending = self.refunds(RefundStatus::Pending);
                let action = if self.one_in(3) { RefundAction::Fail } else { RefundAction::Succeed };
                self.any(pending).map(|refund| Action::FinishRefund(refund, action))
            }
            85..88 => {
                let edit = match self.rng.random_range(0..5) {
                    0 => Edit::Price(self.rng.random_range(0..3) * 25),
                    1 => Edit::Status("private"),
                    2 => Edit::AddCourse,
                    3 => Edit::RemoveCourse,
                    _ => Edit::Status("public"),
                };
                Some(Action::Edit { product, edit })
            }
            88..91 => Some(Action::Reconcile),
            91 => {
                let failure = if self.one_in(2) { ApiFailure::ConnectionLost } else { ApiFailure::Error };
                Some(Action::FailNextCall(failure)).filter(|_| self.one_in(2))
            }
            _ => self.choose_bank_action(),
        }
    }

    async fn choose_refund(&mut self) -> Option<Action> {
        let live: Vec<PurchaseRow> =
            self.list_purchases().await.into_iter().filter(|purchase| !purchase.ended).collect();
        let PurchaseRow { id, paid, refunded, .. } = self.any(live)?;
        let left = i64::from(paid - refunded);
        let mut amount = || match self.rng.random_range(0..5) {
            0 | 1 => left,
            2 => left + 1,
            _ => self.rng.random_range(0..=left.max(0)),
        };
        let amounts = vec![amount(), amount()];
        let amounts = if self.one_in(3) { amounts } else { amounts[..1].to_vec() };
        Some(Action::Refund { purchase: id, left, amounts })
    }

    /// Refunds and disputes at Stripe or at the bank, which we learn of by events.
    fn choose_bank_action(&mut self) -> Option<Action> {
        let paid = self.sessions(|data, session| {
            data.paid_charge(&session.id).is_some_and(|charge| charge.refundable_amount() > 0)
        });
        match self.rng.random_range(0..6) {
            0 | 1 => {
                let session = self.any(paid)?;
                let left = self.bench.sandbox.data().paid_charge(&session).map_or(1, Charge::refundable_amount);
                let amount = if self.one_in(2) { left } else { self.rng.random_range(1..=left) };
                let params = ActionParams { amount: Some(amount), ..ActionParams::default() };
                Some(Action::AtStripe(session, SessionAction::Refund, params))
            }
            2 => {
                self.any(paid).map(|session| Action::AtStripe(session, SessionAction::Dispute, ActionParams::default()))
            }
            3 => {
                let action = [DisputeAction::SubmitEvidence, DisputeAction::Win, DisputeAction::Lose]
                    [self.rng.random_range(0..3)];
                self.any(self.disputes()).map(|dispute| Action::AdvanceDispute(dispute, action))
            }
            _ => {
                let sent = self.refunds(RefundStatus::Succeeded);
                self.any(sent).map(|refund| Action::FinishRefund(refund, RefundAction::Fail))
            }
        }
    }
}
