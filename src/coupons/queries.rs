//! Queries of coupons and their reservations.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    coupons::{
        CouponRow, Discount, ProductChoice,
        input::{CouponDraft, StoredCoupon},
        policy::{self, Coupon},
    },
    id::{AttemptId, CouponId, ProductId, UserId},
};

/// Makes a discount of its two columns, of which one is not null.
fn discount(percent: Option<i32>, dollars: Option<i32>) -> Discount {
    percent.map_or(Discount::Dollars(dollars.unwrap_or_default()), Discount::Percent)
}

/// Finds a coupon by its code (in upper case), with its uses for this product and student.
pub async fn find_by_code(
    db: impl PgExecutor<'_>,
    code: &str,
    product: ProductId,
    user: Option<UserId>,
) -> sqlx::Result<Option<Coupon>> {
    let row = sqlx::query!(
        r#"select c.id, c.code, c.name, c.percent, c.dollars, c.active, c.expires_at, c.max_redemptions, c.max_per_student,
                  c.reserved + c.redeemed as "used!",
                  (select count(*) from coupon_redemptions r
                    where r.coupon_id = c.id and r.user_id = $3 and r.state <> 'released') as "used_by_student!",
                  exists (select from coupon_redemptions r
                           where r.coupon_id = c.id and r.user_id = $3 and r.product_id = $2 and r.state = 'reserved') as "is_reserved!",
                  c.every_product or exists (select from coupon_products p
                                              where p.coupon_id = c.id and p.product_id = $2) as "applies!"
             from coupons c where upper(c.code) = $1"#,
        code,
        product.uuid(),
        user.map(UserId::uuid),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Coupon {
        id: row.id.into(),
        code: row.code,
        name: row.name,
        discount: discount(row.percent, row.dollars),
        active: row.active,
        expires_at: row.expires_at,
        max_redemptions: row.max_redemptions,
        max_per_student: row.max_per_student,
        used: row.used,
        used_by_student: row.used_by_student,
        is_reserved: row.is_reserved,
        applies: row.applies,
    }))
}

/// Locks a coupon until the end of the transaction; its limits are read afterwards. A checkout attempt with a coupon already has a key
/// share lock on it through its foreign key, so the lock is `for no key update`: with `for update`, two such attempts would deadlock.
pub async fn lock(db: impl PgExecutor<'_>, coupon: CouponId) -> sqlx::Result<()> {
    sqlx::query!("select id from coupons where id = $1 for no key update", coupon.uuid())
        .fetch_optional(db)
        .await
        .map(drop)
}

/// Returns whether a checkout attempt has reserved a use of its coupon.
pub async fn is_reserved_by(db: impl PgExecutor<'_>, attempt: AttemptId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select from coupon_redemptions where attempt_id = $1 and state = 'reserved') as "is!""#,
        attempt.uuid()
    )
    .fetch_one(db)
    .await
}

/// Moves the reservation that a student has for a product to a newer attempt. Returns whether there was one.
pub async fn update_reservation(
    db: impl PgExecutor<'_>,
    coupon: CouponId,
    user: UserId,
    product: ProductId,
    attempt: AttemptId,
) -> sqlx::Result<bool> {
    let result = sqlx::query!(
        "update coupon_redemptions set attempt_id = $4
          where coupon_id = $1 and user_id = $2 and product_id = $3 and state = 'reserved'",
        coupon.uuid(),
        user.uuid(),
        product.uuid(),
        attempt.uuid(),
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected() > 0)
}

/// Reserves a use of a coupon for a checkout attempt. Constraints reject it above the limits.
pub async fn insert_reservation(
    db: impl PgExecutor<'_>,
    coupon: CouponId,
    user: UserId,
    product: ProductId,
    attempt: AttemptId,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into coupon_redemptions (coupon_id, user_id, product_id, attempt_id) values ($1, $2, $3, $4)",
        coupon.uuid(),
        user.uuid(),
        product.uuid(),
        attempt.uuid(),
    )
    .execute(db)
    .await
    .map(drop)
}

/// Expires open checkout attempts that reserve a coupon and ended before `before`, which releases their reservation. Returns their number.
/// A late payment is still honoured.
pub async fn expire_reserving_attempts(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "update checkout_attempts a set state = 'expired'
           from coupon_redemptions r
          where r.attempt_id = a.id and r.state = 'reserved'
            and a.state = 'open' and a.submitted_at is null and a.expires_at < $1",
        before,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected())
}

/// Lists the coupons whose code or name contains `search`, newest first; one more than `limit` when there are more.
pub async fn list(
    db: impl PgExecutor<'_>,
    search: &str,
    now: DateTime<Utc>,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<CouponRow>> {
    let rows = sqlx::query!(
        r#"select c.id, c.code, c.name, c.percent, c.dollars, c.every_product, c.redeemed, c.reserved as held, c.max_redemptions,
                  c.expires_at, c.active,
                  (select count(*) from coupon_products p where p.coupon_id = c.id) as "products!",
                  not exists (select from checkout_attempts a where a.coupon_id = c.id) as "unused!"
             from coupons c
            where $1 = '' or position(lower($1) in lower(c.code || ' ' || c.name)) > 0
            order by c.created_at desc, c.id desc
            limit $2::bigint + 1 offset $3"#,
        search,
        limit,
        offset,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| CouponRow {
            id: row.id.into(),
            code: row.code,
            name: row.name,
            discount: discount(row.percent, row.dollars).label(),
            product_count: (!row.every_product).then_some(row.products),
            redeemed: row.redeemed,
            reserved: row.held,
            max_redemptions: row.max_redemptions,
            expires_at: row.expires_at,
            status: policy::status(row.active, row.expires_at, row.max_redemptions, row.redeemed, now),
            is_unused: row.unused,
        })
        .collect())
}

