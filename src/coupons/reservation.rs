//! Reservation of a coupon during a checkout. A reserved use counts against the limits, so that the last use is not sold twice.

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

/// Finds the usable coupon of a typed code. Every typed code is looked up here, since this function counts the failed guesses.
///
/// # Errors
/// [`Error::RateLimited`] after too many codes that cannot be used.
pub async fn look_up(
    state: &AppState,
    typed: &str,
    product: ProductId,
    user: Option<UserId>,
    ip: Option<IpAddr>,
    now: DateTime<Utc>,
) -> Result<Option<Coupon>> {
    let attempt = state.limits.code(&state.db, ip, user).await?;
    let coupon = find_usable(&state.db, typed, product, user, now).await?;
    if coupon.is_some() {
        attempt.return_tokens(&state.db).await?;
    }
    Ok(coupon)
}

/// Finds a coupon that a student can use for a product.
async fn find_usable(
    db: impl sqlx::PgExecutor<'_>,
    typed: &str,
    product: ProductId,
    user: Option<UserId>,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Coupon>> {
    let Some(code) = policy::parse_code(typed) else { return Ok(None) };
    let coupon = queries::find_by_code(db, &code, product, user).await?;
    Ok(coupon.filter(|coupon| policy::is_usable(coupon, now)))
}

/// Reserves a use of a coupon for a checkout attempt of this transaction, under the row lock of the coupon. Triggers release it when the
/// attempt ends, and redeem it with the purchase. `quoted` is the coupon that the price was computed with.
///
/// # Errors
/// [`unusable_code`] when another student got the last use, [`Error::Conflict`] when an admin changed the discount.
pub async fn reserve(
    tx: &mut PgConnection,
    quoted: &Coupon,
    user: UserId,
    product: ProductId,
    attempt: AttemptId,
    now: DateTime<Utc>,
) -> Result<()> {
    queries::lock(&mut *tx, quoted.id).await?;
    let coupon = find_usable(&mut *tx, &quoted.code, product, Some(user), now).await?;
    let coupon = coupon.ok_or_else(unusable_code)?;
    if (coupon.id, coupon.discount, &coupon.name) != (quoted.id, quoted.discount, &quoted.name) {
        return Err(Error::Conflict("The price changed just now. Reload the page to see it.".into()));
    }
    if queries::is_reserved_by(&mut *tx, attempt).await? {
        return Ok(());
    }
    if !queries::update_reservation(&mut *tx, coupon.id, user, product, attempt).await? {
        queries::insert_reservation(&mut *tx, coupon.id, user, product, attempt).await?;
    }
    Ok(())
}

/// Returns the error for a code that cannot be used.
pub fn unusable_code() -> Error {
    Error::Invalid(vec![FieldError::new("code", policy::UNUSABLE_CODE)])
}
