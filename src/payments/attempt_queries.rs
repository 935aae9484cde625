//! What is asked of the database about attempts, events and what they become.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    country::Country,
    id::{AttemptId, CourseId, ProductId, PurchaseId, UserId},
    money::Cents,
    payments::{
        AttemptState, UnusablePaymentReason,
        outcome::{EventStatus, Outcome},
        state_machine::StateMachine,
    },
    prices::quote::{Item, Quote},
    products::ProductStatus,
};

/// What a product was when checkout began. The first three go into the purchase.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Details {
    pub name: String,
    pub description: String,
    pub image_url: String,
    pub slug: String,
    /// The code that the price came about by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

/// What a buyer may need to know of a product before paying.
pub struct Sellable {
    pub id: ProductId,
    pub details: Details,
    pub list: Cents,
    /// Whether it costs less where people have less.
    pub purchasing_power: bool,
    pub status: ProductStatus,
    pub owned: bool,
    pub courses: Vec<String>,
}

pub async fn find_sellable(
    db: impl PgExecutor<'_>,
    slug: &str,
    user: Option<UserId>,
) -> sqlx::Result<Option<Sellable>> {
    let row = sqlx::query!(
        r#"select p.id, p.slug, p.name, p.description, p.image_url, p.price_in_dollars, p.purchasing_power,
                  p.status as "status: ProductStatus",
                  exists (select from purchases b where b.user_id = $2 and b.product_id = p.id
                          and b.refunded_at is null) as "owned!",
                  array(select c.name from course_products cp join courses c on c.id = cp.course_id
                         where cp.product_id = p.id order by cp.created_at, c.name) as "courses!"
             from products p where p.slug = $1"#,
        slug,
        user.map(UserId::uuid),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Sellable {
        id: row.id.into(),
        details: Details {
            name: row.name,
            description: row.description,
            image_url: row.image_url,
            slug: row.slug,
            code: None,
        },
        list: Cents::from_dollars(row.price_in_dollars),
        purchasing_power: row.purchasing_power,
        status: row.status,
        owned: row.owned,
        courses: row.courses,
    }))
}

impl Sellable {
    pub const fn item(&self) -> Item {
        Item { product: self.id, list: self.list, purchasing_power: self.purchasing_power }
    }
}

pub struct Attempt {
    pub id: AttemptId,
    pub subtotal: Cents,
    pub amount: Cents,
    pub discount_name: Option<String>,
    pub details: Details,
    pub session: Option<String>,
    pub url: Option<String>,
    pub submitted: bool,
    pub expires_at: DateTime<Utc>,
}

/// Lets go of open attempts that are too old to be paid comfortably. A late payment is still honoured.
pub async fn expire_old_attempts(
    db: impl PgExecutor<'_>,
    user: UserId,
    product: ProductId,
    before: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkout_attempts set state = 'expired'
          where user_id = $1 and product_id = $2 and state = 'open' and submitted_at is null and expires_at < $3",
        user.uuid(),
        product.uuid(),
        before,
    )
    .execute(db)
    .await
    .map(drop)
}

/// The open attempt of this buyer for this product at this price, which came about in this way; a new one where there is none.
pub async fn open_attempt(
    db: impl PgExecutor<'_>,
    user: UserId,
    product: &Sellable,
    quote: &Quote,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<Attempt> {
    let cents = |amount: Cents| i32::try_from(amount.0).unwrap_or(i32::MAX);
    let code = quote.coupon.as_ref().map(|coupon| coupon.code.clone());
    let details = Details { code, ..product.details.clone() };
    let row = sqlx::query!(
        r#"insert into checkout_attempts
             (user_id, product_id, subtotal_in_cents, amount_in_cents, discount_name, country, discount_percent, coupon_id,
              product_details, expires_at)
           values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
           on conflict (user_id, product_id, amount_in_cents, subtotal_in_cents, coalesce(discount_name, ''),
                        coalesce(coupon_id, '00000000-0000-0000-0000-000000000000')) where state = 'open'
             do update set updated_at = now()
           returning id, subtotal_in_cents, amount_in_cents, discount_name, product_details as "details: Json<Details>", stripe_session_id,
                     stripe_session_url, submitted_at, expires_at"#,
        user.uuid(),
        product.id.uuid(),
        cents(quote.list),
        cents(quote.price.amount),
        quote.price.name,
        quote.country.map(Country::code),
        quote.price.percent,
        quote.coupon.as_ref().map(|coupon| coupon.id.uuid()),
        Json(&details) as _,
        expires_at,
    )
    .fetch_one(db)
    .await?;
    Ok(Attempt {
        id: row.id.into(),
        subtotal: row.subtotal_in_cents.into(),
        amount: row.amount_in_cents.into(),
        discount_name: row.discount_name,
        details: row.details.0,
        session: row.stripe_session_id,
        url: row.stripe_session_url,
        submitted: row.submitted_at.is_some(),
        expires_at: row.expires_at,
    })
}

/// Remembers the session that Stripe made for an attempt.
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

/// Moves an attempt on, where it may go there (`moves`).
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

/// The buyer is through at Stripe, the money is not.
pub async fn set_submitted(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkout_attempts set submitted_at = coalesce(submitted_at, now()) where id = $1",
        attempt.uuid()
    )
    .execute(db)
    .await
    .map(drop)
}

/// What fulfilment has to know of an attempt.
pub struct LockedAttempt {
    pub id: AttemptId,
    pub user: UserId,
    pub product: ProductId,
    pub subtotal: i32,
    pub amount: i32,
    pub discount_name: Option<String>,
    /// The country that the price was made for.
    pub country: Option<String>,
    pub discount_percent: Option<i32>,
    pub details: Details,
    pub session: Option<String>,
    pub state: AttemptState,
    pub submitted: bool,
    /// Whether the product is private by now.
    pub private: bool,
}