/// Finds a coupon with its products.
pub async fn find(db: impl PgExecutor<'_>, coupon: CouponId) -> sqlx::Result<Option<StoredCoupon>> {
    let row = sqlx::query!(
        r#"select c.version, c.code, c.name, c.percent, c.dollars, c.every_product, c.expires_at, c.max_redemptions,
                  c.max_per_student, c.active, c.redeemed, c.reserved as held,
                  array(select p.product_id from coupon_products p where p.coupon_id = c.id) as "products!"
             from coupons c where c.id = $1"#,
        coupon.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| StoredCoupon {
        version: row.version,
        draft: CouponDraft {
            code: row.code,
            name: row.name,
            discount: discount(row.percent, row.dollars),
            products: (!row.every_product).then(|| row.products.into_iter().map(ProductId::from).collect()),
            expires_at: row.expires_at,
            max_redemptions: row.max_redemptions,
            max_per_student: row.max_per_student,
            active: row.active,
        },
        redeemed: row.redeemed,
        reserved: row.held,
    }))
}

/// Lists the products for the picker, at most 1000: first those of the coupon, then by name.
pub async fn list_choices(db: impl PgExecutor<'_>, coupon: Option<CouponId>) -> sqlx::Result<Vec<ProductChoice>> {
    sqlx::query_as!(
        ProductChoice,
        r#"select p.id, p.name, c.coupon_id is not null as "chosen!"
             from products p left join coupon_products c on c.product_id = p.id and c.coupon_id = $1
            order by c.coupon_id is null, p.name, p.id
            limit 1000"#,
        coupon.map(CouponId::uuid),
    )
    .fetch_all(db)
    .await
}

/// Lists the ids and names of those of the products that exist, by name.
pub async fn list_products(db: impl PgExecutor<'_>, products: &[ProductId]) -> sqlx::Result<Vec<(ProductId, String)>> {
    let ids: Vec<_> = products.iter().map(|product| product.uuid()).collect();
    let rows =
        sqlx::query!("select id, name from products where id = any ($1) order by name, id", &ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.name)).collect())
}

/// Splits a discount into its two columns, of which one is null.
fn columns(discount: Discount) -> (Option<i32>, Option<i32>) {
    match discount {
        Discount::Percent(percent) => (Some(percent), None),
        Discount::Dollars(dollars) => (None, Some(dollars)),
    }
}

/// Inserts a coupon, without its products.
pub async fn insert(db: impl PgExecutor<'_>, draft: &CouponDraft) -> sqlx::Result<CouponId> {
    let (percent, dollars) = columns(draft.discount);
    sqlx::query_scalar!(
        "insert into coupons (code, name, percent, dollars, every_product, expires_at, max_redemptions, max_per_student, active)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) returning id",
        draft.code,
        draft.name,
        percent,
        dollars,
        draft.products.is_none(),
        draft.expires_at,
        draft.max_redemptions,
        draft.max_per_student,
        draft.active,
    )
    .fetch_one(db)
    .await
    .map(CouponId::from)
}

/// Updates a coupon, without its products. A trigger increases its version.
pub async fn update(db: impl PgExecutor<'_>, coupon: CouponId, draft: &CouponDraft) -> sqlx::Result<()> {
    let (percent, dollars) = columns(draft.discount);
    sqlx::query!(
        "update coupons set code = $2, name = $3, percent = $4, dollars = $5, every_product = $6, expires_at = $7,
                max_redemptions = $8, max_per_student = $9, active = $10
          where id = $1",
        coupon.uuid(),
        draft.code,
        draft.name,
        percent,
        dollars,
        draft.products.is_none(),
        draft.expires_at,
        draft.max_redemptions,
        draft.max_per_student,
        draft.active,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Replaces the products that a coupon is for.
pub async fn update_products(db: impl PgExecutor<'_>, coupon: CouponId, products: &[Uuid]) -> sqlx::Result<()> {
    sqlx::query!(
        "with gone as (delete from coupon_products where coupon_id = $1 and product_id <> all ($2))
         insert into coupon_products (coupon_id, product_id) select $1, id from unnest($2::uuid[]) as id
         on conflict do nothing",
        coupon.uuid(),
        products,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Returns whether a checkout was ever started with a coupon.
pub async fn is_used(db: impl PgExecutor<'_>, coupon: CouponId) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select from checkout_attempts where coupon_id = $1) as "is!""#, coupon.uuid())
        .fetch_one(db)
        .await
}

/// Deletes a coupon. A foreign key rejects it when a checkout was started with it.
pub async fn delete(db: impl PgExecutor<'_>, coupon: CouponId) -> sqlx::Result<()> {
    sqlx::query!("delete from coupons where id = $1", coupon.uuid()).execute(db).await.map(drop)
}

/// Switches a coupon on or off.
pub async fn update_active(db: impl PgExecutor<'_>, coupon: CouponId, active: bool) -> sqlx::Result<()> {
    sqlx::query!("update coupons set active = $2 where id = $1", coupon.uuid(), active).execute(db).await.map(drop)
}
