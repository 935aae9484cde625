//! The form of a course's details, and its parsing.

use serde::{Deserialize, Serialize};

use crate::{
    courses::MAX_DESCRIPTION_CHARS,
    error::{Error, Result},
    fields::{parse_name, parse_text},
};

/// A course's details as they are typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseForm {
    pub name: String,
    /// Markdown.
    pub description: String,
}

impl CourseForm {
    /// Parses the form and returns the details as they are stored.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the errors of all fields.
    pub fn parse(&self) -> Result<Self> {
        let description = parse_text("description", &self.description, MAX_DESCRIPTION_CHARS);
        match (parse_name(&self.name), description) {
            (Ok(name), Ok(description)) => Ok(Self { name, description }),
            (name, description) => Err(Error::Invalid(name.err().into_iter().chain(description.err()).collect())),
        }
    }
}
