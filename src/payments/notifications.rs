//! News: what a buyer or an admin is to be told, written into the outbox in the transaction that makes it true.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::{
    id::{AttemptId, PurchaseId},
    mail::queries as outbox,
    payments::{UnusablePaymentReason, emails, notification_queries as queries},
};

/// Something that somebody will want to be told. Every row it names is there, and locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaymentNotification {
    /// Bought, or enrolled for free: access is given.
    Purchased { purchase: PurchaseId },
    /// Money went back. Without a purchase the payment was unusable: its product was owned, or its account was deleted.
    Refunded { refund: Uuid, purchase: Option<PurchaseId> },
    /// Money did not go back, at once or days after it seemed to.
    RefundFailed { refund: Uuid, purchase: Option<PurchaseId> },
    /// Access pauses.
    Disputed { dispute: Uuid, purchase: PurchaseId },
    /// Access is back, or has ended.
    DisputeClosed { dispute: Uuid, purchase: PurchaseId, won: bool },
    /// The bank said no to a delayed payment.
    PaymentFailed { attempt: AttemptId },
}

/// Where all news come by, once each, in the transaction `tx` that makes them true.
///
/// # Errors
/// The database's.
pub async fn enqueue(tx: &mut PgConnection, news: PaymentNotification) -> sqlx::Result<()> {
    tracing::debug!(?news, "News");
    match news {
        PaymentNotification::Purchased { purchase } => {
            let sale = queries::find_sale(&mut *tx, purchase).await?;
            let letter = emails::purchased(&sale);
            outbox::insert(tx, "purchased", Some(purchase.uuid()), sale.user, &letter).await
        }
        PaymentNotification::Refunded { refund, purchase: Some(purchase) } => {
            let sale = queries::find_sale(&mut *tx, purchase).await?;
            let amount = queries::find_amount(&mut *tx, refund).await?;
            outbox::insert(tx, "refunded", Some(refund), sale.user, &emails::refunded(&sale, amount)).await
        }
        PaymentNotification::Refunded { refund, purchase: None } => {
            let payment = queries::find_unusable_payment(&mut *tx, refund).await?;
            match payment.reason {
                UnusablePaymentReason::Duplicate => {
                    let letter = emails::sent_back(&payment.attempt);
                    outbox::insert(tx, "refunded", Some(refund), payment.attempt.user, &letter).await
                }
                // A deleted account has no address.
                UnusablePaymentReason::AccountDeleted => Ok(()),
            }
        }
        PaymentNotification::RefundFailed { refund, purchase: Some(purchase) } => {
            let sale = queries::find_sale(&mut *tx, purchase).await?;
            let amount = queries::find_amount(&mut *tx, refund).await?;
            // Who was never told that money is coming need not hear that it is not.
            if outbox::was_told(&mut *tx, "refunded", refund, sale.user).await? {
                let letter = emails::not_refunded(&sale, amount);
                outbox::insert(&mut *tx, "refund_failed", Some(refund), sale.user, &letter).await?;
            }
            let letter = emails::refund_failed(&sale, amount);
            outbox::insert_for_admins(tx, "admin_refund_failed", refund, &letter).await
        }
        PaymentNotification::RefundFailed { refund, purchase: None } => {
            let payment = queries::find_unusable_payment(&mut *tx, refund).await?;
            outbox::insert_for_admins(tx, "admin_refund_failed", refund, &emails::not_sent_back(&payment)).await
        }
        PaymentNotification::Disputed { dispute, purchase } => {
            let sale = queries::find_sale(&mut *tx, purchase).await?;
            outbox::insert(&mut *tx, "disputed", Some(dispute), sale.user, &emails::disputed(&sale)).await?;
            let (amount, reason) = queries::find_dispute(&mut *tx, dispute).await?;
            let letter = emails::answer_dispute(&sale, amount, &reason);
            outbox::insert_for_admins(tx, "admin_disputed", dispute, &letter).await
        }
        PaymentNotification::DisputeClosed { dispute, purchase, won } => {
            let sale = queries::find_sale(&mut *tx, purchase).await?;
            // What was lost may be won in the end: that is told as well.
            let (kind, admin_kind) =
                if won { ("dispute_won", "admin_dispute_won") } else { ("dispute_lost", "admin_dispute_lost") };
            let letter = emails::dispute_closed(&sale, won);
            outbox::insert(&mut *tx, kind, Some(dispute), sale.user, &letter).await?;
            let (amount, _) = queries::find_dispute(&mut *tx, dispute).await?;
            let letter = emails::dispute_decided(&sale, amount, won);
            outbox::insert_for_admins(tx, admin_kind, dispute, &letter).await
        }
        PaymentNotification::PaymentFailed { attempt } => {
            let failed = queries::find_attempt(&mut *tx, attempt).await?;
            let letter = emails::payment_failed(&failed);
            outbox::insert(tx, "payment_failed", Some(attempt.uuid()), failed.user, &letter).await
        }
    }
}
