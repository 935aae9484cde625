//! Components for a price and for a coupon code.

use leptos::prelude::*;

use crate::{
    money::Cents,
    prices::{CouponResult, PriceQuote},
    ui::{CouponCodeForm, Price},
};

/// Returns "Free" or the amount.
pub fn price_label(price: Cents) -> String {
    if price.is_zero() { "Free".into() } else { price.to_string() }
}

/// The price to pay; with a discount also the list price, struck through, and the name of the discount.
#[component]
pub fn PriceTag(price: PriceQuote) -> impl IntoView {
    let was = price.discount_name.is_some().then(|| price_label(price.list));
    view! { <Price now=price_label(price.amount) was=was reason=price.discount_name /> }
}

/// The form for a coupon code, which requests `page` with the code as a query parameter. It works without JavaScript.
#[component]
pub fn CouponField(#[prop(into)] page: String, code: CouponResult) -> impl IntoView {
    let CouponResult { typed, applied, error, note } = code;
    let note = note.or_else(|| applied.then(|| "Your code is applied.".into()));
    view! { <CouponCodeForm page value=typed error=error note=note /> }
}
