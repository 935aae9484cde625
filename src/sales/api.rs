//! Server functions of the sales pages.

use crate::{
    error::Result,
    id::PurchaseId,
    payments::{Refunded, unmatched::UnmatchedPayments},
    sales::{Sale, SalesPage},
    wire::Json,
};
#[cfg(feature = "ssr")]
use crate::{
    error::{Error, FieldError},
    money::Cents,
    payments::{ledger_queries, refunds},
    platform::clock,
    sales::{self, PageDirection, SalesFilter, search},
    server::http::request_context::{AdminContext, RequestContext},
};
use leptos::prelude::*;

/// A page of all sales, for admins: what is looked for, in which state, before or after which sale, as the address says it.
#[server(output = Json)]
pub async fn get_sales(q: String, state: String, before: String, after: String) -> Result<SalesPage> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    Ok(search::page(&db, SalesFilter::new(&q, &state), PageDirection::parse(&before, &after)).await?)
}

/// Payments that never became a purchase, for admins. `page` counts from 1.
#[server(output = Json)]
pub async fn get_unmatched_payments(page: u32) -> Result<UnmatchedPayments> {
    const PAGE_SIZE: i64 = 50;
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let page = page.clamp(1, 10_000);
    let mut payments = ledger_queries::list_unmatched_payments(&db, PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = payments.len() > 50;
    payments.truncate(50);
    // They are few, and there should be none: the latest are enough.
    let mismatched_events = if page == 1 { ledger_queries::list_misfits(&db).await? } else { Vec::new() };
    Ok(UnmatchedPayments { payments, mismatched_events, page, more })
}

/// A sale with all that is known of it, for admins.
#[server(output = Json)]
pub async fn get_sale(purchase: PurchaseId) -> Result<Sale> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    sales::queries::find_sale(&db, purchase).await?.ok_or(Error::NotFound)
}

/// Sends money back: `amount` as typed, in dollars and cents. `left` is what the admin saw to be left, in cents. A free purchase
/// ends, whatever the amount.
#[server(output = Json)]
pub async fn refund_purchase(purchase: PurchaseId, amount: String, left: i64, reason: String) -> Result<Refunded> {
    let AdminContext { admin, state, .. } = RequestContext::admin().await?;
    let amount = Cents::typed(&amount)
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("amount", "Enter dollars and cents, such as 12.50.")]))?;
    let order = refunds::Order { purchase, amount, left: Cents(left), reason };
    refunds::refund(&state, &admin, &order, clock::now()).await
}

/// Tells Stripe again of the refund that is under way.
#[server(output = Json)]
pub async fn finish_refund(purchase: PurchaseId) -> Result<Refunded> {
    let AdminContext { admin, state, .. } = RequestContext::admin().await?;
    refunds::resume(&state, &admin, purchase, clock::now()).await
}
