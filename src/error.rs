//! The one error type: a sentence for people, and an HTTP status. A cause is logged where it happened and never leaves the server.

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed. [`Display`](std::fmt::Display) is what a person reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    #[error("Sign in to continue.")]
    Unauthenticated,
    #[error("You are not allowed to do that.")]
    Forbidden,
    #[error("There is nothing at this address.")]
    NotFound,
    #[error("Check the marked fields.")]
    Invalid(Vec<FieldError>),
    /// A form whose fields are valid but that is rejected as a whole, such as a wrong password.
    #[error("{0}")]
    Rejected(String),
    #[error("{0}")]
    Conflict(String),
    /// A rate limit is exceeded; another attempt is allowed after so many seconds.
    #[error("Too many attempts. Try again in {}.", minutes(*.0))]
    RateLimited(u32),
    #[error("The service is not available right now. Try again in a moment.")]
    Unavailable,
    #[error("The payment service is not responding. Nothing was charged. Try again in a moment.")]
    PaymentProviderDown,
    #[error("Something went wrong on our side. Try again. If it happens again, contact us.")]
    Internal,
    /// [`Self::Internal`] in a response, with the request id that finds its lines in the log.
    #[error("Something went wrong on our side. Try again. If it happens again, contact us and quote {0}.")]
    InternalWithId(String),
    #[error("You seem to be offline. Check your connection, then try again.")]
    Offline,
}

/// An error in one field of a form. `field` is the input's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldError {
    pub field: String,
    pub message: String,
}

impl FieldError {
    pub fn new(field: &str, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl Error {
    /// Returns the HTTP status (RFC 9110; RFC 6585 for 429).
    pub const fn status(&self) -> u16 {
        match self {
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict(_) => 409,
            Self::Invalid(_) | Self::Rejected(_) => 422,
            Self::RateLimited(_) => 429,
            Self::Internal | Self::InternalWithId(_) => 500,
            Self::Unavailable | Self::PaymentProviderDown | Self::Offline => 503,
        }
    }

    /// Returns the seconds for the `Retry-After` header (RFC 9110).
    pub const fn retry_after(&self) -> Option<u32> {
        match self {
            Self::RateLimited(seconds) => Some(*seconds),
            Self::Unavailable | Self::PaymentProviderDown => Some(5),
            _ => None,
        }
    }
}

fn minutes(seconds: u32) -> String {
    match seconds.div_ceil(60) {
        0 | 1 => "a minute".into(),
        minutes => format!("{minutes} minutes"),
    }
}

#[cfg(feature = "ssr")]
mod database {
    use crate::error::Error;

    /// Turns a failed statement into a sentence for people. The cause is logged here, once.
    impl From<sqlx::Error> for Error {
        fn from(error: sqlx::Error) -> Self {
            let unavailable = match &error {
                sqlx::Error::RowNotFound => return Self::NotFound,
                // Characters that no text in the database can have, such as NUL: no row matches them.
                sqlx::Error::Database(error) if error.code().is_some_and(|code| code == "22021" || code == "22P05") => {
                    return Self::NotFound;
                }
                sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::Tls(_) => true,
                // Class 57: operator intervention, such as a server that is starting or stopping; class 08: connections;
                // 53300: too many of them. https://www.postgresql.org/docs/current/errcodes-appendix.html
                sqlx::Error::Database(error) => {
                    error.code().is_some_and(|code| code.starts_with("57") || code.starts_with("08") || code == "53300")
                }
                _ => false,
            };
            tracing::error!(%error, "Database error");
            if unavailable { Self::Unavailable } else { Self::Internal }
        }
    }

    impl From<anyhow::Error> for Error {
        fn from(error: anyhow::Error) -> Self {
            match error.downcast::<sqlx::Error>() {
                Ok(error) => error.into(),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "Internal error");
                    Self::Internal
                }
            }
        }
    }
}

/// Returns whether a statement failed on the constraint `name`, so that the caller can turn a rule of the database into a sentence.
#[cfg(feature = "ssr")]
pub fn on_constraint(error: &sqlx::Error, name: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_limit_is_stated_in_minutes() {
        assert_eq!(Error::RateLimited(1).to_string(), "Too many attempts. Try again in a minute.");
        assert_eq!(Error::RateLimited(61).to_string(), "Too many attempts. Try again in 2 minutes.");
    }
}
