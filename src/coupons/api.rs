//! What an admin may ask about coupons. Writing one is a form post, see `forms`.

use leptos::prelude::*;

use crate::{
    coupons::{CouponForm, CouponList, Removal},
    error::Result,
    id::CouponId,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    coupons::{input, queries, service},
    error::Error,
    platform::clock,
    server::http::request_context::{AdminContext, RequestContext},
};

/// A page of all coupons. `search` is matched with code and name; `page` counts from 1. For admins.
#[server(output = Json)]
pub async fn get_coupons(search: String, page: u32) -> Result<CouponList> {
    const PAGE_SIZE: i64 = 25;
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let search: String = search.trim().chars().take(100).collect();
    let page = page.clamp(1, 10_000);
    let mut coupons = queries::list(&db, &search, clock::now(), PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE).await?;
    let more = coupons.len() > 25;
    coupons.truncate(25);
    Ok(CouponList { coupons, search, page, more })
}

/// A coupon to write, or an empty one, with the products to choose from. For admins.
#[server(output = Json)]
pub async fn get_coupon_form(coupon: Option<CouponId>) -> Result<CouponForm> {
    let AdminContext { db, .. } = RequestContext::admin().await?;
    let form = match coupon {
        Some(coupon) => input::fields(coupon, queries::find(&db, coupon).await?.ok_or(Error::NotFound)?),
        None => input::empty(),
    };
    Ok(CouponForm { products: queries::list_choices(&db, coupon).await?, ..form })
}

/// Deletes a coupon that was never used, and switches any other off. Answers which of both happened. For admins.
#[server(output = Json)]
pub async fn remove_coupon(coupon: CouponId) -> Result<Removal> {
    let AdminContext { db, admin, .. } = RequestContext::admin().await?;
    service::remove(&db, admin.id, coupon).await
}
