//! Parsing of one environment variable.

use std::str::FromStr;

use anyhow::{Context, Result};

/// Parses the variable `name`, where it is set.
///
/// # Errors
/// A sentence that names the variable and its value.
pub fn parsed<T: FromStr>(var: &impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<T>>
where
    T::Err: std::error::Error + Send + Sync + 'static,
{
    var(name)
        .map(|value| value.parse().with_context(|| format!("{name} is {value:?}, which cannot be read")))
        .transpose()
}
