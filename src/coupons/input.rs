//! Parsing of the form of a coupon, and its rendering back into fields.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    coupons::{CouponForm, Discount, policy},
    error::FieldError,
    fields::{whole_number, without_sign},
    id::{CouponId, ProductId},
    server::http::form_post::PostedForm,
};

/// The values of a coupon that an admin edits, parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CouponDraft {
    pub code: String,
    pub name: String,
    pub discount: Discount,
    /// `None` for every product.
    pub products: Option<Vec<ProductId>>,
    /// The moment from which it is not valid any more.
    pub expires_at: Option<DateTime<Utc>>,
    pub max_redemptions: Option<i32>,
    pub max_per_student: Option<i32>,
    pub active: bool,
}

/// The error for a product that does not exist.
pub const PRODUCT_NOT_FOUND: &str = "One of the products no longer exists. Choose again.";

const MAX_NAME_CHARS: usize = 80;
const MAX_DOLLARS: i32 = 999_999;

/// Parses the form. Returns a draft, in which invalid fields have a substitute, and an error for every invalid field.
pub fn parse(form: &PostedForm) -> (CouponDraft, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut reject = |field: &str, message: &str| errors.push(FieldError::new(field, message));
    let code = policy::parse_code(form.get("code"));
    if code.is_none() {
        reject("code", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.");
    }
    let name: String = form.get("name").chars().filter(|char| !char.is_control()).collect();
    let name = name.trim().to_owned();
    if name.is_empty() {
        reject("name", "Enter a name. It is shown on the receipt.");
    } else if name.chars().count() > MAX_NAME_CHARS {
        reject("name", "Enter at most 80 characters.");
    }
    let discount = parse_discount(form.get("kind"), form.get("amount")).unwrap_or_else(|(field, message)| {
        reject(field, message);
        Discount::Percent(1)
    });
    let expires_at = parse_last_day(form.get("expires")).unwrap_or_else(|message| {
        reject("expires", message);
        None
    });
    let [max_redemptions, max_per_student] = ["max_redemptions", "max_per_student"].map(|field| {
        parse_limit(form.get(field)).unwrap_or_else(|message| {
            reject(field, message);
            None
        })
    });
    let mut products: Vec<ProductId> = Vec::new();
    for id in form.all("products") {
        match id.parse() {
            Ok(id) if products.contains(&id) => {}
            Ok(id) => products.push(id),
            Err(_) => reject("products", PRODUCT_NOT_FOUND),
        }
    }
    let draft = CouponDraft {
        code: code.unwrap_or_default(),
        name,
        discount,
        products: (!products.is_empty()).then_some(products),
        expires_at,
        max_redemptions,
        max_per_student,
        active: !form.get("active").is_empty(),
    };
    (draft, errors)
}

/// Parses a discount. The error is the name of the invalid field, and a message.
fn parse_discount(kind: &str, amount: &str) -> Result<Discount, (&'static str, &'static str)> {
    let amount = without_sign(amount);
    match kind {
        "percent" => whole_number(amount, 1..=100)
            .map(Discount::Percent)
            .ok_or(("amount", "Enter a whole number from 1 to 100.")),
        "dollars" => whole_number(amount, 1..=MAX_DOLLARS)
            .map(Discount::Dollars)
            .ok_or(("amount", "Enter whole dollars, from 1 to 999,999.")),
        _ => Err(("kind", "Choose percent or dollars.")),
    }
}

/// Parses a limit of uses. `None` is no limit.
fn parse_limit(typed: &str) -> Result<Option<i32>, &'static str> {
    match typed.trim() {
        "" => Ok(None),
        typed => whole_number(typed, 1..=i32::MAX)
            .map(Some)
            .ok_or("Enter a whole number from 1, or leave the field empty for no limit."),
    }
}

/// Parses the last day of validity. Returns its end in UTC; `None` is no end.
fn parse_last_day(typed: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok();
    // The parser accepts signs, spaces and missing zeros too.
    let day = day.filter(|day| day.to_string() == typed && (2000..=9000).contains(&day.year()));
    let day = day.ok_or("Enter a day, such as 2026-03-31, or leave the field empty for no end.")?;
    Ok(Some((day + TimeDelta::days(1)).and_time(NaiveTime::MIN).and_utc()))
}

/// Returns the last day of validity as the field contains it.
fn last_day(end: DateTime<Utc>) -> String {
    (end - TimeDelta::seconds(1)).date_naive().to_string()
}

