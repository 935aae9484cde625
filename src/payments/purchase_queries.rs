//! Statements on `purchases`: recording one, locking it, and recomputing its status.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};

use crate::{
    id::{AttemptId, PurchaseId},
    money::Cents,
    payments::{
        ProductDetails, SaleNoteKind,
        attempt_queries::{Details, LockedAttempt},
    },
};

/// Records a purchase. Triggers copy its product's courses, give access and redeem its coupon.
///
/// `None` when this session was recorded before, the buyer owns the product, or the account was deleted. These are conditions of the
/// statement because receipt numbers should have no gaps.
pub async fn insert_purchase(
    db: impl PgExecutor<'_>,
    attempt: &LockedAttempt,
    session: Option<&str>,
    payment_intent: Option<&str>,
) -> sqlx::Result<Option<PurchaseId>> {
    let Details { name, description, image_url, .. } = attempt.details.clone();
    let details = ProductDetails { name, description, image_url };
    let id = sqlx::query_scalar!(
        r#"insert into purchases (subtotal_in_cents, price_paid_in_cents, discount_name, product_details, user_id,
                                  product_id, attempt_id, stripe_session_id, stripe_payment_intent_id, country,
                                  discount_percent)
           select $1, $2, $3, $4, $5::uuid, $6::uuid, $7, $8, $9, $10, $11
            where not exists (select from purchases where user_id = $5 and product_id = $6 and refunded_at is null)
              and not exists (select from users where id = $5 and deleted_at is not null)
           on conflict do nothing
           returning id"#,
        attempt.subtotal,
        attempt.amount,
        attempt.discount_name,
        Json(&details) as _,
        attempt.user.uuid(),
        attempt.product.uuid(),
        attempt.id.uuid(),
        session,
        payment_intent,
        attempt.country,
        attempt.discount_percent,
    )
    .fetch_optional(db)
    .await?;
    Ok(id.map(PurchaseId::from))
}

/// Whether an attempt became a purchase.
pub async fn has_purchase(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from purchases where attempt_id = $1) as "is!""#, attempt.uuid())
        .fetch_one(db)
        .await
}

/// The purchase of a payment that is refunded or disputed, locked.
pub struct PaidPurchase {
    pub id: PurchaseId,
    pub number: i64,
    pub product: String,
    pub email: String,
    pub paid: Cents,
    pub refunded: Cents,
    pub refunding: Cents,
}

impl PaidPurchase {
    /// The amount that is neither refunded nor being refunded.
    pub fn left(&self) -> Cents {
        self.paid - self.refunded - self.refunding
    }

    /// The sale, for the audit log.
    pub fn label(&self) -> String {
        sale_label(&self.product, &self.email, self.number)
    }
}

/// Locks the purchase of a payment until the end of the transaction.
pub async fn lock_purchase_of_payment(
    db: impl PgExecutor<'_>,
    payment_intent: &str,
) -> sqlx::Result<Option<PaidPurchase>> {
    let row = sqlx::query!(
        r#"select p.id, p.receipt_number, p.product_details ->> 'name' as "product!", u.email, p.price_paid_in_cents,
                  p.refunded_in_cents, p.refunding_in_cents
             from purchases p join users u on u.id = p.user_id
            where p.stripe_payment_intent_id = $1 for no key update of p"#,
        payment_intent,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| PaidPurchase {
        id: row.id.into(),
        number: row.receipt_number,
        product: row.product,
        email: row.email,
        paid: row.price_paid_in_cents.into(),
        refunded: row.refunded_in_cents.into(),
        refunding: row.refunding_in_cents.into(),
    }))
}

/// The fields of a locked purchase that a refund needs.
pub struct LockedPurchase {
    pub number: i64,
    pub product: String,
    pub email: String,
    pub paid: Cents,
    pub refunded: Cents,
    /// The amount of pending refunds.
    pub refunding: Cents,
    pub refunded_at: Option<DateTime<Utc>>,
    /// Whether a dispute was lost: the bank withdrew the payment, so nothing is left to refund.
    pub lost: bool,
    pub payment_intent: Option<String>,
}

impl LockedPurchase {
    /// The sale, for the audit log.
    pub fn label(&self) -> String {
        sale_label(&self.product, &self.email, self.number)
    }
}

fn sale_label(product: &str, email: &str, receipt: i64) -> String {
    format!("“{product}” by {email} (receipt {receipt})")
}

/// Locks a purchase until the end of the transaction. It is locked before its refunds and its buyer.
pub async fn lock_purchase(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<LockedPurchase>> {
    let row = sqlx::query!(
        r#"select p.receipt_number, p.product_details ->> 'name' as "product!", u.email, p.price_paid_in_cents,
                  p.refunded_in_cents, p.refunding_in_cents, p.refunded_at, p.stripe_payment_intent_id,
                  exists (select from disputes d where d.purchase_id = p.id and d.state = 'lost') as "lost!"
             from purchases p join users u on u.id = p.user_id where p.id = $1 for no key update of p"#,
        purchase.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LockedPurchase {
        number: row.receipt_number,
        product: row.product,
        email: row.email,
        paid: row.price_paid_in_cents.into(),
        refunded: row.refunded_in_cents.into(),
        refunding: row.refunding_in_cents.into(),
        lost: row.lost,
        refunded_at: row.refunded_at,
        payment_intent: row.stripe_payment_intent_id,
    }))
}

/// Ends a purchase. A trigger ends the access it gave (`rebuild_course_access`).
pub async fn end_purchase(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<()> {
    sqlx::query!("update purchases set refunded_at = now() where id = $1 and refunded_at is null", purchase.uuid())
        .execute(db)
        .await
        .map(drop)
}

/// Recomputes a purchase's status from its refunds and disputes: paused, ended, or live. `returned`: a refund failed or a chargeback was
/// reversed, so that the purchase may be revived. Returns whether it has ended. A trigger on `purchases` gives or ends access
/// (`rebuild_course_access`).
pub async fn recompute_status(db: impl PgExecutor<'_>, purchase: PurchaseId, returned: bool) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select recompute_purchase_status($1, $2) as "ended!""#, purchase.uuid(), returned)
        .fetch_one(db)
        .await
}

/// Stores a note for a sale's timeline.
pub async fn insert_note(db: impl PgExecutor<'_>, purchase: PurchaseId, kind: SaleNoteKind) -> sqlx::Result<()> {
    sqlx::query!("insert into sale_notes (purchase_id, kind) values ($1, $2)", purchase.uuid(), kind as SaleNoteKind)
        .execute(db)
        .await
        .map(drop)
}
