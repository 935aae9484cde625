//! Server functions of the sales pages. All of them require an admin.

use crate::{
    error::Result,
    id::PurchaseId,
    payments::{RefundResult, unmatched::UnmatchedPayments},
    sales::{Sale, filter::SaleList},
    wire::Json,
};
#[cfg(feature = "ssr")]
use crate::{
    error::{Error, FieldError},
    money::Cents,
    pagination::{PageDirection, PageRequest},
    payments::{event_queries, refunds, unusable_payment_queries},
    platform::clock,
    sales::{detail_queries, filter::SalesFilter, search},
    server::http::request_context::{AdminContext, extract},
};
use leptos::prelude::*;

/// Lists a page of sales. The arguments are the parameters of the URL: search text, state, and the cursor before or after which
/// to read.
#[server(output = Json)]
pub async fn get_sales(q: String, state: String, before: String, after: String) -> Result<SaleList> {
    let AdminContext { db, .. } = extract().await?;
    Ok(search::list_sales(&db, SalesFilter::new(&q, &state), PageDirection::parse(&before, &after)).await?)
}

/// Lists a page of payments without a purchase. `page` counts from 1.
#[server(output = Json)]
pub async fn get_unmatched_payments(page: u32) -> Result<UnmatchedPayments> {
    const PAGE_SIZE: u16 = 50;
    let AdminContext { db, .. } = extract().await?;
    let request = PageRequest::new(page, PAGE_SIZE);
    let payments = unusable_payment_queries::list_unmatched_payments(&db, request.limit(), request.offset()).await?;
    // Mismatched events are rare, so the first page shows all of them.
    let mismatched_events =
        if request.number == 1 { event_queries::list_mismatched_events(&db).await? } else { Vec::new() };
    Ok(UnmatchedPayments { payments: request.page(payments), mismatched_events, page: request.number })
}

/// Finds a sale with its payment, refunds, disputes and timeline.
#[server(output = Json)]
pub async fn get_sale(purchase: PurchaseId) -> Result<Sale> {
    let AdminContext { db, .. } = extract().await?;
    detail_queries::find_sale(&db, purchase).await?.ok_or(Error::NotFound)
}

/// Refunds a sale. `amount` is typed, in dollars and cents. `left` is the refundable amount that the admin saw, in cents, so that
/// two admins do not refund the same money twice. A free purchase ends, whatever the amount.
#[server(output = Json)]
pub async fn refund_purchase(purchase: PurchaseId, amount: String, left: i64, reason: String) -> Result<RefundResult> {
    let AdminContext { admin, state, .. } = extract().await?;
    let amount = Cents::typed(&amount)
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("amount", "Enter dollars and cents, such as 12.50.")]))?;
    let order = refunds::RefundOrder { purchase, amount, left: Cents(left), reason };
    refunds::refund(&state, &admin, &order, clock::now()).await
}

/// Sends the pending refund of a sale to Stripe again.
#[server(output = Json)]
pub async fn finish_refund(purchase: PurchaseId) -> Result<RefundResult> {
    let AdminContext { admin, state, .. } = extract().await?;
    refunds::resume(&state, &admin, purchase, clock::now()).await
}
