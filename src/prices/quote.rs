//! The price of a product for one buyer, from the current settings in the database.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::{
    country::Country,
    coupons::{
        policy::{Coupon, MAX_CODE_CHARS, UNUSABLE_CODE},
        reservation,
    },
    error::{Error, Result},
    id::{ProductId, UserId},
    money::Cents,
    prices::{
        CouponResult, PriceQuote,
        policy::{self, PppDiscount, Price, PriceReason},
        queries,
    },
    server::{http::client_ip::ClientInfo, state::AppState},
};

/// The product to quote.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub product: ProductId,
    pub list: Cents,
    /// Whether discounts by country apply to it.
    pub purchasing_power: bool,
}

/// The buyer to quote for.
#[derive(Clone, Copy, Debug)]
pub struct Buyer<'a> {
    pub user: Option<UserId>,
    pub visitor: ClientInfo,
    /// The entered coupon code; empty without one.
    pub code: &'a str,
}

/// A price with what it was computed from.
#[derive(Clone, Debug)]
pub struct Quote {
    pub list: Cents,
    pub price: Price,
    /// The country whose discount was applied.
    pub country: Option<Country>,
    /// The coupon that was applied.
    pub coupon: Option<Coupon>,
    pub code: CouponResult,
    /// The error of a code that cannot be used.
    pub code_error: Option<Error>,
}

impl Quote {
    pub fn price_quote(&self) -> PriceQuote {
        price_quote(self.list, &self.price)
    }
}

/// Quotes a product. A code that cannot be used is reported in the quote and does not fail it.
///
/// # Errors
/// When the database fails.
pub async fn quote(state: &AppState, item: Item, buyer: Buyer<'_>, now: DateTime<Utc>) -> Result<Quote> {
    let ClientInfo { address, country } = buyer.visitor;
    let ppp_discount = ppp_discount(&state.db, country).await?.filter(|_| item.purchasing_power);
    let typed: String = buyer.code.trim().chars().take(MAX_CODE_CHARS + 1).collect();
    let (found, code_error) = if typed.is_empty() {
        (None, None)
    } else {
        match reservation::look_up(state, &typed, item.product, buyer.user, address, now).await {
            Ok(None) => (None, Some(reservation::unusable_code())),
            Err(error @ Error::RateLimited(_)) => (None, Some(error)),
            found => (found?, None),
        }
    };
    let price = policy::price(
        item.list,
        ppp_discount.as_ref(),
        found.as_ref().map(|coupon| (coupon.name.as_str(), coupon.discount)),
    );
    let applied = price.reason == PriceReason::Coupon;
    let note = (found.is_some() && !applied).then(|| {
        if item.list.is_zero() {
            "This is free without a code."
        } else {
            "The price is not lower with this code. Save it for another purchase."
        }
        .to_owned()
    });
    let error = code_error.as_ref().map(|error| match error {
        Error::RateLimited(_) => error.to_string(),
        _ => UNUSABLE_CODE.to_owned(),
    });
    Ok(Quote {
        list: item.list,
        country: country.filter(|_| price.reason == PriceReason::PppDiscount),
        coupon: found.filter(|_| applied),
        code: CouponResult { typed, applied, error, note },
        code_error,
        price,
    })
}

/// Returns the discount of a country, if there is one.
pub async fn ppp_discount(db: &PgPool, country: Option<Country>) -> sqlx::Result<Option<PppDiscount>> {
    match country {
        Some(country) => queries::find_ppp_discount(db, country).await,
        None => Ok(None),
    }
}

/// Computes a price without a coupon, for lists of products.
pub fn list_price_for(list: Cents, purchasing_power: bool, ppp_discount: Option<&PppDiscount>) -> PriceQuote {
    price_quote(list, &policy::price(list, ppp_discount.filter(|_| purchasing_power), None))
}

fn price_quote(list: Cents, price: &Price) -> PriceQuote {
    PriceQuote { list, amount: price.amount, discount_name: price.discount_name.clone() }
}
