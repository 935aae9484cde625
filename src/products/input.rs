//! The form of a product, and its parsing.

use crate::{
    error::FieldError,
    id::CourseId,
    money::ungroup,
    paths,
    products::{ProductStatus, slug},
    server::http::form_post::PostedForm,
};

const MAX_NAME_CHARS: usize = 200;
const MAX_DESCRIPTION_CHARS: usize = 20_000;
const MAX_URL_CHARS: usize = 2000;
const MAX_DOLLARS: i32 = 999_999;

/// The error of a course that was deleted after the form was opened.
pub const COURSE_NOT_FOUND: &str = "One of the courses no longer exists. Check the list again.";

/// The fields of a product. Whether its slug is free and its courses exist is checked in the database, see `service.rs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductDraft {
    pub name: String,
    pub slug: String,
    pub description: String,
    pub image_url: String,
    pub dollars: i32,
    pub status: ProductStatus,
    /// Whether discounts by country apply.
    pub purchasing_power: bool,
    pub courses: Vec<CourseId>,
}

/// Parses the form, and returns the errors of all fields. An invalid field has a default value in the draft.
pub fn parse(form: &PostedForm) -> (ProductDraft, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut check = |field: &str, result: Result<(), String>| {
        if let Err(message) = result {
            errors.push(FieldError::new(field, message));
        }
    };
    let name = single_line(form.get("name"));
    check("name", check_name(&name));
    let typed = form.get("slug").trim().to_lowercase();
    let slug = if typed.is_empty() { slug::from_name(&name) } else { typed };
    check("slug", check_slug(&name, &slug));
    let description = multi_line(form.get("description"));
    check("description", check_length(&description, MAX_DESCRIPTION_CHARS));
    let dollars = parse_dollars(form.get("price"));
    check("price", dollars.clone().map(drop));
    let image_url = single_line(form.get("image_url"));
    check("image_url", check_image_url(&image_url));
    let status = ProductStatus::from_value(form.get("status")).ok_or_else(|| "Choose public or private.".to_owned());
    check("status", status.clone().map(drop));
    let mut courses: Vec<CourseId> = Vec::new();
    for id in form.all("courses") {
        match id.parse() {
            Ok(id) if courses.contains(&id) => {}
            Ok(id) => courses.push(id),
            Err(_) => check("courses", Err(COURSE_NOT_FOUND.into())),
        }
    }
    if status == Ok(ProductStatus::Public) && courses.is_empty() {
        check("courses", Err("Choose at least one course to publish this. A private product may have none.".into()));
    }
    let draft = ProductDraft {
        name,
        slug,
        description,
        image_url,
        dollars: dollars.unwrap_or_default(),
        status: status.unwrap_or(ProductStatus::Private),
        purchasing_power: form.get("full_price").is_empty(),
        courses,
    };
    (draft, errors)
}

/// Returns the text of an input of one line, without control characters.
fn single_line(typed: &str) -> String {
    typed.chars().filter(|letter| !letter.is_control()).collect::<String>().trim().to_owned()
}

