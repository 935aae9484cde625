//! Statements of a checkout before the payment: the product, the attempt, and its result.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    country::Country,
    id::{AttemptId, CourseId, ProductId, PurchaseId, UserId},
    money::Cents,
    payments::{AttemptState, attempt_queries::Details},
    prices::quote::{Item, Quote},
    products::ProductStatus,
};

/// The fields of a product that a checkout needs.
pub struct Sellable {
    pub id: ProductId,
    pub details: Details,
    pub list: Cents,
    /// Whether discounts by country (purchasing power parity) apply.
    pub purchasing_power: bool,
    pub status: ProductStatus,
    pub owned: bool,
    pub courses: Vec<String>,
}

impl Sellable {
    pub const fn item(&self) -> Item {
        Item { product: self.id, list: self.list, purchasing_power: self.purchasing_power }
    }
}

/// Finds a product by its slug, and whether the user owns it.
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

/// An open attempt: one try to buy a product.
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

/// Expires the open attempts of a buyer that end too soon to be paid. A late payment is still honoured.
pub async fn expire_old_attempts(
    db: impl PgExecutor<'_>,
    user: UserId,
    product: ProductId,
    expires_before: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update checkout_attempts set state = 'expired'
          where user_id = $1 and product_id = $2 and state = 'open' and submitted_at is null and expires_at < $3",
        user.uuid(),
        product.uuid(),
        expires_before,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns the open attempt of this buyer for this product, price and price reason; inserts one where there is none.
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
        quote.price.discount_name,
        quote.country.map(Country::code),
        quote.price.discount_percent,
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

/// A checkout as the return page needs it.
pub struct CheckoutStatus {
    pub slug: String,
    pub name: String,
    pub state: AttemptState,
    pub submitted: bool,
    pub purchase: Option<PurchaseId>,
    /// Whether the purchase was fully refunded since.
    pub refunded: bool,
    pub courses: Vec<CourseId>,
}

/// Finds a checkout of this user, by Stripe's session id or by the id of the attempt.
pub async fn find_checkout(
    db: impl PgExecutor<'_>,
    session: &str,
    user: UserId,
) -> sqlx::Result<Option<CheckoutStatus>> {
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
    Ok(row.map(|row| CheckoutStatus {
        slug: row.slug,
        name: row.name,
        state: row.state,
        submitted: row.submitted_at.is_some(),
        purchase: row.purchase.map(PurchaseId::from),
        refunded: row.refunded,
        courses: row.courses.into_iter().map(CourseId::from).collect(),
    }))
}
