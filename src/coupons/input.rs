//! The form of a coupon: what was typed, and what it means.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};

use crate::{
    coupons::{CouponForm, Discount, policy},
    error::FieldError,
    fields::{whole_number, without_sign},
    id::{CouponId, ProductId},
    server::http::form_post::PostedForm,
};

/// A coupon as it is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub code: String,
    pub name: String,
    pub off: Discount,
    /// Nothing for every product.
    pub products: Option<Vec<ProductId>>,
    /// The moment at which it no longer counts.
    pub expires_at: Option<DateTime<Utc>>,
    pub most: Option<i32>,
    pub each: Option<i32>,
    pub active: bool,
}

/// For a product that is no more.
pub const GONE: &str = "One of the products is no longer there. Look at the list again.";

/// Reads the form. Everything that is wrong is said at once; what is wrong stands in the draft as well as it could be read.
pub fn read(form: &PostedForm) -> (Draft, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut wrong = |field: &str, words: &str| errors.push(FieldError::new(field, words));
    let code = policy::code(form.get("code"));
    if code.is_none() {
        wrong("code", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.");
    }
    let name: String = form.get("name").chars().filter(|letter| !letter.is_control()).collect();
    let name = name.trim().to_owned();
    match name.chars().count() {
        0 => wrong("name", "Give it a name. It stands on the receipt."),
        81.. => wrong("name", "Enter at most 80 characters."),
        _ => {}
    }
    let amount = without_sign(form.get("amount"));
    let off = match form.get("kind") {
        "percent" => whole_number(amount, 1..=100)
            .map(Discount::Percent)
            .ok_or(("amount", "Enter a whole number from 1 to 100.")),
        "dollars" => whole_number(amount, 1..=999_999)
            .map(Discount::Dollars)
            .ok_or(("amount", "Enter whole dollars, from 1 to 999,999.")),
        _ => Err(("kind", "Choose percent or dollars.")),
    };
    let off = off.unwrap_or_else(|(field, words)| {
        wrong(field, words);
        Discount::Percent(1)
    });
    let expires_at = ends(form.get("expires")).unwrap_or_else(|words| {
        wrong("expires", words);
        None
    });
    let mut limit = |field: &str| match form.get(field).trim() {
        "" => None,
        typed => {
            let limit = whole_number(typed, 1..=i32::MAX);
            if limit.is_none() {
                wrong(field, "Enter a whole number from 1, or nothing for no limit.");
            }
            limit
        }
    };
    let (most, each) = (limit("most"), limit("each"));
    let mut products: Vec<ProductId> = Vec::new();
    for id in form.all("products") {
        match id.parse() {
            Ok(id) if products.contains(&id) => {}
            Ok(id) => products.push(id),
            Err(_) => wrong("products", GONE),
        }
    }
    let draft = Draft {
        code: code.unwrap_or_default(),
        name,
        off,
        products: (!products.is_empty()).then_some(products),
        expires_at,
        most,
        each,
        active: !form.get("active").is_empty(),
    };
    (draft, errors)
}

/// The end of the last day, in UTC.
fn ends(typed: &str) -> Result<Option<DateTime<Utc>>, &'static str> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Ok(None);
    }
    let day = NaiveDate::parse_from_str(typed, "%Y-%m-%d").ok();
    // The parser is lenient with signs, spaces and missing zeros.
    let day = day.filter(|day| day.to_string() == typed && (2000..=9000).contains(&day.year()));
    let day = day.ok_or("Enter a day, such as 2026-03-31, or nothing for no end.")?;
    Ok(Some((day + TimeDelta::days(1)).and_time(NaiveTime::MIN).and_utc()))
}

/// The last day on which it counts, as the field holds it.
fn last_day(end: DateTime<Utc>) -> String {
    (end - TimeDelta::seconds(1)).date_naive().to_string()
}

/// A coupon as its fields hold it; without products to choose from.
pub fn fields(id: CouponId, Written { version, draft, redeemed, held }: Written) -> CouponForm {
    let (kind, amount) = match draft.off {
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
        most: limit(draft.most),
        each: limit(draft.each),
        active: draft.active,
        redeemed,
        held,
        products: Vec::new(),
    }
}

