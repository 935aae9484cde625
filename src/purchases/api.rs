//! What the browser may ask about purchases: one's own, and as an admin everybody's.

use leptos::prelude::*;

use super::{
    History, PurchaseId, Receipt,
    sales::{Refunded, Sale, SalesPage},
    stray::StrayPayments,
};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{
        ledger_queries, queries, refund,
        sales::{SalesFilter, Turn},
        sales_queries, search,
    },
    crate::{
        error::{Error, FieldError},
        money::Cents,
        server::{
            call::{AdminCall, Call},
            clock,
        },
    },
};

/// The viewer's purchases. `page` counts from 1.
#[server(output = Json)]
pub async fn get_history(page: u32) -> Result<History> {
    const PAGE: i64 = 25;
    let Call { db, viewer, .. } = Call::current().await?;
    let user = viewer.signed_in()?.id;
    let page = page.clamp(1, 10_000);
    let mut purchases = queries::list_of_user(&db, user, PAGE, i64::from(page - 1) * PAGE).await?;
    let more = purchases.len() > 25;
    purchases.truncate(25);
    Ok(History { purchases, page, more })
}

/// A receipt of the viewer's. Somebody else's is not there.
#[server(output = Json)]
pub async fn get_receipt(purchase: PurchaseId) -> Result<Receipt> {
    let Call { db, viewer, .. } = Call::current().await?;
    let user = viewer.signed_in()?.id;
    queries::find_receipt(&db, purchase, user).await?.ok_or(Error::NotFound)
}

/// A page of all sales, for admins: what is looked for, in which state, before or after which sale, as the address says it.
#[server(output = Json)]
pub async fn get_sales(q: String, state: String, before: String, after: String) -> Result<SalesPage> {
    let AdminCall { db, .. } = Call::admin().await?;
    Ok(search::page(&db, SalesFilter::new(&q, &state), Turn::parse(&before, &after)).await?)
}

/// Payments that never became a purchase, for admins. `page` counts from 1.
#[server(output = Json)]
pub async fn get_stray_payments(page: u32) -> Result<StrayPayments> {
    const PAGE: i64 = 50;
    let AdminCall { db, .. } = Call::admin().await?;
    let page = page.clamp(1, 10_000);
    let mut payments = ledger_queries::list_stray(&db, PAGE, i64::from(page - 1) * PAGE).await?;
    let more = payments.len() > 50;
    payments.truncate(50);
    // They are few, and there should be none: the latest are enough.
    let misfits = if page == 1 { ledger_queries::list_misfits(&db).await? } else { Vec::new() };
    Ok(StrayPayments { payments, misfits, page, more })
}

/// A sale with all that is known of it, for admins.
#[server(output = Json)]
pub async fn get_sale(purchase: PurchaseId) -> Result<Sale> {
    let AdminCall { db, .. } = Call::admin().await?;
    sales_queries::find_sale(&db, purchase).await?.ok_or(Error::NotFound)
}

/// Sends money back: `amount` as typed, in dollars and cents. `left` is what the admin saw to be left, in cents. A free purchase
/// ends, whatever the amount.
#[server(output = Json)]
pub async fn refund_purchase(purchase: PurchaseId, amount: String, left: i64, reason: String) -> Result<Refunded> {
    let AdminCall { admin, state, .. } = Call::admin().await?;
    let amount = Cents::typed(&amount)
        .ok_or_else(|| Error::Invalid(vec![FieldError::new("amount", "Enter dollars and cents, such as 12.50.")]))?;
    let order = refund::Order { purchase, amount, left: Cents(left), reason };
    refund::refund(&state, &admin, &order, clock::now()).await
}

/// Tells Stripe again of the refund that is under way.
#[server(output = Json)]
pub async fn finish_refund(purchase: PurchaseId) -> Result<Refunded> {
    let AdminCall { admin, state, .. } = Call::admin().await?;
    refund::resume(&state, &admin, purchase, clock::now()).await
}
