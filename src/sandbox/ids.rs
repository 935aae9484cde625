//! Identifiers of Stripe's objects: a prefix that names the type, followed by random characters.

use rand::distr::{Alphanumeric, SampleString};

/// Generates an id: the prefix, then letters and digits, as many as Stripe uses for that type.
pub fn new_id(prefix: &str) -> String {
    let length = if prefix.starts_with("cs_") { 58 } else { 24 };
    format!("{prefix}{}", Alphanumeric.sample_string(&mut rand::rng(), length))
}