/// An empty form. A student uses a coupon once, unless somebody says otherwise.
pub fn empty() -> CouponForm {
    CouponForm {
        id: None,
        version: 0,
        code: String::new(),
        name: String::new(),
        kind: "percent".into(),
        amount: String::new(),
        expires: String::new(),
        most: String::new(),
        each: "1".into(),
        active: true,
        redeemed: 0,
        held: 0,
        products: Vec::new(),
    }
}

/// A coupon as an admin writes it.
pub struct Written {
    pub version: i64,
    pub draft: Draft,
    pub redeemed: i32,
    pub held: i32,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;
    use rstest::rstest;

    fn form(with: &[(&str, &str)]) -> PostedForm {
        let mut form = PostedForm(Vec::new());
        let right =
            [("code", "spring"), ("name", "Spring sale"), ("kind", "percent"), ("amount", "20"), ("active", "on")];
        for (name, value) in right.iter().chain(with) {
            form.set(name, (*value).to_owned());
        }
        form
    }

    #[rstest]
    #[case("code", "", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.")]
    #[case("code", "ab c", "Use 3 to 40 letters from A to Z, digits, and hyphens between them, such as SPRING-20.")]
    #[case("name", " ", "Give it a name. It stands on the receipt.")]
    #[case("kind", "cents", "Choose percent or dollars.")]
    #[case("amount", "0", "Enter a whole number from 1 to 100.")]
    #[case("amount", "101", "Enter a whole number from 1 to 100.")]
    #[case("amount", "-20", "Enter a whole number from 1 to 100.")]
    #[case("amount", "12.5", "Enter a whole number from 1 to 100.")]
    #[case("amount", "99999999999999999999", "Enter a whole number from 1 to 100.")]
    #[case("expires", "tomorrow", "Enter a day, such as 2026-03-31, or nothing for no end.")]
    #[case("expires", "2026-02-30", "Enter a day, such as 2026-03-31, or nothing for no end.")]
    #[case("expires", "2026-3-1", "Enter a day, such as 2026-03-31, or nothing for no end.")]
    #[case("expires", "+2026-03-31", "Enter a day, such as 2026-03-31, or nothing for no end.")]
    #[case("expires", "99999-01-01", "Enter a day, such as 2026-03-31, or nothing for no end.")]
    #[case("most", "0", "Enter a whole number from 1, or nothing for no limit.")]
    #[case("most", "2147483648", "Enter a whole number from 1, or nothing for no limit.")]
    #[case("each", "-1", "Enter a whole number from 1, or nothing for no limit.")]
    #[case("products", "1", GONE)]
    fn what_is_wrong_is_said_beside_it(#[case] field: &str, #[case] typed: &str, #[case] words: &str) {
        let (_, errors) = read(&form(&[(field, typed)]));
        assert_eq!(errors, [FieldError::new(field, words)]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let (_, errors) = read(&PostedForm(vec![("kind".into(), "dollars".into()), ("most".into(), "x".into())]));
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["code", "name", "amount", "most"]);
    }

    #[test]
    fn what_is_right_is_a_draft_and_back() {
        let typed = form(&[("amount", "20 %"), ("expires", "2026-03-31"), ("most", "50"), ("each", "")]);
        let (draft, errors) = read(&typed);
        assert_eq!(errors, []);
        assert_eq!((draft.code.as_str(), draft.off, draft.active), ("SPRING", Discount::Percent(20), true));
        assert_eq!(draft.expires_at, Some(utc("2026-04-01T00:00:00Z")));
        assert_eq!((draft.most, draft.each, &draft.products), (Some(50), None, &None));
        let kept = fields(uuid::Uuid::nil().into(), Written { version: 1, draft, redeemed: 0, held: 0 });
        assert_eq!((kept.expires.as_str(), kept.most.as_str(), kept.each.as_str()), ("2026-03-31", "50", ""));
    }
}
