//! A price as it stands beside what it is for, and the field for a code.

use leptos::prelude::*;

use crate::{
    money::Cents,
    prices::{CouponResult, PriceQuote},
    ui::{CodeForm, Price},
};

/// "Free", or the amount.
pub fn words(price: Cents) -> String {
    if price.is_zero() { "Free".into() } else { price.to_string() }
}

/// What is paid; where that is less than the list price, that too, struck through, and why.
#[component]
pub fn PriceTag(price: PriceQuote) -> impl IntoView {
    let was = price.why.is_some().then(|| words(price.list));
    view! { <Price now=words(price.now) was=was why=price.why /> }
}

/// Where a code is typed. It asks for the page again with it, and works without JavaScript. `page` is the address of the page.
#[component]
pub fn CodeField(#[prop(into)] page: String, code: CouponResult) -> impl IntoView {
    let CouponResult { typed, counts, error, note } = code;
    let said = note.or_else(|| counts.then(|| "Your code counts.".into()));
    view! { <CodeForm page value=typed error=error note=said /> }
}
