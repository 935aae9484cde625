//! Server functions of coupons, for admins. A coupon is stored by a form post, see `handlers`.

use leptos::prelude::*;

use crate::{
    coupons::{CouponForm, CouponList, CouponRemoval},
    error::Result,
    id::CouponId,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    coupons::{input, queries, service},
    error::Error,
    pagination::PageRequest,
    platform::clock,
    server::http::request_context::{AdminContext, extract},
};

/// Returns a page of the coupons whose code or name contains `search`. `page` counts from 1.
#[server(output = Json)]
pub async fn get_coupons(search: String, page: u32) -> Result<CouponList> {
    const PAGE_SIZE: u16 = 25;
    let AdminContext { db, .. } = extract().await?;
    let search: String = search.trim().chars().take(100).collect();
    let request = PageRequest::new(page, PAGE_SIZE);
    let coupons = queries::list(&db, &search, clock::now(), request.limit(), request.offset()).await?;
    Ok(CouponList { coupons: request.page(coupons), search, page: request.number })
}

/// Returns the form of a coupon, or of a new one, with the products to choose from.
#[server(output = Json)]
pub async fn get_coupon_form(coupon: Option<CouponId>) -> Result<CouponForm> {
    let AdminContext { db, .. } = extract().await?;
    let form = match coupon {
        Some(coupon) => input::form_of(coupon, queries::find(&db, coupon).await?.ok_or(Error::NotFound)?),
        None => input::empty_form(),
    };
    Ok(CouponForm { products: queries::list_choices(&db, coupon).await?, ..form })
}

/// Deletes a coupon that was never used, and switches off any other. Returns which of both happened.
#[server(output = Json)]
pub async fn remove_coupon(coupon: CouponId) -> Result<CouponRemoval> {
    let AdminContext { db, admin, .. } = extract().await?;
    service::remove(&db, admin.id, coupon).await
}