/// Returns the form of a coupon, without the products to choose from.
pub fn form_of(id: CouponId, StoredCoupon { version, draft, redeemed, reserved }: StoredCoupon) -> CouponForm {
    let (kind, amount) = match draft.discount {
        Discount::Percent(percent) => ("percent", percent),
        Discount::Dollars(dollars) => ("dollars", dollars),
    };
    let limit = |limit: Option<i32>| limit.map(|limit| limit.to_string()).unwrap_or_default();
    CouponForm {
        id: Some(id),
        version,
        code: draft.code,
        name: draft.name,
        kind: kind.into(),
        amount: amount.to_string(),
        expires: draft.expires_at.map(last_day).unwrap_or_default(),
        max_redemptions: limit(draft.max_redemptions),
        max_per_student: limit(draft.max_per_student),
        active: draft.active,
        redeemed,
        reserved,
        products: Vec::new(),
    }
}

/// Returns the form of a new coupon. By default each student can use it once.
pub fn empty_form() -> CouponForm {
    CouponForm {
        id: None,
        version: 0,
        code: String::new(),
        name: String::new(),
        kind: "percent".into(),
        amount: String::new(),
        expires: String::new(),
        max_redemptions: String::new(),
        max_per_student: "1".into(),
        active: true,
        redeemed: 0,
        reserved: 0,
        products: Vec::new(),
    }
}

/// A stored coupon, to edit.
pub struct StoredCoupon {
    pub version: i64,
    pub draft: CouponDraft,
    pub redeemed: i32,
    pub reserved: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;
    use rstest::rstest;

    fn form_with(changes: &[(&str, &str)]) -> PostedForm {
        let mut form = PostedForm(Vec::new());
        let valid =
            [("code", "spring"), ("name", "Spring sale"), ("kind", "percent"), ("amount", "20"), ("active", "on")];
        for (name, value) in valid.iter().chain(changes) {
            form.set(name, (*value).to_owned());
        }
        form
    }

    #[rstest]
    #[case("code", "", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.")]
    #[case("code", "ab c", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.")]
    #[case("name", " ", "Enter a name. It is shown on the receipt.")]
    #[case("kind", "cents", "Choose percent or dollars.")]
    #[case("amount", "0", "Enter a whole number from 1 to 100.")]
    #[case("amount", "101", "Enter a whole number from 1 to 100.")]
    #[case("amount", "-20", "Enter a whole number from 1 to 100.")]
    #[case("amount", "12.5", "Enter a whole number from 1 to 100.")]
    #[case("amount", "99999999999999999999", "Enter a whole number from 1 to 100.")]
    #[case("expires", "tomorrow", "Enter a day, such as 2026-03-31, or leave the field empty for no end.")]
    #[case("expires", "2026-02-30", "Enter a day, such as 2026-03-31, or leave the field empty for no end.")]
    #[case("expires", "2026-3-1", "Enter a day, such as 2026-03-31, or leave the field empty for no end.")]
    #[case("expires", "+2026-03-31", "Enter a day, such as 2026-03-31, or leave the field empty for no end.")]
    #[case("expires", "99999-01-01", "Enter a day, such as 2026-03-31, or leave the field empty for no end.")]
    #[case("max_redemptions", "0", "Enter a whole number from 1, or leave the field empty for no limit.")]
    #[case("max_redemptions", "2147483648", "Enter a whole number from 1, or leave the field empty for no limit.")]
    #[case("max_per_student", "-1", "Enter a whole number from 1, or leave the field empty for no limit.")]
    #[case("products", "1", PRODUCT_NOT_FOUND)]
    fn an_invalid_field_gets_an_error(#[case] field: &str, #[case] typed: &str, #[case] message: &str) {
        let (_, errors) = parse(&form_with(&[(field, typed)]));
        assert_eq!(errors, [FieldError::new(field, message)]);
    }

    #[test]
    fn every_invalid_field_gets_its_error_at_once() {
        let (_, errors) =
            parse(&PostedForm(vec![("kind".into(), "dollars".into()), ("max_redemptions".into(), "x".into())]));
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["code", "name", "amount", "max_redemptions"]);
    }

    #[test]
    fn a_valid_form_is_parsed_and_rendered_back() {
        let typed = form_with(&[
            ("amount", "20 %"),
            ("expires", "2026-03-31"),
            ("max_redemptions", "50"),
            ("max_per_student", ""),
        ]);
        let (draft, errors) = parse(&typed);
        assert_eq!(errors, []);
        assert_eq!((draft.code.as_str(), draft.discount, draft.active), ("SPRING", Discount::Percent(20), true));
        assert_eq!(draft.expires_at, Some(utc("2026-04-01T00:00:00Z")));
        assert_eq!((draft.max_redemptions, draft.max_per_student, &draft.products), (Some(50), None, &None));
        let stored = StoredCoupon { version: 1, draft, redeemed: 0, reserved: 0 };
        let form = form_of(uuid::Uuid::nil().into(), stored);
        let limits = (form.max_redemptions.as_str(), form.max_per_student.as_str());
        assert_eq!((form.expires.as_str(), limits), ("2026-03-31", ("50", "")));
    }
}
