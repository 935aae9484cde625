//! The school: what it is called, and who sells here by law.

pub mod admin_pages;
pub mod api;

#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

/// What an admin may write about the school, as the fields hold it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolForm {
    /// Counts up with every change.
    pub version: i64,
    pub name: String,
    pub tagline: String,
    /// Who sells, where that is not the school's name. It stands on receipts.
    pub seller_name: String,
    pub seller_address: String,
}

#[cfg(feature = "ssr")]
impl SchoolForm {
    /// Reads what was typed. `typed` gives a field's text.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::error::Error::Invalid) with a sentence for each field that does not do.
    pub fn parse<'a>(typed: impl Fn(&str) -> &'a str) -> crate::error::Result<Self> {
        use crate::error::{Error, FieldError};
        let mut errors = Vec::new();
        let mut text = |field: &str, most: usize, lines: bool| {
            let text = typed(field).replace("\r\n", "\n").trim().to_owned();
            let stray = |letter: char| letter.is_control() && !(lines && letter == '\n');
            if text.chars().count() > most {
                errors.push(FieldError::new(field, format!("Enter at most {most} characters.")));
            } else if text.contains(stray) {
                errors.push(FieldError::new(field, "Leave out control characters."));
            } else if field == "name" && text.is_empty() {
                errors.push(FieldError::new(field, "Enter the school’s name."));
            }
            text
        };
        let form = Self {
            version: typed("version").parse().unwrap_or_default(),
            name: text("name", 80, false),
            tagline: text("tagline", 200, false),
            seller_name: text("seller_name", 200, false),
            seller_address: text("seller_address", 1000, true),
        };
        if errors.is_empty() { Ok(form) } else { Err(Error::Invalid(errors)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use rstest::rstest;

    fn parse(field: &'static str, value: &'static str) -> Vec<String> {
        let typed = |name: &str| match name {
            name if name == field => value,
            "name" => "School",
            _ => "",
        };
        fixtures::refusals(SchoolForm::parse(typed))
    }

    #[rstest]
    #[case("name", " ", "name: Enter the school’s name.")]
    #[case("name", "A\u{7}", "name: Leave out control characters.")]
    #[case("seller_name", "A\nB", "seller_name: Leave out control characters.")]
    #[case("seller_address", "Street\0", "seller_address: Leave out control characters.")]
    fn a_school_is_told_what_is_wrong(#[case] field: &'static str, #[case] value: &'static str, #[case] says: &str) {
        assert_eq!(parse(field, value), [says]);
    }

    #[test]
    fn an_address_has_lines() {
        assert!(parse("seller_address", "Street 1\r\nTown").is_empty());
        assert_eq!(
            parse("tagline", Box::leak("x".repeat(201).into_boxed_str())),
            ["tagline: Enter at most 200 characters."]
        );
    }
}
