//! Quoting: what a product costs this very person, from what the database says now.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

use super::{
    CodeAnswer, Priced,
    country::Country,
    policy::{self, By, Power, Price},
    queries,
};
use crate::{
    coupons::{
        hold,
        policy::{Coupon, LONGEST, REFUSED},
    },
    error::{Error, Result},
    money::Cents,
    products::ProductId,
    server::{state::AppState, visitors::Visitor},
    users::UserId,
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
    pub visitor: Visitor,
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
    pub code: CodeAnswer,
    /// Why the code cannot be used.
    pub refused: Option<Error>,
}

impl Quote {
    pub fn priced(&self) -> Priced {
        priced(self.list, &self.price)
    }
}

/// # Errors
/// The database's. A code that cannot be used is none.
pub async fn quote(state: &AppState, item: Item, buyer: Buyer<'_>, now: DateTime<Utc>) -> Result<Quote> {
    let Visitor { address, country } = buyer.visitor;
    let power = power(&state.db, country).await?.filter(|_| item.purchasing_power);
    let typed: String = buyer.code.trim().chars().take(LONGEST + 1).collect();
    let (found, refused) = if typed.is_empty() {
        (None, None)
    } else {
        match hold::look_up(state, &typed, item.product, buyer.user, address, now).await {
            Ok(None) => (None, Some(hold::refused())),
            Err(error @ Error::TooMany(_)) => (None, Some(error)),
            found => (found?, None),
        }
    };
    let price =
        policy::price(item.list, power.as_ref(), found.as_ref().map(|coupon| (coupon.name.as_str(), coupon.off)));
    let counts = price.by == By::Coupon;
    let note = (found.is_some() && !counts).then(|| {
        if item.list.is_zero() {
            "This is free without a code."
        } else {
            "The price is as low without this code. Keep it for another time."
        }
        .to_owned()
    });
    let error = refused.as_ref().map(|error| match error {
        Error::TooMany(_) => error.to_string(),
        _ => REFUSED.to_owned(),
    });
    Ok(Quote {
        list: item.list,
        country: country.filter(|_| price.by == By::Power),
        coupon: found.filter(|_| counts),
        code: CodeAnswer { typed, counts, error, note },
        refused,
        price,
    })
}

/// What people pay less where somebody is.
pub async fn power(db: &PgPool, country: Option<Country>) -> sqlx::Result<Option<Power>> {
    match country {
        Some(country) => queries::find_power(db, country).await,
        None => Ok(None),
    }
}

/// A price on the shelf, where nobody has a code.
pub fn on_shelf(list: Cents, purchasing_power: bool, power: Option<&Power>) -> Priced {
    priced(list, &policy::price(list, power.filter(|_| purchasing_power), None))
}

fn priced(list: Cents, price: &Price) -> Priced {
    Priced { list, now: price.amount, why: price.name.clone() }
}
