//! Rules for coupons: the form of a code, and whether a coupon can be used.

use chrono::{DateTime, Utc};

use crate::{
    coupons::{CouponStatus, Discount},
    id::CouponId,
};

/// The error for every code that cannot be used. It is the same for each reason, so that a guess reveals nothing.
pub const UNUSABLE_CODE: &str = "This code cannot be used here. Check the spelling, or continue without it.";

const MIN_CODE_CHARS: usize = 3;
pub const MAX_CODE_CHARS: usize = 40;

/// A coupon with what decides whether one student can use it for one product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coupon {
    pub id: CouponId,
    pub code: String,
    pub name: String,
    pub discount: Discount,
    pub active: bool,
    pub expires_at: Option<DateTime<Utc>>,
    pub max_redemptions: Option<i32>,
    pub max_per_student: Option<i32>,
    /// The uses reserved and redeemed by all students.
    pub used: i32,
    /// The uses reserved and redeemed by this student.
    pub used_by_student: i64,
    /// Whether the student has reserved a use for this product, which `used` includes.
    pub is_reserved: bool,
    /// Whether it is for this product.
    pub applies: bool,
}

/// Parses a code, which is stored in upper case. Returns `None` when no code has this form.
pub fn parse_code(typed: &str) -> Option<String> {
    let code = typed.trim().to_ascii_uppercase();
    let is_alphanumeric = |byte: u8| byte.is_ascii_alphanumeric();
    let is_allowed = |byte: u8| is_alphanumeric(byte) || byte == b'-' || byte == b'_';
    let bytes = code.as_bytes();
    let [first, last] = [bytes.first(), bytes.last()].map(|byte| byte.copied().is_some_and(is_alphanumeric));
    ((MIN_CODE_CHARS..=MAX_CODE_CHARS).contains(&bytes.len()) && first && last && bytes.iter().copied().all(is_allowed))
        .then_some(code)
}

/// Returns whether a coupon can be used at `now`. A use that the student has reserved already does not count against the limits again.
pub fn is_usable(coupon: &Coupon, now: DateTime<Utc>) -> bool {
    let within_limits = coupon.max_redemptions.is_none_or(|max| coupon.used < max)
        && coupon.max_per_student.is_none_or(|max| coupon.used_by_student < i64::from(max));
    let is_valid = coupon.active && coupon.applies && coupon.expires_at.is_none_or(|end| now < end);
    is_valid && (coupon.is_reserved || within_limits)
}

/// Returns the status of a coupon at `now`, for the list of the back office.
pub fn status(
    active: bool,
    expires_at: Option<DateTime<Utc>>,
    max_redemptions: Option<i32>,
    redeemed: i32,
    now: DateTime<Utc>,
) -> CouponStatus {
    if !active {
        CouponStatus::Inactive
    } else if expires_at.is_some_and(|end| end <= now) {
        CouponStatus::Expired
    } else if max_redemptions.is_some_and(|max| max <= redeemed) {
        CouponStatus::UsedUp
    } else {
        CouponStatus::Active
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
            discount: Discount::Percent(20),
            active: true,
            expires_at: None,
            max_redemptions: Some(3),
            max_per_student: Some(1),
            used: 2,
            used_by_student: 0,
            is_reserved: false,
            applies: true,
        }
    }

    #[rstest]
    #[case::the_last_use(coupon(), true)]
    #[case::used_up(Coupon { used: 3, ..coupon() }, false)]
    #[case::used_up_by_the_student(Coupon { used_by_student: 1, ..coupon() }, false)]
    #[case::reserved_by_this_checkout(Coupon { used: 3, used_by_student: 1, is_reserved: true, ..coupon() }, true)]
    #[case::without_limits(Coupon { used: i32::MAX, used_by_student: i64::MAX, max_redemptions: None, max_per_student: None, ..coupon() }, true)]
    #[case::switched_off(Coupon { active: false, is_reserved: true, ..coupon() }, false)]
    #[case::for_another_product(Coupon { applies: false, ..coupon() }, false)]
    #[case::a_moment_before_its_end(Coupon { expires_at: Some(now() + TimeDelta::seconds(1)), ..coupon() }, true)]
    #[case::at_its_end(Coupon { expires_at: Some(now()), is_reserved: true, ..coupon() }, false)]
    fn a_coupon_is_usable_within_its_limits_and_dates(#[case] coupon: Coupon, #[case] expected: bool) {
        assert_eq!(is_usable(&coupon, now()), expected);
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
    fn a_code_is_parsed_in_upper_case(#[case] typed: &str, #[case] expected: Option<&str>) {
        assert_eq!(parse_code(typed).as_deref(), expected);
    }
}
