//! Holding a coupon while somebody pays: its limits count from here, so that the last one is not promised twice.

use std::net::IpAddr;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::{
    coupons::{
        policy::{self, Coupon},
        queries,
    },
    error::{Error, FieldError, Result},
    id::{AttemptId, ProductId, UserId},
    server::state::AppState,
};

/// The coupon behind what somebody typed. Everybody who types one comes through here: this is where guesses are counted.
///
/// # Errors
/// [`Error::RateLimited`] of codes that cannot be used.
pub async fn look_up(
    state: &AppState,
    typed: &str,
    product: ProductId,
    user: Option<UserId>,
    from: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<Option<Coupon>> {
    let tries = state.limits.code(&state.db, from, user).await?;
    let coupon = find(&state.db, typed, product, user, now).await?;
    if coupon.is_some() {
        tries.give_back(&state.db).await?;
    }
    Ok(coupon)
}

/// The coupon as it stands for this product and student; nothing when it cannot be used.
async fn find(
    db: impl sqlx::PgExecutor<'_>,
    typed: &str,
    product: ProductId,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Coupon>> {
    let Some(code) = policy::code(typed) else { return Ok(None) };
    let coupon = queries::find_by_code(db, &code, product, user).await?;
    Ok(coupon.filter(|coupon| policy::usable(coupon, now)))
}

/// Holds a coupon for an attempt of this transaction, under the coupon's row lock. The database releases it when the attempt ends, and
/// redeems it when the purchase is there. `seen` is the coupon that the price was made from.
///
/// # Errors
/// [`refused`] when another took the last one, [`Error::Conflict`] when an admin changed what it takes off.
pub async fn hold(
    tx: &mut PgConnection,
    seen: &Coupon,
    user: UserId,
    product: ProductId,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<()> {
    queries::lock(&mut *tx, seen.id).await?;
    let coupon = find(&mut *tx, &seen.code, product, Some(user), now).await?;
    let coupon = coupon.ok_or_else(refused)?;
    if (coupon.id, coupon.off, &coupon.name) != (seen.id, seen.off, &seen.name) {
        return Err(Error::Conflict("The price changed just now. Look at it again.".into()));
    }
    if queries::is_held_by(&mut *tx, attempt).await? {
        return Ok(());
    }
    if !queries::move_hold(&mut *tx, coupon.id, user, product, attempt).await? {
        queries::insert_hold(&mut *tx, coupon.id, user, product, attempt).await?;
    }
    Ok(())
}

/// What a code is answered that cannot be used.
pub fn refused() -> Error {
    Error::Invalid(vec![FieldError::new("code", policy::REFUSED)])
}
