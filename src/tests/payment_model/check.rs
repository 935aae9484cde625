//! Compares the database with the sandbox at the end of a run.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::{
    sandbox::{
        data::Data,
        model::{charge::Charge, checkout_session::PaymentStatus, dispute::Dispute, refund::RefundStatus},
    },
    tests::payment_model::{PurchaseRow, Run, UnusablePayment},
};

/// Whether a dispute was decided for the buyer.
fn is_lost(dispute: &Dispute) -> bool {
    !dispute.is_open() && !dispute.is_refundable()
}

impl Run<'_> {
    pub async fn check(&self) {
        let purchases = self.list_purchases().await;
        self.check_payments(&purchases, &self.list_unusable_payments().await);
        let mut live = BTreeSet::new();
        for purchase in purchases.iter().filter(|purchase| !purchase.ended) {
            self.expect(live.insert((purchase.user_id, purchase.product_id)), "a student owns a product once");
        }
        self.check_access(&purchases).await;
        self.check_totals().await;
        self.check_attempts().await;
    }

    /// Every payment in the sandbox is a purchase or unusable, and nothing else is.
    fn check_payments(&self, purchases: &[PurchaseRow], unusable: &[UnusablePayment]) {
        let with_session = purchases.iter().filter_map(|purchase| Some((purchase.session.as_deref()?, purchase)));
        let by_session: BTreeMap<_, _> = with_session.collect();
        let unusable: BTreeMap<_, _> = unusable.iter().map(|payment| (payment.session.as_str(), payment)).collect();
        let mut paid_sessions = BTreeSet::new();
        let data = self.bench.sandbox.data();
        for session in data.sessions.rows() {
            let id = session.id.as_str();
            let (purchase, unusable) = (by_session.get(id), unusable.get(id));
            if session.payment_status != PaymentStatus::Paid {
                self.expect(purchase.is_none() && unusable.is_none(), &format!("{id} was not paid"));
                continue;
            }
            paid_sessions.insert(id);
            let charge = data.paid_charge(id).unwrap();
            let description = format!("{id}: {charge:?}, {purchase:?}, {unusable:?}");
            match (purchase, unusable) {
                (Some(purchase), None) => self.check_purchase(&data, charge, purchase, purchases, &description),
                (None, Some(unusable)) => self.check_unusable(&data, charge, unusable, &description),
                _ => self.expect(false, &format!("a payment is a purchase or unusable: {description}")),
            }
        }
        for session in by_session.keys() {
            self.expect(paid_sessions.contains(session), &format!("{session} was paid"));
        }
    }

    fn check_purchase(
        &self,
        data: &Data,
        charge: &Charge,
        purchase: &PurchaseRow,
        all: &[PurchaseRow],
        description: &str,
    ) {
        let dispute = charge.dispute.as_ref().and_then(|dispute| data.disputes.find(dispute));
        let lost = dispute.filter(|dispute| is_lost(dispute));
        self.expect(i64::from(purchase.paid) == charge.amount, &format!("the amount paid is stored: {description}"));
        let chargeback = lost.map_or(0, |dispute| dispute.amount);
        self.expect(
            i64::from(purchase.refunded) == charge.amount_refunded + chargeback && purchase.refunding == 0,
            &format!("the amount refunded is stored: {description}"),
        );
        let is_refunded = charge.refundable_amount() == 0 || lost.is_some();
        // A failed refund does not restore a purchase that was replaced by a new one.
        let is_replaced = all.iter().any(|other| {
            other.session.is_some()
                && other.id != purchase.id
                && (other.user_id, other.product_id) == (purchase.user_id, purchase.product_id)
        });
        self.expect(
            purchase.ended == is_refunded || purchase.ended && is_replaced,
            &format!("a purchase is live unless it was refunded: {description}"),
        );
        self.expect(
            purchase.paused == dispute.is_some_and(Dispute::is_open),
            &format!("a purchase is paused while it is disputed: {description}"),
        );
    }

    fn check_unusable(&self, data: &Data, charge: &Charge, unusable: &UnusablePayment, description: &str) {
        let dispute = charge.dispute.as_ref().and_then(|dispute| data.disputes.find(dispute));
        self.expect(
            unusable.refunded == charge.amount_refunded,
            &format!("the amount refunded is stored: {description}"),
        );
        // A refund may stay failed where the bank rejected it or withdrew the payment itself.
        let mut refunds = data.refunds.rows().iter();
        let is_rejected = refunds.any(|refund| refund.charge == charge.id && refund.status == RefundStatus::Failed);
        let is_disputed = dispute.is_some_and(|dispute| dispute.is_open() || is_lost(dispute));
        let may_stay_failed = unusable.failed > 0 && (is_rejected || is_disputed);
        self.expect(
            charge.refundable_amount() == 0 || may_stay_failed,
            &format!("an unusable payment is refunded: {description}"),
        );
    }

    /// Access equals the courses of live purchases, and these have every course of their products.
    async fn check_access(&self, purchases: &[PurchaseRow]) {
        let live: Vec<_> = purchases
            .iter()
            .filter(|purchase| !purchase.ended && !purchase.paused)
            .map(|purchase| purchase.id)
            .collect();
        let wrong: Vec<(Uuid, Uuid)> = sqlx::query_as(
            "with due as (select p.user_id, pc.course_id from purchases p join purchase_courses pc on pc.purchase_id = p.id
                           where p.id = any ($1)),
                  has as (select user_id, course_id from user_course_access where user_id = any ($2)),
                  sold as (select p.user_id, cp.course_id from purchases p join course_products cp using (product_id)
                            where p.id = any ($1))
             (table due except table has) union (table has except table due) union (table sold except table has)",
        )
        .bind(live)
        .bind(self.user_ids())
        .fetch_all(&self.bench.db)
        .await
        .unwrap();
        self.expect(wrong.is_empty(), &format!("access is the union of live purchases: {wrong:?}"));
    }

    /// Checks the totals of these buyers. Those of the whole database are checked every 50 runs.
    async fn check_totals(&self) {
        let wrong: Vec<Uuid> = sqlx::query_scalar(
            "select user_id from buyer_sales s
               join (select user_id, sum(price_paid_in_cents) as paid, sum(refunded_in_cents) as refunded,
                            count(*) filter (where refunded_at is null) as live
                       from purchases where user_id = any ($1) group by 1) p using (user_id)
              where (s.paid_in_cents, s.refunded_in_cents, s.live) <> (p.paid, p.refunded, p.live)",
        )
        .bind(self.user_ids())
        .fetch_all(&self.bench.db)
        .await
        .unwrap();
        self.expect(wrong.is_empty(), &format!("the totals of a buyer equal the sums of the rows: {wrong:?}"));
    }

    /// No attempt stays open, except those without a session at Stripe.
    async fn check_attempts(&self) {
        let open: Vec<String> = sqlx::query_scalar(
            "update checkout_attempts set state = 'expired' where user_id = any ($1) and state = 'open'
             returning coalesce(stripe_session_id, '')",
        )
        .bind(self.user_ids())
        .fetch_all(&self.bench.db)
        .await
        .unwrap();
        self.expect(open.iter().all(String::is_empty), &format!("every attempt has ended: {open:?}"));
    }
}
