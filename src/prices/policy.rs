//! What somebody pays: pure arithmetic in whole cents.
//!
//! What a percentage takes off is rounded down to a whole cent, so that what is paid is never less than it says. A price is never
//! negative, never above the list price, and never between nothing and what Stripe takes.

use crate::{country::Country, coupons::Discount, money::Cents};

/// The least that Stripe takes. <https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>
pub const MIN_CHARGE: Cents = Cents(50);
/// The most that Stripe takes.
const MAX_CHARGE: Cents = Cents(99_999_999);

/// What people pay less in a country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PppDiscount {
    pub country: Country,
    pub percent: i32,
    /// It never goes below this.
    pub smallest: Cents,
}

/// Why a price is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceReason {
    List,
    PppDiscount,
    Coupon,
}

/// A price that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Price {
    pub amount: Cents,
    pub by: PriceReason,
    /// The discount's name, as the receipt has it.
    pub name: Option<String>,
    /// The percentage behind it, where there is one.
    pub percent: Option<i32>,
}

/// The better of the two. A coupon counts when it is better, and is kept for another time when it is as good.
pub fn price(list: Cents, power: Option<&PppDiscount>, coupon: Option<(&str, Discount)>) -> Price {
    let list = list.clamp(Cents::ZERO, MAX_CHARGE);
    let mut best = Price { amount: list, by: PriceReason::List, name: None, percent: None };
    if let Some(power) = power {
        let exact = less(list, power.percent);
        let amount = exact.max(power.smallest).max(MIN_CHARGE).min(list);
        if amount < best.amount {
            let off = if amount == exact { format!("{}%", power.percent) } else { (list - amount).to_string() };
            let name = format!("Purchasing power: {off} off in {}", power.country.name());
            best = Price { amount, by: PriceReason::PppDiscount, name: Some(name), percent: Some(power.percent) };
        }
    }
    if let Some((name, off)) = coupon {
        let amount = with_coupon(list, off);
        if amount < best.amount {
            let percent = if let Discount::Percent(percent) = off { Some(percent.clamp(0, 100)) } else { None };
            best = Price { amount, by: PriceReason::Coupon, name: Some(format!("Coupon: {name}")), percent };
        }
    }
    best
}

/// The list price less a percentage of it, which is rounded down.
fn less(list: Cents, percent: i32) -> Cents {
    list - Cents(list.0 * i64::from(percent.clamp(0, 100)) / 100)
}

/// All of it off is free; what Stripe would not take is the least that it does.
fn with_coupon(list: Cents, off: Discount) -> Cents {
    let amount = match off {
        Discount::Percent(percent) => less(list, percent),
        Discount::Dollars(dollars) => (list - Cents::from_dollars(dollars.max(0))).max(Cents::ZERO),
    };
    if amount.is_zero() { amount } else { amount.max(MIN_CHARGE).min(list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn power(percent: i32, smallest: i64) -> PppDiscount {
        PppDiscount { country: "IN".parse().unwrap(), percent, smallest: Cents(smallest) }
    }

    #[rstest]
    #[case::nothing(6000, None, None, 6000, None)]
    #[case::power(6000, Some((40, 100)), None, 3600, Some("Purchasing power: 40% off in India"))]
    #[case::coupon(6000, None, Some(Discount::Percent(20)), 4800, Some("Coupon: Spring"))]
    #[case::the_better_one(6000, Some((40, 100)), Some(Discount::Percent(50)), 3000, Some("Coupon: Spring"))]
    #[case::never_both(6000, Some((40, 100)), Some(Discount::Dollars(20)), 3600, Some("Purchasing power: 40% off in India"))]
    #[case::as_good(6000, Some((50, 100)), Some(Discount::Dollars(30)), 3000, Some("Purchasing power: 50% off in India"))]
    #[case::all_of_it(6000, Some((50, 100)), Some(Discount::Percent(100)), 0, Some("Coupon: Spring"))]
    #[case::more_than_all_of_it(6000, None, Some(Discount::Dollars(999_999)), 0, Some("Coupon: Spring"))]
    #[case::free_stays_free(0, Some((50, 100)), Some(Discount::Percent(100)), 0, None)]
    #[case::what_stripe_takes(1000, None, Some(Discount::Percent(99)), 50, Some("Coupon: Spring"))]
    #[case::the_smallest_price(1000, Some((50, 800)), None, 800, Some("Purchasing power: $2 off in India"))]
    #[case::a_smallest_price_above_the_list(1000, Some((50, 2000)), None, 1000, None)]
    #[case::power_is_never_free(100, Some((99, 0)), None, 50, Some("Purchasing power: $0.50 off in India"))]
    fn a_price_is_the_better_of_both(
        #[case] list: i64,
        #[case] of: Option<(i32, i64)>,
        #[case] off: Option<Discount>,
        #[case] amount: i64,
        #[case] name: Option<&str>,
    ) {
        let power = of.map(|(percent, smallest)| power(percent, smallest));
        let price = price(Cents(list), power.as_ref(), off.map(|off| ("Spring", off)));
        assert_eq!((price.amount, price.name.as_deref()), (Cents(amount), name));
    }

    /// Every list price of interest with every percentage and every coupon of interest.
    #[test]
    fn whatever_comes_together_a_price_is_one_that_can_be_paid() {
        let lists = (0..=60).chain([99, 100, 999, 1000, 499_999, 999_998, 999_999]).map(Cents::from_dollars);
        let odd = [i64::MIN, -1, i64::MAX].map(Cents);
        let percents = (0..=100).chain([i32::MIN, -1, 101, i32::MAX]);
        let dollars = [i32::MIN, -1, 0, 1, 2, 5, 59, 60, 100, 999_998, 999_999, i32::MAX].map(Discount::Dollars);
        let coupons: Vec<_> = percents.clone().map(Discount::Percent).chain(dollars).map(Some).chain([None]).collect();
        for list in lists.chain(odd) {
            let most = list.clamp(Cents::ZERO, MAX_CHARGE);
            for of in percents.clone().step_by(7).chain([99, 100, -1, i32::MAX]) {
                for smallest in [0, 100, 500, 99_999_900] {
                    let power = power(of, smallest);
                    let alone = price(list, Some(&power), None);
                    assert!(
                        alone.amount >= MIN_CHARGE.min(most),
                        "purchasing power never makes free: {list:?} {power:?}"
                    );
                    for &off in &coupons {
                        let coupon = off.map(|off| ("Spring", off));
                        let all = price(list, Some(&power), coupon);
                        let amount = all.amount;
                        assert!(Cents::ZERO <= amount && amount <= most, "{list:?} {power:?} {off:?}: {amount:?}");
                        assert!(amount.is_zero() || amount >= MIN_CHARGE, "{list:?} {power:?} {off:?}: {amount:?}");
                        assert_eq!(
                            all.name.is_some(),
                            amount < most,
                            "a discount has a name, and a name is a discount"
                        );
                        assert_eq!(all.by == PriceReason::List, amount == most);
                        let other = price(list, None, coupon);
                        assert_eq!(amount, alone.amount.min(other.amount), "the better of the two");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_taken_off_is_rounded_down() {
        assert_eq!(less(Cents(199), 50), Cents(100));
        assert_eq!(less(Cents(101), 1), Cents(100));
        assert_eq!(less(Cents(99), 1), Cents(99));
    }
}