/// The attempt, held until the transaction ends.
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

/// Records a purchase; triggers copy its product's courses, give access and redeem its coupon. `None` when this session is recorded already, the buyer owns the product, or their account is gone; receipts are numbered without
/// gaps as far as that can be seen before.
pub async fn insert_purchase(
    db: impl PgExecutor<'_>,
    attempt: &LockedAttempt,
    session: Option<&str>,
    payment_intent: Option<&str>,
) -> sqlx::Result<Option<PurchaseId>> {
    let Details { name, description, image_url, .. } = attempt.details.clone();
    let details = crate::payments::ProductDetails { name, description, image_url };
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

/// Whether this attempt became a purchase.
pub async fn has_purchase(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from purchases where attempt_id = $1) as "is!""#, attempt.uuid())
        .fetch_one(db)
        .await
}

/// What is told of one payment is taken in one after the other: the key of the lock that sees to it.
const PAYMENTS: i64 = 0x70_6179_6d65_6e74;

/// Waits until nobody else takes in what is told about this payment, and keeps others waiting until the transaction ends.
pub async fn hold_payment(db: impl PgExecutor<'_>, payment_intent: &str) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, $2))", payment_intent, PAYMENTS)
        .execute(db)
        .await
        .map(drop)
}

/// Records an event, with its outcome where that is known beforehand, and locks its payment as [`hold_payment`] does. False when the
/// event came before; a delivery at the same moment waits here for the first.
pub async fn insert_event(
    db: impl PgExecutor<'_>,
    id: &str,
    kind: &str,
    occurred_at: DateTime<Utc>,
    payload: &serde_json::Value,
    outcome: Option<&Outcome>,
    payment_intent: Option<&str>,
) -> sqlx::Result<bool> {
    let (status, detail) = outcome.map_or((EventStatus::Received, "received"), |o| (o.status(), o.detail()));
    let result = sqlx::query!(
        "with locked as materialized (
           select pg_advisory_xact_lock(hashtextextended($7, $8)) where $7::text is not null)
         insert into stripe_events (id, type, occurred_at, payload, status, detail)
         select $1, $2, $3, $4, $5, $6 from (select count(*) from locked) l
         on conflict do nothing",
        id,
        kind,
        occurred_at,
        payload,
        status as EventStatus,
        detail,
        payment_intent,
        PAYMENTS,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Stores what an event came to.
pub async fn set_event_outcome(db: impl PgExecutor<'_>, id: &str, outcome: &Outcome) -> sqlx::Result<()> {
    sqlx::query!(
        "update stripe_events set status = $2, detail = $3 where id = $1",
        id,
        outcome.status() as EventStatus,
        outcome.detail(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Stores the intent to send a payment back that cannot become a purchase, with the purchase that it duplicates. Returns why it cannot,
/// and the refund's id; `None` when the intent was stored before. The attempt's row must be locked.
pub async fn insert_return(
    db: impl PgExecutor<'_>,
    attempt: &LockedAttempt,
    payment_intent: &str,
) -> sqlx::Result<(UnusablePaymentReason, Option<Uuid>)> {
    let row = sqlx::query!(
        r#"with stored as (
             insert into refunds (attempt_id, amount_in_cents, unusable_reason, stripe_payment_intent_id, origin, original_purchase_id)
             select $1, $2,
                    case when own.id is null and exists (select from users where id = $4 and deleted_at is not null)
                         then 'account_deleted' else 'duplicate' end::unusable_payment_reason,
                    $3, 'automatic', own.id
               from (select (select id from purchases where user_id = $4 and product_id = $5 and refunded_at is null)) own (id)
              where not exists (select from refunds where attempt_id = $1 and origin = 'automatic')
             returning id, unusable_reason)
           select id as "id?", unusable_reason as "reason!: UnusablePaymentReason" from stored
           union all
           (select null, unusable_reason from refunds where attempt_id = $1 and origin = 'automatic' order by created_at limit 1)"#,
        attempt.id.uuid(),
        attempt.amount,
        payment_intent,
        attempt.user.uuid(),
        attempt.product.uuid(),
    )
    .fetch_one(db)
    .await?;
    Ok((row.reason, row.id))
}

/// What the return page shows: a checkout of this very user, by Stripe's session id or by the attempt's own.
pub struct Found {
    pub slug: String,
    pub name: String,
    pub state: AttemptState,
    pub submitted: bool,
    pub purchase: Option<PurchaseId>,
    /// Whether all of it went back since.
    pub refunded: bool,
    pub courses: Vec<CourseId>,
}

pub async fn find_checkout(db: impl PgExecutor<'_>, session: &str, user: UserId) -> sqlx::Result<Option<Found>> {
    let row = sqlx::query!(
        r#"select p.slug, p.name, a.state as "state: AttemptState", a.submitted_at, b.id as "purchase?",
                  b.refunded_at is not null as "refunded!",
                  array(select pc.course_id from purchase_courses pc where pc.purchase_id = b.id) as "courses!"
             from checkout_attempts a
             join products p on p.id = a.product_id
             left join purchases b on b.attempt_id = a.id
            where a.user_id = $2 and (a.stripe_session_id = $1 or a.id = $3)"#,
        session,
        user.uuid(),
        session.parse::<Uuid>().unwrap_or_default(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Found {
        slug: row.slug,
        name: row.name,
        state: row.state,
        submitted: row.submitted_at.is_some(),
        purchase: row.purchase.map(PurchaseId::from),
        refunded: row.refunded,
        courses: row.courses.into_iter().map(CourseId::from).collect(),
    }))
}
