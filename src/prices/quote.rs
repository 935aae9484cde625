//! Quoting: what a product costs this very person, from what the database says now.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use crate::{
    country::Country,
    coupons::{
        policy::{Coupon, MAX_CODE_CHARS, REFUSED},
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

/// What is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    pub product: ProductId,
    pub list: Cents,
    /// Whether it costs less where people have less.
    pub purchasing_power: bool,
}

/// For whom.
#[derive(Clone, Copy, Debug)]
pub struct Buyer<'a> {
    pub user: Option<UserId>,
    pub visitor: ClientInfo,
    /// As typed.
    pub code: &'a str,
}

/// A price, and all that it came from.
#[derive(Clone, Debug)]
pub struct Quote {
    pub list: Cents,
    pub price: Price,
    /// The country that the price was made for, when it was.
    pub country: Option<Country>,
    /// The coupon that counts, when one does.
    pub coupon: Option<Coupon>,
    pub code: CouponResult,
    /// Why the code cannot be used.
    pub refused: Option<Error>,
}

impl Quote {
    pub fn priced(&self) -> PriceQuote {
        priced(self.list, &self.price)
    }
}

/// # Errors
/// The database's. A code that cannot be used is none.
pub async fn quote(state: &AppState, item: Item, buyer: Buyer<'_>, now: DateTime<Utc>) -> Result<Quote> {
    let ClientInfo { address, country } = buyer.visitor;
    let ppp_discount = ppp_discount(&state.db, country).await?.filter(|_| item.purchasing_power);
    let typed: String = buyer.code.trim().chars().take(MAX_CODE_CHARS + 1).collect();
    let (found, refused) = if typed.is_empty() {
        (None, None)
    } else {
        match reservation::look_up(state, &typed, item.product, buyer.user, address, now).await {
            Ok(None) => (None, Some(reservation::refused())),
            Err(error @ Error::RateLimited(_)) => (None, Some(error)),
            found => (found?, None),
        }
    };
    let price = policy::price(
        item.list,
        ppp_discount.as_ref(),
        found.as_ref().map(|coupon| (coupon.name.as_str(), coupon.off)),
    );
    let counts = price.by == PriceReason::Coupon;
    let note = (found.is_some() && !counts).then(|| {
        if item.list.is_zero() {
            "This is free without a code."
        } else {
            "The price is as low without this code. Keep it for another time."
        }
        .to_owned()
    });
    let error = refused.as_ref().map(|error| match error {
        Error::RateLimited(_) => error.to_string(),
        _ => REFUSED.to_owned(),
    });
    Ok(Quote {
        list: item.list,
        country: country.filter(|_| price.by == PriceReason::PppDiscount),
        coupon: found.filter(|_| counts),
        code: CouponResult { typed, counts, error, note },
        refused,
        price,
    })
}

/// What people pay less where somebody is.
pub async fn ppp_discount(db: &PgPool, country: Option<Country>) -> sqlx::Result<Option<PppDiscount>> {
    match country {
        Some(country) => queries::find_ppp_discount(db, country).await,
        None => Ok(None),
    }
}

/// A price on the shelf, where nobody has a code.
pub fn list_price_for(list: Cents, purchasing_power: bool, ppp_discount: Option<&PppDiscount>) -> PriceQuote {
    priced(list, &policy::price(list, ppp_discount.filter(|_| purchasing_power), None))
}

fn priced(list: Cents, price: &Price) -> PriceQuote {
    PriceQuote { list, now: price.amount, why: price.name.clone() }
}
