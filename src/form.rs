//! Forms that work without JavaScript: what was posted, and why it was refused. The page that shows the form reads both, so
//! that nothing typed is lost.

use leptos::{prelude::*, server::SharedValue};
use serde::{Deserialize, Serialize};

use crate::error::FieldError;

/// A form as it came back. Empty when the page was only opened. Passwords never come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submitted {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
    message: Option<String>,
}

impl Submitted {
    /// The form that this page load answers to; the browser finds it in the page.
    pub fn current() -> Self {
        SharedValue::new(|| use_context::<Self>().unwrap_or_default()).into_inner()
    }

    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Every value of a field that may be sent more than once.
    pub fn values(&self, field: &str) -> Vec<String> {
        self.values.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone()).collect()
    }

    pub fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
    }

    /// Sentences that belong to no field.
    pub fn messages(&self) -> Vec<String> {
        self.message.clone().into_iter().collect()
    }

    pub fn refused(values: Vec<(String, String)>, error: &crate::error::Error) -> Self {
        let values = values.into_iter().filter(|(name, _)| name != "password").collect();
        match error {
            crate::error::Error::Invalid(errors) => Self { values, errors: errors.clone(), message: None },
            other => Self { values, errors: Vec::new(), message: Some(other.to_string()) },
        }
    }
}
