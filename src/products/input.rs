//! The form of a product: what was typed, and what it means.

use crate::{
    error::FieldError,
    id::CourseId,
    money::ungroup,
    products::{ProductStatus, slug},
    server::http::form_post::PostedForm,
};

/// A product as it is to be. Only what is right in itself is one; whether it goes with the others, the database says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub name: String,
    pub slug: String,
    pub description: String,
    pub image_url: String,
    pub dollars: i32,
    pub status: ProductStatus,
    /// Whether it costs less where people have less.
    pub purchasing_power: bool,
    pub courses: Vec<CourseId>,
}

/// Reads the form. Everything that is wrong is said at once; what is wrong stands in the draft as well as it could be read.
pub fn read(form: &PostedForm) -> (Draft, Vec<FieldError>) {
    let mut errors = Vec::new();
    let mut take = |field: &str, read: Result<(), String>| {
        if let Err(words) = read {
            errors.push(FieldError::new(field, words));
        }
    };
    let name = line(form.get("name"));
    take("name", check_name(&name));
    let typed = form.get("slug").trim().to_lowercase();
    let slug = if typed.is_empty() { slug::from_name(&name) } else { typed };
    take("slug", check_slug(&name, &slug));
    let description = text(form.get("description"));
    take("description", at_most(&description, 20_000));
    let dollars = dollars(form.get("price"));
    take("price", dollars.clone().map(drop));
    let image_url = line(form.get("image_url"));
    take("image_url", check_picture(&image_url));
    let status = match form.get("status") {
        "public" => Ok(ProductStatus::Public),
        "private" => Ok(ProductStatus::Private),
        _ => Err("Choose public or private.".to_owned()),
    };
    take("status", status.clone().map(drop));
    let mut courses: Vec<CourseId> = Vec::new();
    for id in form.all("courses") {
        match id.parse() {
            Ok(id) if courses.contains(&id) => {}
            Ok(id) => courses.push(id),
            Err(_) => take("courses", Err(GONE.into())),
        }
    }
    if status == Ok(ProductStatus::Public) && courses.is_empty() {
        take("courses", Err("Choose at least one course to publish this. A private draft may have none.".into()));
    }
    let draft = Draft {
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

/// For a course that is no more.
pub const GONE: &str = "One of the courses is no longer there. Look at the list again.";

/// What was typed into one line: without what cannot be seen.
fn line(typed: &str) -> String {
    typed.chars().filter(|letter| !letter.is_control()).collect::<String>().trim().to_owned()
}

/// What was typed into many lines. A form sends line breaks as two characters.
fn text(typed: &str) -> String {
    let typed = typed.replace("\r\n", "\n");
    typed
        .chars()
        .filter(|letter| !letter.is_control() || matches!(letter, '\n' | '\t'))
        .collect::<String>()
        .trim_end()
        .to_owned()
}

fn at_most(text: &str, most: usize) -> Result<(), String> {
    match text.chars().count() {
        count if count > most => Err(format!("This has {count} characters; the most is {most}.")),
        _ => Ok(()),
    }
}

fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() { Err("Give it a name.".into()) } else { at_most(name, 200) }
}

fn check_slug(name: &str, slug: &str) -> Result<(), String> {
    if slug.is_empty() && name.is_empty() {
        // The name says what is missing.
        return Ok(());
    }
    if slug.is_empty() {
        return Err("The name has no letter that an address can have. Write one, such as light-and-shadow.".into());
    }
    at_most(slug, slug::MAX_CHARS)?;
    if slug::is_slug(slug) {
        Ok(())
    } else {
        Err("Use letters from a to z, digits and hyphens, such as light-and-shadow.".into())
    }
}

/// Whole dollars, as a person writes them: "60", "$60", "1,000".
fn dollars(typed: &str) -> Result<i32, String> {
    let typed = typed.trim();
    let bare = typed.strip_prefix('$').unwrap_or(typed).trim();
    if bare.is_empty() {
        return Err("Enter a price. 0 is free.".into());
    }
    if bare.starts_with(['-', '−']) {
        return Err("A price cannot be negative.".into());
    }
    let digits = ungroup(bare).unwrap_or_else(|| bare.to_owned());
    if digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return match digits.trim_start_matches('0') {
            "" => Ok(0),
            digits => digits
                .parse()
                .ok()
                .filter(|dollars| *dollars <= 999_999)
                .ok_or_else(|| "The highest price is $999,999.".into()),
        };
    }
    let numbers = digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b',');
    let words = if numbers { "Write whole dollars, without cents." } else { "Write a number, such as 60." };
    Err(words.into())
}

