//! What the back office asks of the database about sales.
//!
//! A list reads every state's sales from their index, newest first, and merges them: six short reads, however many sales there
//! are. The row of each, and its buyer, are fetched one by one by their ids, which `limit 1` makes sure of.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    country::Country,
    id::PurchaseId,
    money::Cents,
    payments::{SaleNoteKind, outcome::label},
    sales::{Cursor, DisputeLine, PageDirection, RefundLine, Sale, SaleRow, SaleState, TimelineEntry},
    stripe::states::RefundState,
};

/// What is looked for. Patterns are of `like`, in lower case.
#[derive(Clone, Debug, Default)]
pub struct SearchTerms {
    /// Within a buyer's address.
    pub email: Option<String>,
    pub products: Vec<Uuid>,
    pub receipt: Option<i64>,
    /// Stripe's id of a session or a payment intent.
    pub stripe_id: Option<String>,
}

/// Products whose name holds this. There are few products.
pub async fn list_products_named(db: impl PgExecutor<'_>, pattern: &str) -> sqlx::Result<Vec<Uuid>> {
    sqlx::query_scalar!("select id from products where lower(name) like $1 limit 1000", pattern).fetch_all(db).await
}

/// Where a page begins, and whether it reads towards the older.
fn start(turn: PageDirection) -> (Cursor, bool) {
    match turn {
        PageDirection::Newest => (Cursor { at: DateTime::<Utc>::MAX_UTC, id: Uuid::max().into() }, true),
        PageDirection::Before(cursor) => (cursor, true),
        PageDirection::After(cursor) => (cursor, false),
    }
}

/// A row of any of the statements below: each has a type of its own.
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

/// The next `limit` sales in these states, in the order of reading, each with whether it is one of those looked for. Nothing
/// looked for is all of them.
pub async fn scan_recent(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    turn: PageDirection,
    sought: Option<&SearchTerms>,
    limit: i64,
) -> sqlx::Result<Vec<(SaleRow, bool)>> {
    match start(turn) {
        (from, true) => scan_older(db, states, from, sought, limit).await,
        (from, false) => scan_newer(db, states, from, sought, limit).await,
    }
}

async fn scan_older(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    sought: Option<&SearchTerms>,
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
        from.id.uuid(),
        limit,
        sought.is_none(),
        sought.and_then(|sought| sought.email.as_deref()),
        sought.map(|sought| sought.products.as_slice()).unwrap_or_default(),
        sought.and_then(|sought| sought.receipt),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (sale_row!(row), row.hit)).collect())
}

/// As [`scan_older`], the other way round. PostgreSQL follows an index only in an order that the statement spells out.
async fn scan_newer(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    sought: Option<&SearchTerms>,
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
        from.id.uuid(),
        limit,
        sought.is_none(),
        sought.and_then(|sought| sought.email.as_deref()),
        sought.map(|sought| sought.products.as_slice()).unwrap_or_default(),
        sought.and_then(|sought| sought.receipt),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (sale_row!(row), row.hit)).collect())
}

/// The next `limit` sales that are looked for, in the order of reading, found from what they are looked for by: the buyers of
/// such addresses, these products, this receipt, this id of Stripe's.
pub async fn search_by_index(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    turn: PageDirection,
    sought: &SearchTerms,
    limit: i64,
) -> sqlx::Result<Vec<SaleRow>> {
    match start(turn) {
        (from, true) => search_older(db, states, from, sought, limit).await,
        (from, false) => search_newer(db, states, from, sought, limit).await,
    }
}

async fn search_older(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    sought: &SearchTerms,
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
        from.id.uuid(),
        limit,
        sought.email.as_deref(),
        &sought.products,
        sought.receipt,
        sought.stripe_id.as_deref(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| sale_row!(row)).collect())
}

async fn search_newer(
    db: impl PgExecutor<'_>,
    states: &[SaleState],
    from: Cursor,
    sought: &SearchTerms,
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
        from.id.uuid(),
        limit,
        sought.email.as_deref(),
        &sought.products,
        sought.receipt,
        sought.stripe_id.as_deref(),
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| sale_row!(row)).collect())
}

/// An event of Stripe's, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
struct StripeEvent {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    kind: String,
    detail: String,
}

/// A note on a sale, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
struct Note {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    kind: Option<SaleNoteKind>,
    /// What an older version wrote.
    legacy_text: Option<String>,
}

/// A second payment for the product of a sale, as the database writes it into JSON.
#[derive(Debug, Deserialize)]
struct SecondPayment {
    #[serde(with = "chrono::serde::ts_seconds")]
    at: DateTime<Utc>,
    amount: Cents,
    state: RefundState,
    failure: String,
}

impl SecondPayment {
    fn words(&self) -> String {
        let refund = match self.state {
            RefundState::Pending => "It is being sent back.".into(),
            RefundState::Succeeded => "It was sent back automatically.".into(),
            RefundState::Failed | RefundState::Reversed => format!("It could not be sent back. {}", self.failure),
        };
        format!("A second payment of {} came for the product, which was owned already. {refund}", self.amount)
    }
}

/// A country by its code, in words where we know them.
fn place(code: &str) -> String {
    code.parse::<Country>().map_or_else(|()| code.to_owned(), |country| country.name().to_owned())
}

