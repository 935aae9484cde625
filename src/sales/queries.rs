//! Queries of the sales list.
//!
//! A list reads the sales of each state from one index, newest first, and merges them: six short reads, however many sales there
//! are. `limit 1` makes PostgreSQL fetch the row of each sale, and its buyer, one by one by id.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;
use uuid::Uuid;

use crate::{
    pagination::{Cursor, PageDirection},
    sales::{SaleRow, SaleState},
};

/// The terms of a search: a sale matches when one of them matches.
#[derive(Clone, Debug, Default)]
pub struct SearchTerms {
    /// A lower-case pattern of `like` for the buyer's email address.
    pub email: Option<String>,
    /// Ids of products.
    pub products: Vec<Uuid>,
    /// The number of a receipt.
    pub receipt: Option<i64>,
    /// Stripe's id of a session or a payment intent.
    pub stripe_id: Option<String>,
}

/// Lists the ids of the products whose name matches a lower-case pattern of `like`. There are few products.
pub async fn list_product_ids(db: impl PgExecutor<'_>, pattern: &str) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from products where lower(name) like $1 limit 1000", pattern).fetch_all(db).await
}

/// The order in which a page is read from a cursor.
enum ReadingOrder {
    Descending(Cursor),
    Ascending(Cursor),
}

impl From<PageDirection> for ReadingOrder {
    fn from(direction: PageDirection) -> Self {
        match direction {
            PageDirection::Newest => Self::Descending(Cursor { at: DateTime::<Utc>::MAX_UTC, id: Uuid::max() }),
            PageDirection::Before(cursor) => Self::Descending(cursor),
            PageDirection::After(cursor) => Self::Ascending(cursor),
        }
    }
}

/// Converts a row of any statement below; sqlx gives each statement a row type of its own.
macro_rules! sale_row {
    ($row:ident) => {
        SaleRow {
            id: $row.id.into(),
            number: $row.receipt_number,
            at: $row.created_at,
            buyer: $row.user_id.into(),
            email: $row.email,
            product: $row.product,
            subtotal: $row.subtotal_in_cents.into(),
            paid: $row.price_paid_in_cents.into(),
            refunded: $row.refunded_in_cents.into(),
            state: $row.state,
            session: $row.stripe_session_id,
            country_differs: $row.country_differs,
        }
    };
}

/// Reads the next `limit` sales in these states, each with whether it matches `terms`. Without terms every sale matches.
pub async fn scan_recent(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    direction: PageDirection,
    terms: Option<&SearchTerms>,
    limit: i64,
) -> sqlx::Result<Vec<(SaleRow, bool)>> {
    match direction.into() {
        ReadingOrder::Descending(from) => scan_descending(db, states, from, terms, limit).await,
        ReadingOrder::Ascending(from) => scan_ascending(db, states, from, terms, limit).await,
    }
}

async fn scan_descending(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    terms: Option<&SearchTerms>,
    limit: i64,
) -> sqlx::Result<Vec<(SaleRow, bool)>> {
    let rows = sqlx::query!(
        r#"select p.id, p.receipt_number, p.created_at, p.user_id, u.email, p.product_details ->> 'name' as "product!",
                  p.subtotal_in_cents, p.price_paid_in_cents, p.refunded_in_cents, p.state as "state!: SaleState",
                  p.stripe_session_id, p.country_differs,
                  ($5::bool or (u.deleted_at is null and lower(u.email) like $6) or p.product_id = any($7)
                   or p.receipt_number = $8) is true as "hit!"
             from (select n.id, n.created_at
                     from unnest($1::sale_state[]) as s(state) cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.state = s.state and (b.created_at, b.id) < ($2::timestamptz, $3::uuid)
                        order by b.created_at desc, b.id desc limit $4) n
                    order by n.created_at desc, n.id desc limit $4) next
             cross join lateral (select * from purchases where id = next.id limit 1) p
             cross join lateral (select * from users where id = p.user_id limit 1) u
            order by next.created_at desc, next.id desc"#,
        states as &[SaleState],
        from.at,
        from.id,
        limit,
        terms.is_none(),
        terms.and_then(|terms| terms.email.as_deref()),
        terms.map(|terms| terms.products.as_slice()).unwrap_or_default(),
        terms.and_then(|terms| terms.receipt),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (sale_row!(row), row.hit)).collect())
}

/// The same as [`scan_descending`], oldest first: PostgreSQL follows an index only in an order that the statement spells out.
async fn scan_ascending(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    terms: Option<&SearchTerms>,
    limit: i64,
) -> sqlx::Result<Vec<(SaleRow, bool)>> {
    let rows = sqlx::query!(
        r#"select p.id, p.receipt_number, p.created_at, p.user_id, u.email, p.product_details ->> 'name' as "product!",
                  p.subtotal_in_cents, p.price_paid_in_cents, p.refunded_in_cents, p.state as "state!: SaleState",
                  p.stripe_session_id, p.country_differs,
                  ($5::bool or (u.deleted_at is null and lower(u.email) like $6) or p.product_id = any($7)
                   or p.receipt_number = $8) is true as "hit!"
             from (select n.id, n.created_at
                     from unnest($1::sale_state[]) as s(state) cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.state = s.state and (b.created_at, b.id) > ($2::timestamptz, $3::uuid)
                        order by b.created_at, b.id limit $4) n
                    order by n.created_at, n.id limit $4) next
             cross join lateral (select * from purchases where id = next.id limit 1) p
             cross join lateral (select * from users where id = p.user_id limit 1) u
            order by next.created_at, next.id"#,
        states as &[SaleState],
        from.at,
        from.id,
        limit,
        terms.is_none(),
        terms.and_then(|terms| terms.email.as_deref()),
        terms.map(|terms| terms.products.as_slice()).unwrap_or_default(),
        terms.and_then(|terms| terms.receipt),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (sale_row!(row), row.hit)).collect())
}

