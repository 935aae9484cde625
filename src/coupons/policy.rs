//! Which coupon can be used: pure answers.

use chrono::{DateTime, Utc};

use crate::{
    coupons::{CouponStatus, Discount},
    id::CouponId,
};

/// What somebody reads whose code cannot be used, whatever the reason: a guess learns nothing from it.
pub const REFUSED: &str = "This code cannot be used here. Check its letters, or go on without it.";

/// The most letters that a code has.
pub const MAX_CODE_CHARS: usize = 40;

/// A coupon, held against one product and one student.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    pub id: CouponId,
    pub code: String,
    pub name: String,
    pub off: Discount,
    pub active: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub most: Option<i32>,
    pub each: Option<i32>,
    /// Held and redeemed, by everybody.
    pub taken: i32,
    /// Held and redeemed, by the student.
    pub own: i64,
    /// The student is paying for this very product with it: that one is taken already.
    pub holds: bool,
    /// It is for this product.
    pub fits: bool,
}

/// A code as it is kept: in capitals. Nothing when no code can be like that.
pub fn code(typed: &str) -> Option<String> {
    let code = typed.trim().to_ascii_uppercase();
    let letter = |letter: u8| letter.is_ascii_alphanumeric();
    let within = |byte: u8| letter(byte) || byte == b'-' || byte == b'_';
    let bytes = code.as_bytes();
    let ends = bytes.first().copied().is_some_and(letter) && bytes.last().copied().is_some_and(letter);
    ((3..=MAX_CODE_CHARS).contains(&bytes.len()) && ends && bytes.iter().copied().all(within)).then_some(code)
}

pub fn usable(coupon: &Coupon, now: DateTime<Utc>) -> bool {
    let left = coupon.most.is_none_or(|most| coupon.taken < most)
        && coupon.each.is_none_or(|each| coupon.own < i64::from(each));
    coupon.active && coupon.fits && coupon.expires_at.is_none_or(|end| now < end) && (coupon.holds || left)
}

pub fn standing(
    active: bool,
    expires_at: Option<DateTime<Utc>>,
    most: Option<i32>,
    redeemed: i32,
    now: DateTime<Utc>,
) -> CouponStatus {
    if !active {
        CouponStatus::Discount
    } else if expires_at.is_some_and(|end| end <= now) {
        CouponStatus::Expired
    } else if most.is_some_and(|most| most <= redeemed) {
        CouponStatus::UsedUp
    } else {
        CouponStatus::Active
    }
}

/// "20% off", "$15 off".
pub fn words(off: Discount) -> String {
    match off {
        Discount::Percent(percent) => format!("{percent}% off"),
        Discount::Dollars(dollars) => format!("{} off", crate::money::Cents::from_dollars(dollars)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;
    use chrono::TimeDelta;
    use rstest::rstest;

    fn now() -> DateTime<Utc> {
        utc("2026-03-31T12:00:00Z")
    }

    fn coupon() -> Coupon {
        Coupon {
            id: uuid::Uuid::nil().into(),
            code: "SPRING".into(),
            name: "Spring".into(),
            off: Discount::Percent(20),
            active: true,
            expires_at: None,
            most: Some(3),
            each: Some(1),
            taken: 2,
            own: 0,
            holds: false,
            fits: true,
        }
    }

    #[rstest]
    #[case::the_last_one(coupon(), true)]
    #[case::used_up(Coupon { taken: 3, ..coupon() }, false)]
    #[case::used_up_by_the_student(Coupon { own: 1, ..coupon() }, false)]
    #[case::taken_by_this_very_checkout(Coupon { taken: 3, own: 1, holds: true, ..coupon() }, true)]
    #[case::without_limits(Coupon { taken: i32::MAX, own: i64::MAX, most: None, each: None, ..coupon() }, true)]
    #[case::switched_off(Coupon { active: false, holds: true, ..coupon() }, false)]
    #[case::for_something_else(Coupon { fits: false, ..coupon() }, false)]
    #[case::a_moment_before_its_end(Coupon { expires_at: Some(now() + TimeDelta::seconds(1)), ..coupon() }, true)]
    #[case::at_its_end(Coupon { expires_at: Some(now()), holds: true, ..coupon() }, false)]
    fn which_coupon_can_be_used(#[case] coupon: Coupon, #[case] can: bool) {
        assert_eq!(usable(&coupon, now()), can);
    }

    #[rstest]
    #[case(" spring-20 ", Some("SPRING-20"))]
    #[case("ABC", Some("ABC"))]
    #[case("AB", None)]
    #[case("", None)]
    #[case("-ABC", None)]
    #[case("ABC_", None)]
    #[case("A B", None)]
    #[case("ÄBCD", None)]
    #[case("ſpring", None)]
    #[case("A'; drop table coupons; --", None)]
    #[case("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", None)]
    fn a_code_is_one_whatever_its_case(#[case] typed: &str, #[case] kept: Option<&str>) {
        assert_eq!(code(typed).as_deref(), kept);
    }
}
