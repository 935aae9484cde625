//! Price computation, in whole cents.
//!
//! The discount of a percentage is rounded down to a whole cent, so that a price is never lower than the stated percentage allows. A price
//! is never negative, never above the list price, and never between zero and Stripe's minimum charge.

use crate::{country::Country, coupons::Discount, money::Cents};

/// Stripe's minimum charge. <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>
pub const MIN_CHARGE: Cents = Cents(50);
/// Stripe's maximum charge.
const MAX_CHARGE: Cents = Cents(99_999_999);

/// The discount of a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PppDiscount {
    pub country: Country,
    pub percent: i32,
    /// The discount never lowers a price below this.
    pub minimum_price: Cents,
}

/// The reason of a price: the list price, or the discount that was applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceReason {
    List,
    PppDiscount,
    Coupon,
}

/// A computed price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub amount: Cents,
    pub reason: PriceReason,
    /// The name of the discount, as on the receipt.
    pub discount_name: Option<String>,
    /// The percentage of the discount; `None` when it is an amount.
    pub discount_percent: Option<i32>,
}

/// Computes a price with the better of the two discounts. A coupon that is only as good is not applied, so that its use is not wasted.
pub fn price(list: Cents, ppp: Option<&PppDiscount>, coupon: Option<(&str, Discount)>) -> Price {
    let list = list.clamp(Cents::ZERO, MAX_CHARGE);
    let mut best = Price { amount: list, reason: PriceReason::List, discount_name: None, discount_percent: None };
    if let Some(ppp) = ppp {
        let exact = subtract_percent(list, ppp.percent);
        let amount = exact.max(ppp.minimum_price).max(MIN_CHARGE).min(list);
        if amount < best.amount {
            let reduction = if amount == exact { format!("{}%", ppp.percent) } else { (list - amount).to_string() };
            best = Price {
                amount,
                reason: PriceReason::PppDiscount,
                discount_name: Some(format!("Purchasing power: {reduction} off in {}", ppp.country.name())),
                discount_percent: Some(ppp.percent),
            };
        }
    }
    if let Some((name, discount)) = coupon {
        let amount = apply_coupon(list, discount);
        if amount < best.amount {
            best = Price {
                amount,
                reason: PriceReason::Coupon,
                discount_name: Some(format!("Coupon: {name}")),
                discount_percent: match discount {
                    Discount::Percent(percent) => Some(percent.clamp(0, 100)),
                    Discount::Dollars(_) => None,
                },
            };
        }
    }
    best
}

/// Subtracts a percentage, rounded down, from the list price.
fn subtract_percent(list: Cents, percent: i32) -> Cents {
    list - Cents(list.0 * i64::from(percent.clamp(0, 100)) / 100)
}