/// Reads the next `limit` sales that match `terms`, by the indexes of buyers, products, receipts and Stripe's ids.
pub async fn search_by_index(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    direction: PageDirection,
    terms: &SearchTerms,
    limit: i64,
) -> sqlx::Result<Vec<SaleRow>> {
    match direction.into() {
        ReadingOrder::Descending(from) => search_descending(db, states, from, terms, limit).await,
        ReadingOrder::Ascending(from) => search_ascending(db, states, from, terms, limit).await,
    }
}

async fn search_descending(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    terms: &SearchTerms,
    limit: i64,
) -> sqlx::Result<Vec<SaleRow>> {
    let rows = sqlx::query!(
        r#"with buyers as materialized (
             select id from users where deleted_at is null and lower(email) like $5)
           select p.id, p.receipt_number, p.created_at, p.user_id, u.email, p.product_details ->> 'name' as "product!",
                  p.subtotal_in_cents, p.price_paid_in_cents, p.refunded_in_cents, p.state as "state!: SaleState",
                  p.stripe_session_id, p.country_differs
             from (select f.id, f.created_at
                     from buyers cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.user_id = buyers.id and b.state = any($1) and (b.created_at, b.id) < ($2::timestamptz, $3::uuid)
                        order by b.created_at desc limit 1000) f
                   union
                   select f.id, f.created_at
                     from unnest($6::uuid[]) as s(product) cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.product_id = s.product and b.state = any($1) and (b.created_at, b.id) < ($2, $3)
                        order by b.created_at desc, b.id desc limit $4) f
                   union
                   select b.id, b.created_at from purchases b
                    where b.receipt_number = $7 and b.state = any($1) and (b.created_at, b.id) < ($2, $3)
                   union
                   select b.id, b.created_at from purchases b
                    where b.stripe_session_id = $8 and b.state = any($1) and (b.created_at, b.id) < ($2, $3)
                   union
                   select b.id, b.created_at from purchases b
                    where b.stripe_payment_intent_id = $8 and b.state = any($1) and (b.created_at, b.id) < ($2, $3)
                    order by 2 desc, 1 desc limit $4) next
             cross join lateral (select * from purchases where id = next.id limit 1) p
             cross join lateral (select * from users where id = p.user_id limit 1) u
            order by next.created_at desc, next.id desc"#,
        states as &[SaleState],
        from.at,
        from.id,
        limit,
        terms.email.as_deref(),
        &terms.products,
        terms.receipt,
        terms.stripe_id.as_deref(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| sale_row!(row)).collect())
}

/// The same as [`search_descending`], oldest first.
async fn search_ascending(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    terms: &SearchTerms,
    limit: i64,
) -> sqlx::Result<Vec<SaleRow>> {
    let rows = sqlx::query!(
        r#"with buyers as materialized (
             select id from users where deleted_at is null and lower(email) like $5)
           select p.id, p.receipt_number, p.created_at, p.user_id, u.email, p.product_details ->> 'name' as "product!",
                  p.subtotal_in_cents, p.price_paid_in_cents, p.refunded_in_cents, p.state as "state!: SaleState",
                  p.stripe_session_id, p.country_differs
             from (select f.id, f.created_at
                     from buyers cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.user_id = buyers.id and b.state = any($1) and (b.created_at, b.id) > ($2::timestamptz, $3::uuid)
                        order by b.created_at limit 1000) f
                   union
                   select f.id, f.created_at
                     from unnest($6::uuid[]) as s(product) cross join lateral (
                       select b.id, b.created_at from purchases b
                        where b.product_id = s.product and b.state = any($1) and (b.created_at, b.id) > ($2, $3)
                        order by b.created_at, b.id limit $4) f
                   union
                   select b.id, b.created_at from purchases b
                    where b.receipt_number = $7 and b.state = any($1) and (b.created_at, b.id) > ($2, $3)
                   union
                   select b.id, b.created_at from purchases b
                    where b.stripe_session_id = $8 and b.state = any($1) and (b.created_at, b.id) > ($2, $3)
                   union
                   select b.id, b.created_at from purchases b
                    where b.stripe_payment_intent_id = $8 and b.state = any($1) and (b.created_at, b.id) > ($2, $3)
                    order by 2, 1 limit $4) next
             cross join lateral (select * from purchases where id = next.id limit 1) p
             cross join lateral (select * from users where id = p.user_id limit 1) u
            order by next.created_at, next.id"#,
        states as &[SaleState],
        from.at,
        from.id,
        limit,
        terms.email.as_deref(),
        &terms.products,
        terms.receipt,
        terms.stripe_id.as_deref(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| sale_row!(row)).collect())
}