/// A sale with all that is known of it.
pub async fn find_sale(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<Sale>> {
    let row = sqlx::query!(
        r#"select p.id, p.receipt_number, p.created_at, p.user_id, u.name as buyer_name, u.email,
                  p.product_details ->> 'name' as "product!", p.subtotal_in_cents, p.price_paid_in_cents, p.discount_name,
                  p.refunded_in_cents, p.refunding_in_cents, p.refunded_at, p.state as "state!: SaleState",
                  p.stripe_session_id, p.stripe_payment_intent_id,
                  p.country, p.card_country, p.country_differs, p.card_checked_at, a.created_at as "begun_at?", a.submitted_at as "submitted_at?",
                  (select coalesce(json_agg(json_build_object('amount', r.amount_in_cents,
                            'at', floor(extract(epoch from r.created_at))::bigint, 'state', r.state, 'origin', r.origin, 'by', b.name,
                            'reason', r.reason, 'failure', r.failure, 'stripe_id', r.stripe_refund_id)
                            order by r.created_at), '[]')
                     from refunds r left join users b on b.id = r.requested_by
                    where r.purchase_id = p.id) as "refunds!: Json<Vec<RefundLine>>",
                  (select coalesce(json_agg(json_build_object('amount', d.amount_in_cents,
                            'opened_at', floor(extract(epoch from d.opened_at))::bigint,
                            'closed_at', floor(extract(epoch from d.closed_at))::bigint, 'state', d.state, 'reason', d.reason,
                            'stripe_id', d.stripe_dispute_id) order by d.opened_at), '[]')
                     from disputes d where d.purchase_id = p.id) as "disputes!: Json<Vec<DisputeLine>>",
                  (select coalesce(json_agg(json_build_object('at', floor(extract(epoch from n.created_at))::bigint, 'kind', n.kind,
                            'legacy_text', n.legacy_text) order by n.created_at, n.id), '[]')
                     from sale_notes n where n.purchase_id = p.id) as "notes!: Json<Vec<Note>>",
                  (select coalesce(json_agg(json_build_object('at', floor(extract(epoch from r.created_at))::bigint,
                            'amount', r.amount_in_cents, 'state', r.state, 'failure', r.failure) order by r.created_at), '[]')
                     from refunds r where r.original_purchase_id = p.id) as "second_payments!: Json<Vec<SecondPayment>>",
                  (select coalesce(json_agg(json_build_object('at', floor(extract(epoch from e.occurred_at))::bigint,
                            'kind', e.type, 'detail', e.detail) order by e.occurred_at), '[]')
                     from (select * from stripe_events where payload #>> '{data,object,id}' = p.stripe_session_id
                           union
                           select * from stripe_events
                            where payload #>> '{data,object,payment_intent}' = p.stripe_payment_intent_id
                            limit 100) e) as "events!: Json<Vec<StripeEvent>>",
                  array(select c.name from purchase_courses pc join courses c on c.id = pc.course_id
                         where pc.purchase_id = p.id
                           and not exists (select from course_gifts g where g.user_id = p.user_id and g.course_id = c.id)
                           and not exists (select from purchases o join purchase_courses oc on oc.purchase_id = o.id
                                            where o.user_id = p.user_id and o.id <> p.id and o.refunded_at is null
                                              and o.paused_at is null and oc.course_id = c.id)
                         order by c.name) as "ends!"
             from purchases p join users u on u.id = p.user_id left join checkout_attempts a on a.id = p.attempt_id
            where p.id = $1"#,
        purchase.uuid(),
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let paid = Cents::from(row.price_paid_in_cents);
    let mut history = Vec::new();
    let mut tell = |at: Option<DateTime<Utc>>, words: String| history.extend(at.map(|at| TimelineEntry { at, words }));
    tell(row.begun_at, "Checkout began".into());
    tell(row.submitted_at, "The buyer was through, the bank was not".into());
    tell(Some(row.created_at), if paid.is_zero() { "Enrolled for free".into() } else { format!("Paid {paid}") });
    if row.country_differs
        && let (Some(country), Some(card)) = (&row.country, &row.card_country)
    {
        tell(
            row.card_checked_at,
            format!("The price was made for {}, but the card is from {}", place(country), place(card)),
        );
    }
    tell(row.refunded_at, "The purchase ended, and with it its access".into());
    for StripeEvent { at, kind, detail } in row.events.0 {
        tell(Some(at), format!("Stripe event {kind}: {}", label(&detail)));
    }
    for Note { at, kind, legacy_text } in row.notes.0 {
        let words = kind.map(|kind| kind.label().to_owned()).or(legacy_text);
        tell(words.as_ref().map(|_| at), words.unwrap_or_default());
    }
    for payment in row.second_payments.0 {
        tell(Some(payment.at), payment.words());
    }
    let (refunds, disputes) = (row.refunds.0, row.disputes.0);
    for refund in &refunds {
        tell(Some(refund.at), refund.words());
    }
    for dispute in &disputes {
        tell(Some(dispute.opened_at), format!("Disputed {}: access paused", dispute.amount));
        tell(dispute.closed_at, dispute.words());
    }
    history.sort_by_key(|moment| moment.at);
    Ok(Some(Sale {
        id: row.id.into(),
        number: row.receipt_number,
        at: row.created_at,
        buyer: row.user_id.into(),
        buyer_name: row.buyer_name,
        email: row.email,
        product: row.product,
        subtotal: row.subtotal_in_cents.into(),
        paid,
        discount_name: row.discount_name,
        country: row.country.as_deref().map(place),
        card_country: row.card_country.as_deref().map(place),
        country_differs: row.country_differs,
        refunded: row.refunded_in_cents.into(),
        refunding: row.refunding_in_cents.into(),
        refunded_at: row.refunded_at,
        state: row.state,
        session: row.stripe_session_id,
        payment_intent: row.stripe_payment_intent_id,
        refunds,
        disputes,
        ends: row.ends,
        history,
    }))
}
