//! The query of a sale's page.

use chrono::{DateTime, Utc};
use sqlx::{PgExecutor, types::Json};
use uuid::Uuid;

use crate::{
    country::Country,
    id::PurchaseId,
    sales::{
        DisputeLine, RefundLine, Sale, SaleState,
        timeline::{Note, SecondPayment, StripeEvent, TimelineFacts, timeline},
    },
};

/// The row of [`find_sale`].
struct Row {
    id: Uuid,
    receipt_number: i64,
    created_at: DateTime<Utc>,
    user_id: Uuid,
    buyer_name: String,
    email: String,
    product: String,
    subtotal_in_cents: i32,
    price_paid_in_cents: i32,
    discount_name: Option<String>,
    refunded_in_cents: i32,
    refunding_in_cents: i32,
    refunded_at: Option<DateTime<Utc>>,
    state: SaleState,
    stripe_session_id: Option<String>,
    stripe_payment_intent_id: Option<String>,
    country: Option<String>,
    card_country: Option<String>,
    country_differs: bool,
    card_checked_at: Option<DateTime<Utc>>,
    begun_at: Option<DateTime<Utc>>,
    submitted_at: Option<DateTime<Utc>>,
    refunds: Json<Vec<RefundLine>>,
    disputes: Json<Vec<DisputeLine>>,
    notes: Json<Vec<Note>>,
    second_payments: Json<Vec<SecondPayment>>,
    events: Json<Vec<StripeEvent>>,
    ends: Vec<String>,
}

/// Finds a sale with everything that its page shows.
pub async fn find_sale(db: impl PgExecutor<'_>, purchase: PurchaseId) -> sqlx::Result<Option<Sale>> {
    let row = sqlx::query_as!(
        Row,
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
    Ok(row.map(Sale::from))
}

impl From<Row> for Sale {
    fn from(row: Row) -> Self {
        let country = row.country.as_deref().map(country_name);
        let card_country = row.card_country.as_deref().map(country_name);
        let (refunds, disputes) = (row.refunds.0, row.disputes.0);
        let timeline = timeline(TimelineFacts {
            begun_at: row.begun_at,
            submitted_at: row.submitted_at,
            paid_at: row.created_at,
            paid: row.price_paid_in_cents.into(),
            card_checked_at: row.card_checked_at.filter(|_| row.country_differs),
            country: country.as_deref(),
            card_country: card_country.as_deref(),
            ended_at: row.refunded_at,
            events: row.events.0,
            notes: row.notes.0,
            second_payments: row.second_payments.0,
            refunds: &refunds,
            disputes: &disputes,
        });
        Self {
            id: row.id.into(),
            number: row.receipt_number,
            at: row.created_at,
            buyer: row.user_id.into(),
            buyer_name: row.buyer_name,
            email: row.email,
            product: row.product,
            subtotal: row.subtotal_in_cents.into(),
            paid: row.price_paid_in_cents.into(),
            discount_name: row.discount_name,
            country,
            card_country,
            country_differs: row.country_differs,
            refunded: row.refunded_in_cents.into(),
            refunding: row.refunding_in_cents.into(),
            refunded_at: row.refunded_at,
            state: row.state,
            session: row.stripe_session_id,
            payment_intent: row.stripe_payment_intent_id,
            refunds,
            disputes,
            ending_courses: row.ends,
            timeline,
        }
    }
}

/// The name of a country, or its code when the name is not known.
fn country_name(code: &str) -> String {
    code.parse::<Country>().map_or_else(|()| code.to_owned(), |country| country.name().to_owned())
}
