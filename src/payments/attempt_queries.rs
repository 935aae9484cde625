//! Statements on `checkout_attempts` that events of Stripe need. Those that start a checkout are in `checkout/queries.rs`.

use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json};

use crate::{
    id::{AttemptId, ProductId, UserId},
    payments::{AttemptState, state_machine::StateMachine},
};

/// The product as it was when the checkout began. The first three fields are copied to the purchase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    pub name: String,
    pub description: String,
    pub image_url: String,
    pub slug: String,
    /// The coupon code that reduced the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// The fields of a locked attempt that fulfilment needs.
pub struct LockedAttempt {
    pub id: AttemptId,
    pub user: UserId,
    pub product: ProductId,
    pub subtotal: i32,
    pub amount: i32,
    pub discount_name: Option<String>,
    /// The country whose discount was applied.
    pub country: Option<String>,
    pub discount_percent: Option<i32>,
    pub details: Details,
    pub session: Option<String>,
    pub state: AttemptState,
    pub submitted: bool,
    /// Whether the product is private now.
    pub private: bool,
}

/// Locks an attempt until the end of the transaction.
pub async fn lock_attempt(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<Option<LockedAttempt>> {
    let row = sqlx::query!(
        r#"select id, user_id, product_id, subtotal_in_cents, amount_in_cents, discount_name, country, discount_percent,
                  product_details as "details: Json<Details>", stripe_session_id, state as "state: AttemptState",
                  submitted_at is not null as "submitted!",
                  (select p.status = 'private' from products p where p.id = product_id) as "private!"
             from checkout_attempts where id = $1 for update"#,
        attempt.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LockedAttempt {
        id: row.id.into(),
        user: row.user_id.into(),
        product: row.product_id.into(),
        subtotal: row.subtotal_in_cents,
        amount: row.amount_in_cents,
        discount_name: row.discount_name,
        country: row.country,
        discount_percent: row.discount_percent,
        details: row.details.0,
        session: row.stripe_session_id,
        state: row.state,
        submitted: row.submitted,
        private: row.private,
    }))
}

/// Stores the id and the URL of an attempt's Checkout Session.
pub async fn set_session(db: impl PgExecutor<'_>, attempt: AttemptId, id: &str, url: &str) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkout_attempts set stripe_session_id = $2, stripe_session_url = $3 where id = $1",
        attempt.uuid(),
        id,
        url
    )
    .execute(db)
    .await
    .map(drop)
}

/// Records that the buyer completed the checkout and that the payment is pending.
pub async fn set_submitted(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkout_attempts set submitted_at = coalesce(submitted_at, now()) where id = $1",
        attempt.uuid()
    )
    .execute(db)
    .await
    .map(drop)
}

/// Changes the state of an attempt where `state_machine.rs` allows it. Returns whether it did.
pub async fn set_state(db: impl PgExecutor<'_>, attempt: AttemptId, state: AttemptState) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "update checkout_attempts set state = $2 where id = $1 and state = any($3::attempt_state[])",
        attempt.uuid(),
        state as AttemptState,
        &state.predecessors() as &[AttemptState],
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}