/// Subtracts the discount of a coupon. A full discount is free; a price below Stripe's minimum charge is raised to it.
fn apply_coupon(list: Cents, discount: Discount) -> Cents {
    let amount = match discount {
        Discount::Percent(percent) => subtract_percent(list, percent),
        Discount::Dollars(dollars) => (list - Cents::from_dollars(dollars.max(0))).max(Cents::ZERO),
    };
    if amount.is_zero() { amount } else { amount.max(MIN_CHARGE).min(list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn ppp(percent: i32, minimum_price: i64) -> PppDiscount {
        PppDiscount { country: "IN".parse().unwrap(), percent, minimum_price: Cents(minimum_price) }
    }

    #[rstest]
    #[case::nothing(6000, None, None, 6000, None)]
    #[case::ppp(6000, Some((40, 100)), None, 3600, Some("Purchasing power: 40% off in India"))]
    #[case::coupon(6000, None, Some(Discount::Percent(20)), 4800, Some("Coupon: Spring"))]
    #[case::the_better_discount(6000, Some((40, 100)), Some(Discount::Percent(50)), 3000, Some("Coupon: Spring"))]
    #[case::never_both(6000, Some((40, 100)), Some(Discount::Dollars(20)), 3600, Some("Purchasing power: 40% off in India"))]
    #[case::equally_good(6000, Some((50, 100)), Some(Discount::Dollars(30)), 3000, Some("Purchasing power: 50% off in India"))]
    #[case::full_discount(6000, Some((50, 100)), Some(Discount::Percent(100)), 0, Some("Coupon: Spring"))]
    #[case::more_than_the_price(6000, None, Some(Discount::Dollars(999_999)), 0, Some("Coupon: Spring"))]
    #[case::free_stays_free(0, Some((50, 100)), Some(Discount::Percent(100)), 0, None)]
    #[case::minimum_charge(1000, None, Some(Discount::Percent(99)), 50, Some("Coupon: Spring"))]
    #[case::minimum_price(1000, Some((50, 800)), None, 800, Some("Purchasing power: $2 off in India"))]
    #[case::minimum_price_above_the_list_price(1000, Some((50, 2000)), None, 1000, None)]
    #[case::ppp_is_never_free(100, Some((99, 0)), None, 50, Some("Purchasing power: $0.50 off in India"))]
    fn a_price_has_the_better_discount(
        #[case] list: i64,
        #[case] country: Option<(i32, i64)>,
        #[case] coupon: Option<Discount>,
        #[case] amount: i64,
        #[case] name: Option<&str>,
    ) {
        let ppp = country.map(|(percent, minimum_price)| ppp(percent, minimum_price));
        let price = price(Cents(list), ppp.as_ref(), coupon.map(|discount| ("Spring", discount)));
        assert_eq!((price.amount, price.discount_name.as_deref()), (Cents(amount), name));
    }

    /// Every list price of interest with every percentage and every coupon of interest.
    #[test]
    fn every_computed_price_can_be_paid() {
        let lists = (0..=60).chain([99, 100, 999, 1000, 499_999, 999_998, 999_999]).map(Cents::from_dollars);
        let invalid = [i64::MIN, -1, i64::MAX].map(Cents);
        let percents = (0..=100).chain([i32::MIN, -1, 101, i32::MAX]);
        let dollars = [i32::MIN, -1, 0, 1, 2, 5, 59, 60, 100, 999_998, 999_999, i32::MAX].map(Discount::Dollars);
        let coupons: Vec<_> = percents.clone().map(Discount::Percent).chain(dollars).map(Some).chain([None]).collect();
        for list in lists.chain(invalid) {
            let max = list.clamp(Cents::ZERO, MAX_CHARGE);
            for percent in percents.clone().step_by(7).chain([99, 100, -1, i32::MAX]) {
                for minimum_price in [0, 100, 500, 99_999_900] {
                    let ppp = ppp(percent, minimum_price);
                    let alone = price(list, Some(&ppp), None);
                    assert!(
                        alone.amount >= MIN_CHARGE.min(max),
                        "a discount by country never makes a product free: {list:?} {ppp:?}"
                    );
                    for &discount in &coupons {
                        let coupon = discount.map(|discount| ("Spring", discount));
                        let all = price(list, Some(&ppp), coupon);
                        let amount = all.amount;
                        assert!(Cents::ZERO <= amount && amount <= max, "{list:?} {ppp:?} {discount:?}: {amount:?}");
                        assert!(amount.is_zero() || amount >= MIN_CHARGE, "{list:?} {ppp:?} {discount:?}: {amount:?}");
                        assert_eq!(
                            all.discount_name.is_some(),
                            amount < max,
                            "a discount has a name, and a name is a discount"
                        );
                        assert_eq!(all.reason == PriceReason::List, amount == max);
                        let other = price(list, None, coupon);
                        assert_eq!(amount, alone.amount.min(other.amount), "the better of the two");
                    }
                }
            }
        }
    }

    #[test]
    fn a_discount_is_rounded_down() {
        assert_eq!(subtract_percent(Cents(199), 50), Cents(100));
        assert_eq!(subtract_percent(Cents(101), 1), Cents(100));
        assert_eq!(subtract_percent(Cents(99), 1), Cents(99));
    }
}