/// Returns the text of a text area, without control characters. Forms send line breaks as CR LF, Markdown has LF.
fn multi_line(typed: &str) -> String {
    let typed = typed.replace("\r\n", "\n");
    typed
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn check_length(text: &str, max_chars: usize) -> Result<(), String> {
    match text.chars().count() {
        count if count > max_chars => Err(format!("This has {count} characters; the maximum is {max_chars}.")),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() { Err("Enter a name.".into()) } else { check_length(name, MAX_NAME_CHARS) }
}

fn check_slug(name: &str, slug: &str) -> Result<(), String> {
    if slug.is_empty() && name.is_empty() {
        // The error is at the name.
        return Ok(());
    }
    if slug.is_empty() {
        return Err("No address can be made from this name. Enter one, such as light-and-shadow.".into());
    }
    check_length(slug, slug::MAX_CHARS)?;
    if slug::is_slug(slug) {
        Ok(())
    } else {
        Err("Use letters from a to z, digits and hyphens, such as light-and-shadow.".into())
    }
}

/// Parses whole dollars: "60", "$60", "1,000".
fn parse_dollars(typed: &str) -> Result<i32, String> {
    let typed = typed.trim();
    let amount = typed.strip_prefix('$').unwrap_or(typed).trim();
    if amount.is_empty() {
        return Err("Enter a price. 0 is free.".into());
    }
    if amount.starts_with(['-', '−']) {
        return Err("A price cannot be negative.".into());
    }
    let digits = ungroup(amount).unwrap_or_else(|| amount.to_owned());
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match digits.trim_start_matches('0') {
            "" => Ok(0),
            digits => digits
                .parse()
                .ok()
                .filter(|dollars| *dollars <= MAX_DOLLARS)
                .ok_or_else(|| "The highest price is $999,999.".into()),
        };
    }
    let is_decimal = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    let message = if is_decimal { "Enter whole dollars, without cents." } else { "Enter a number, such as 60." };
    Err(message.into())
}

/// Checks that a URL is empty, a path of this site, or begins with `https://`.
fn check_image_url(url: &str) -> Result<(), String> {
    let is_path = paths::safe_redirect(url) == url && url.starts_with('/') && url.len() > 1;
    let is_https =
        url.strip_prefix("https://").is_some_and(|rest| rest.split('/').next().is_some_and(|host| host.contains('.')));
    if !url.is_empty() && (!(is_path || is_https) || url.contains(char::is_whitespace)) {
        return Err("Enter an address that begins with https://, or upload a picture.".into());
    }
    check_length(url, MAX_URL_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn form(with: &[(&str, &str)]) -> PostedForm {
        let defaults = [
            ("name", "Light"),
            ("slug", ""),
            ("description", ""),
            ("price", "60"),
            ("image_url", ""),
            ("status", "private"),
        ];
        let defaults = defaults.iter().filter(|(name, _)| !with.iter().any(|(other, _)| name == other));
        PostedForm(defaults.chain(with).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
    }

    const COURSE: &str = "6f1c2f0e-5a53-4d0a-9f0c-0d8c6a1b2c3d";

    #[rstest]
    #[case("0", 0)]
    #[case(" 60 ", 60)]
    #[case("$60", 60)]
    #[case("1,000", 1000)]
    #[case("007", 7)]
    #[case("999999", 999_999)]
    #[case("999,999", 999_999)]
    fn a_price_has_several_spellings(#[case] typed: &str, #[case] dollars: i32) {
        assert_eq!(parse_dollars(typed), Ok(dollars));
    }

    #[rstest]
    #[case("name", "", "Enter a name.")]
    #[case("name", " \u{0} ", "Enter a name.")]
    #[case("name", &"é".repeat(201), "This has 201 characters; the maximum is 200.")]
    #[case("slug", "Not an address!", "Use letters from a to z, digits and hyphens, such as light-and-shadow.")]
    #[case("slug", COURSE, "Use letters from a to z, digits and hyphens, such as light-and-shadow.")]
    #[case("slug", &"a".repeat(101), "This has 101 characters; the maximum is 100.")]
    #[case("description", &"x".repeat(20_001), "This has 20001 characters; the maximum is 20000.")]
    #[case("price", "", "Enter a price. 0 is free.")]
    #[case("price", "-1", "A price cannot be negative.")]
    #[case("price", "−1", "A price cannot be negative.")]
    #[case("price", "12.50", "Enter whole dollars, without cents.")]
    #[case("price", "12,5", "Enter whole dollars, without cents.")]
    #[case("price", "abc", "Enter a number, such as 60.")]
    #[case("price", "1e3", "Enter a number, such as 60.")]
    #[case("price", "٦٠", "Enter a number, such as 60.")]
    #[case("price", "1000000", "The highest price is $999,999.")]
    #[case("price", "99999999999999999999999", "The highest price is $999,999.")]
    #[case("image_url", "http://example.com/x.png", "Enter an address that begins with https://, or upload a picture.")]
    #[case("image_url", "javascript:alert(1)", "Enter an address that begins with https://, or upload a picture.")]
    #[case("image_url", "//example.com/x.png", "Enter an address that begins with https://, or upload a picture.")]
    #[case("image_url", "https://", "Enter an address that begins with https://, or upload a picture.")]
    #[case(
        "image_url",
        "https://example.com/a b.png",
        "Enter an address that begins with https://, or upload a picture."
    )]
    #[case("status", "secret", "Choose public or private.")]
    #[case("status", "public", "Choose at least one course to publish this. A private product may have none.")]
    #[case("courses", "1", "One of the courses no longer exists. Check the list again.")]
    fn an_invalid_field_has_an_error(#[case] field: &str, #[case] typed: &str, #[case] message: &str) {
        let (_, errors) = parse(&form(&[(field, typed)]));
        let field = if typed == "public" { "courses" } else { field };
        assert_eq!(errors, [FieldError::new(field, message)]);
    }

    #[test]
    fn an_empty_form_has_an_error_at_each_required_field() {
        let (_, errors) = parse(&PostedForm(Vec::new()));
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "price", "status"]);
    }

    #[test]
    fn a_valid_form_is_a_draft() {
        let (draft, errors) = parse(&form(&[
            ("name", " Light & shadow "),
            ("description", "One\r\n\r\nTwo\r\n"),
            ("image_url", "/covers/light.svg"),
            ("status", "public"),
            ("courses", COURSE),
            ("courses", COURSE),
        ]));
        assert_eq!(errors, []);
        assert_eq!((draft.name.as_str(), draft.slug.as_str()), ("Light & shadow", "light-and-shadow"));
        assert_eq!((draft.description.as_str(), draft.courses.len()), ("One\n\nTwo", 1));
    }
}
