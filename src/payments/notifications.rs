//! Mails about payments, for buyers and admins: enqueued in the outbox in the transaction that changes the payment.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    id::{AttemptId, PurchaseId},
    mail::queries as outbox,
    payments::{UnusablePaymentReason, emails, notification_queries as queries},
};

/// A change that people are notified of. Every row it names exists and is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentNotification {
    /// A purchase, or a free enrolment, gave access.
    Purchased { purchase: PurchaseId },
    /// A payment was refunded. Without a purchase it was unusable: the product was owned already, or the account was deleted.
    Refunded { refund: Uuid, purchase: Option<PurchaseId> },
    /// A refund failed, at once or days after it had succeeded.
    RefundFailed { refund: Uuid, purchase: Option<PurchaseId> },
    /// A dispute was opened, and access is paused.
    Disputed { dispute: Uuid, purchase: PurchaseId },
    /// A dispute was decided: access is restored, or has ended.
    DisputeClosed { dispute: Uuid, purchase: PurchaseId, won: bool },
    /// The bank declined a delayed payment.
    PaymentFailed { attempt: AttemptId },
}

/// Enqueues the mails for a notification in `tx`, at most once per event and recipient.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut PgConnection, notification: PaymentNotification) -> sqlx::Result<()> {
    tracing::debug!(?notification, "Enqueueing a notification");
    match notification {
        PaymentNotification::Purchased { purchase } => {
            let sale = queries::read_sale(&mut *tx, purchase).await?;
            outbox::insert(tx, "purchased", Some(purchase.uuid()), sale.user, &emails::purchased(&sale)).await
        }
        PaymentNotification::Refunded { refund, purchase } => enqueue_refunded(tx, refund, purchase).await,
        PaymentNotification::RefundFailed { refund, purchase } => enqueue_refund_failed(tx, refund, purchase).await,
        PaymentNotification::Disputed { dispute, purchase } => {
            let sale = queries::read_sale(&mut *tx, purchase).await?;
            outbox::insert(&mut *tx, "disputed", Some(dispute), sale.user, &emails::disputed(&sale)).await?;
            let (amount, reason) = queries::read_dispute(&mut *tx, dispute).await?;
            let email = emails::admin_disputed(&sale, amount, &reason);
            outbox::insert_for_admins(tx, "admin_disputed", dispute, &email).await
        }
        PaymentNotification::DisputeClosed { dispute, purchase, won } => {
            let sale = queries::read_sale(&mut *tx, purchase).await?;
            // A lost dispute may still be won, which is another mail.
            let (kind, admin_kind) =
                if won { ("dispute_won", "admin_dispute_won") } else { ("dispute_lost", "admin_dispute_lost") };
            let email = emails::dispute_closed(&sale, won);
            outbox::insert(&mut *tx, kind, Some(dispute), sale.user, &email).await?;
            let (amount, _) = queries::read_dispute(&mut *tx, dispute).await?;
            let email = emails::admin_dispute_closed(&sale, amount, won);
            outbox::insert_for_admins(tx, admin_kind, dispute, &email).await
        }
        PaymentNotification::PaymentFailed { attempt } => {
            let failed = queries::read_attempt(&mut *tx, attempt).await?;
            let email = emails::payment_failed(&failed);
            outbox::insert(tx, "payment_failed", Some(attempt.uuid()), failed.user, &email).await
        }
    }
}

async fn enqueue_refunded(tx: &mut PgConnection, refund: Uuid, purchase: Option<PurchaseId>) -> sqlx::Result<()> {
    let (user, email) = if let Some(purchase) = purchase {
        let sale = queries::read_sale(&mut *tx, purchase).await?;
        let amount = queries::read_refund_amount(&mut *tx, refund).await?;
        (sale.user, emails::refunded(&sale, amount))
    } else {
        let payment = queries::read_unusable_payment(&mut *tx, refund).await?;
        match payment.reason {
            UnusablePaymentReason::Duplicate => (payment.attempt.user, emails::duplicate_refunded(&payment.attempt)),
            // A deleted account has no address.
            UnusablePaymentReason::AccountDeleted => return Ok(()),
        }
    };
    outbox::insert(tx, "refunded", Some(refund), user, &email).await
}

async fn enqueue_refund_failed(tx: &mut PgConnection, refund: Uuid, purchase: Option<PurchaseId>) -> sqlx::Result<()> {
    let email = if let Some(purchase) = purchase {
        let sale = queries::read_sale(&mut *tx, purchase).await?;
        let amount = queries::read_refund_amount(&mut *tx, refund).await?;
        // A buyer who got no mail about the refund needs none about its failure.
        if outbox::is_enqueued(&mut *tx, "refunded", refund, sale.user).await? {
            let email = emails::refund_returned(&sale, amount);
            outbox::insert(&mut *tx, "refund_failed", Some(refund), sale.user, &email).await?;
        }
        emails::admin_refund_failed(&sale, amount)
    } else {
        let payment = queries::read_unusable_payment(&mut *tx, refund).await?;
        emails::admin_unusable_payment_not_refunded(&payment)
    };
    outbox::insert_for_admins(tx, "admin_refund_failed", refund, &email).await
}
