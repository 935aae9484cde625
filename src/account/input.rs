//! The sign-up form, parsed once, with every field's error at once.

use crate::{
    error::{Error, FieldError, Result},
    identity::password_strength,
};
use email_address::{EmailAddress, Options};

const MAX_NAME_CHARS: usize = 100;
/// RFC 5321, section 4.5.3.1.3, with erratum 1690 of RFC 3696.
const MAX_EMAIL_BYTES: usize = 254;

/// A valid sign-up form.
#[derive(Debug)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: String,
}

impl SignUp {
    /// Parses the form.
    ///
    /// # Errors
    /// [`Error::Invalid`] with an error for each invalid field.
    pub fn parse(name: &str, email: &str, password: &str) -> Result<Self> {
        let (name, email) = (name.trim(), email.trim());
        let mut errors = Vec::new();
        let checks = [
            ("name", find_name_error(name)),
            ("email", find_email_error(email)),
            ("password", password_strength::find_error(password, &[name, email])),
        ];
        for (field, error) in checks {
            errors.extend(error.map(|error| FieldError::new(field, error)));
        }
        if errors.is_empty() {
            Ok(Self { name: name.into(), email: email.into(), password: password.into() })
        } else {
            Err(Error::Invalid(errors))
        }
    }
}

/// Returns what is wrong with a name.
pub fn find_name_error(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("Enter your name.")
    } else if name.chars().count() > MAX_NAME_CHARS {
        Some("Enter a name of at most 100 characters.")
    } else if name.contains(char::is_control) {
        Some("Enter a name without control characters.")
    } else {
        None
    }
}

/// Returns what is wrong with an email address.
pub fn find_email_error(email: &str) -> Option<&'static str> {
    if email.is_empty() {
        Some("Enter your email address.")
    } else if email.len() > MAX_EMAIL_BYTES || EmailAddress::parse_with_options(email, options()).is_err() {
        Some("Enter an address like name@example.com.")
    } else {
        None
    }
}

/// Accepts bare addresses in a domain of the public internet, to which mail and receipts can be sent.
fn options() -> Options {
    Options::default().without_display_text().without_domain_literal().with_required_tld()
}
