//! The sign-up form: what was typed, parsed once, every field's error at once.

use crate::{
    error::{Error, FieldError, Result},
    identity::password_strength,
};
use email_address::{EmailAddress, Options};

/// What someone types to get an account.
#[derive(Debug)]
pub struct SignUp {
    pub name: String,
    pub email: String,
    pub password: String,
}

impl SignUp {
    /// Every field is looked at, so that every mistake is told at once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with a sentence for each field that does not do.
    pub fn parse(name: &str, email: &str, password: &str) -> Result<Self> {
        let (name, email) = (name.trim(), email.trim());
        let mut errors = Vec::new();
        let troubles = [
            ("name", name_trouble(name)),
            ("email", address_trouble(email)),
            ("password", password_strength::trouble(password, &[name, email])),
        ];
        for (field, trouble) in troubles {
            errors.extend(trouble.map(|trouble| FieldError::new(field, trouble)));
        }
        if errors.is_empty() {
            Ok(Self { name: name.into(), email: email.into(), password: password.into() })
        } else {
            Err(Error::Invalid(errors))
        }
    }
}

/// What is wrong with a name, as a sentence.
pub fn name_trouble(name: &str) -> Option<&'static str> {
    if name.is_empty() {
        Some("Enter your name.")
    } else if name.chars().count() > 100 {
        Some("Enter a name of at most 100 characters.")
    } else if name.contains(char::is_control) {
        Some("Enter a name without control characters.")
    } else {
        None
    }
}

/// What is wrong with an address, as a sentence.
pub fn address_trouble(email: &str) -> Option<&'static str> {
    if email.is_empty() {
        Some("Enter your email address.")
    } else if email.len() > 254 || EmailAddress::parse_with_options(email, address()).is_err() {
        Some("Enter an address like name@example.com.")
    } else {
        None
    }
}

/// A bare address in a domain of the web's: what mail and receipts can be sent to.
pub fn address() -> Options {
    Options::default().without_display_text().without_domain_literal().with_required_tld()
}
