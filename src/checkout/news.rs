//! News: what a buyer or an admin is to be told, said in the transaction that makes it true.

use std::future::{Ready, ready};

use sqlx::PgConnection;
use uuid::Uuid;

use super::AttemptId;
use crate::purchases::PurchaseId;

/// Something that somebody will want to be told. Every row it names is there, and locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum News {
    /// Bought, or enrolled for free: access is given.
    Purchased { purchase: PurchaseId },
    /// Money went back. Without a purchase it is a payment for something that was owned.
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

/// Where all news come by, once each, in the transaction `tx` that makes them true. Whoever writes letters puts them into the outbox
/// here.
pub fn told(_tx: &mut PgConnection, news: News) -> Ready<sqlx::Result<()>> {
    tracing::debug!(?news, "News");
    ready(Ok(()))
}
