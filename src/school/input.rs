//! Parsing of the form of the school's settings.

use crate::{
    error::{Error, FieldError, Result},
    school::SchoolForm,
};

impl SchoolForm {
    /// Parses the posted fields. `typed` returns the text of a field.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every invalid field.
    pub fn parse<'a>(typed: impl Fn(&str) -> &'a str) -> Result<Self> {
        let mut errors = Vec::new();
        let mut text = |field: &str, max_chars: usize, multiline: bool| {
            let text = typed(field).replace("\r\n", "\n").trim().to_owned();
            let is_rejected = |char: char| char.is_control() && !(multiline && char == '\n');
            if text.chars().count() > max_chars {
                errors.push(FieldError::new(field, format!("Enter at most {max_chars} characters.")));
            } else if text.contains(is_rejected) {
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
        fixtures::field_errors(SchoolForm::parse(typed))
    }

    #[rstest]
    #[case("name", " ", "name: Enter the school’s name.")]
    #[case("name", "A\u{7}", "name: Leave out control characters.")]
    #[case("seller_name", "A\nB", "seller_name: Leave out control characters.")]
    #[case("seller_address", "Street\0", "seller_address: Leave out control characters.")]
    fn an_invalid_field_gets_an_error(#[case] field: &'static str, #[case] value: &'static str, #[case] error: &str) {
        assert_eq!(parse(field, value), [error]);
    }

    #[test]
    fn an_address_may_have_several_lines() {
        assert!(parse("seller_address", "Street 1\r\nTown").is_empty());
        assert_eq!(
            parse("tagline", Box::leak("x".repeat(201).into_boxed_str())),
            ["tagline: Enter at most 200 characters."]
        );
    }
}
