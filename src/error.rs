//! The one error type: what a person may read, and the status it has. A cause is logged where it happened and never travels.

use serde::{Deserialize, Serialize};

pub type Result<T, E = Error> = std::result::Result<T, E>;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Error {
    #[error("Sign in to continue.")]
    Unauthenticated,
    #[error("You may not do that.")]
    Forbidden,
    #[error("There is nothing at this address.")]
    NotFound,
    #[error("Please check what is marked.")]
    Invalid(Vec<FieldError>),
    /// A form that is right in its parts and refused as a whole, such as a wrong password.
    #[error("{0}")]
    Rejected(String),
    #[error("{0}")]
    Conflict(String),
    /// Too many tries; there is room for another after so many seconds.
    #[error("That was a lot at once. Wait {}, then try again.", minutes(*.0))]
    RateLimited(u32),
    #[error("Something we need is not answering. Try again in a moment.")]
    Unavailable,
    #[error("The payment service does not answer. Nothing was charged; try again in a moment.")]
    PaymentProviderDown,
    #[error("Something went wrong on our side. Try again; if it stays, write to us.")]
    Internal,
    /// [`Self::Internal`] as it goes out: with what our log knows it by.
    #[error("Something went wrong on our side. Try again; if it stays, write to us and say {0}.")]
    InternalWithId(String),
    #[error("You seem to be offline. Check your connection, then try again.")]
    Offline,
}

/// A sentence about one field of a form. `field` is the input's name.
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
    /// The HTTP status, by RFC 9110 (and RFC 6585 for 429).
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

    /// After how many seconds it is worth to try again, by RFC 9110.
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
mod server {
    use super::Error;

    /// What the database answers, for a person. The cause is logged here, once.
    impl From<sqlx::Error> for Error {
        fn from(error: sqlx::Error) -> Self {
            let away = match &error {
                sqlx::Error::RowNotFound => return Self::NotFound,
                // Characters that no text in the database can have, such as NUL: nothing has this name.
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
            tracing::error!(%error, "The database did not do what was asked");
            if away { Self::Unavailable } else { Self::Internal }
        }
    }

    impl From<anyhow::Error> for Error {
        fn from(error: anyhow::Error) -> Self {
            match error.downcast::<sqlx::Error>() {
                Ok(error) => error.into(),
                Err(error) => {
                    tracing::error!(error = format!("{error:#}"), "A request failed");
                    Self::Internal
                }
            }
        }
    }
}

/// Whether a statement failed on the constraint of this name: the way a database rule becomes a sentence.
#[cfg(feature = "ssr")]
pub fn on_constraint(error: &sqlx::Error, name: &str) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::constraint) == Some(name)
}

#[cfg(test)]
mod tests {
    use server_fn::error::{FromServerFnError, ServerFnErrorErr};

    use super::*;

    #[test]
    fn a_cause_never_travels() {
        let error = Error::from_server_fn_error(ServerFnErrorErr::ServerError("password=hunter2".into()));
        assert_eq!(error, Error::Internal);
        assert!(!String::from_utf8_lossy(&error.ser()).contains("hunter2"));
    }

    #[test]
    fn an_error_survives_the_wire() {
        for error in [Error::Invalid(vec![FieldError::new("email", "Enter an address.")]), Error::RateLimited(61)] {
            assert_eq!(Error::de(error.ser()), error);
        }
    }

    #[test]
    fn a_wait_is_told_in_minutes() {
        assert!(Error::RateLimited(1).to_string().contains("Wait a minute,"));
        assert!(Error::RateLimited(61).to_string().contains("Wait 2 minutes,"));
    }
}