/// None, our own path, or an address that a browser asks for in secret.
fn check_picture(address: &str) -> Result<(), String> {
    let ours = crate::paths::safe_redirect(address) == address && address.starts_with('/') && address.len() > 1;
    let theirs = address
        .strip_prefix("https://")
        .is_some_and(|rest| rest.split('/').next().is_some_and(|host| host.contains('.')));
    if !address.is_empty() && (!(ours || theirs) || address.contains(char::is_whitespace)) {
        return Err("Write an address that begins with https://, or upload a picture.".into());
    }
    at_most(address, 2000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn form(with: &[(&str, &str)]) -> PostedForm {
        let usual = [
            ("name", "Light"),
            ("slug", ""),
            ("description", ""),
            ("price", "60"),
            ("image_url", ""),
            ("status", "private"),
        ];
        let usual = usual.iter().filter(|(name, _)| !with.iter().any(|(other, _)| name == other));
        PostedForm(usual.chain(with).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
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
    fn a_price_is_read_as_people_write_it(#[case] typed: &str, #[case] read: i32) {
        assert_eq!(dollars(typed), Ok(read));
    }

    #[rstest]
    #[case("name", "", "Give it a name.")]
    #[case("name", " \u{0} ", "Give it a name.")]
    #[case("name", &"é".repeat(201), "This has 201 characters; the most is 200.")]
    #[case("slug", "Not an address!", "Use letters from a to z, digits and hyphens, such as light-and-shadow.")]
    #[case("slug", COURSE, "Use letters from a to z, digits and hyphens, such as light-and-shadow.")]
    #[case("slug", &"a".repeat(101), "This has 101 characters; the most is 100.")]
    #[case("description", &"x".repeat(20_001), "This has 20001 characters; the most is 20000.")]
    #[case("price", "", "Enter a price. 0 is free.")]
    #[case("price", "-1", "A price cannot be negative.")]
    #[case("price", "−1", "A price cannot be negative.")]
    #[case("price", "12.50", "Write whole dollars, without cents.")]
    #[case("price", "12,5", "Write whole dollars, without cents.")]
    #[case("price", "abc", "Write a number, such as 60.")]
    #[case("price", "1e3", "Write a number, such as 60.")]
    #[case("price", "٦٠", "Write a number, such as 60.")]
    #[case("price", "1000000", "The highest price is $999,999.")]
    #[case("price", "99999999999999999999999", "The highest price is $999,999.")]
    #[case("image_url", "http://example.com/x.png", "Write an address that begins with https://, or upload a picture.")]
    #[case("image_url", "javascript:alert(1)", "Write an address that begins with https://, or upload a picture.")]
    #[case("image_url", "//example.com/x.png", "Write an address that begins with https://, or upload a picture.")]
    #[case("image_url", "https://", "Write an address that begins with https://, or upload a picture.")]
    #[case(
        "image_url",
        "https://example.com/a b.png",
        "Write an address that begins with https://, or upload a picture."
    )]
    #[case("status", "secret", "Choose public or private.")]
    #[case("status", "public", "Choose at least one course to publish this. A private draft may have none.")]
    #[case("courses", "1", "One of the courses is no longer there. Look at the list again.")]
    fn what_is_wrong_is_said_beside_it(#[case] field: &str, #[case] typed: &str, #[case] words: &str) {
        let (_, errors) = read(&form(&[(field, typed)]));
        let beside = if typed == "public" { "courses" } else { field };
        assert_eq!(errors, [FieldError::new(beside, words)]);
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let (_, errors) = read(&PostedForm(Vec::new()));
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "price", "status"]);
    }

    #[test]
    fn what_is_right_is_a_draft() {
        let (draft, errors) = read(&form(&[
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
