//! Encoding of server functions' responses and errors: JSON, parsed as text.
//!
//! A page's data arrives inside the page as text, and later from server functions as bytes. The JSON parser is compiled anew for each
//! kind of input, with every type that it parses; parsing both as text halves that code in the browser.

use crate::error::Error;
use serde::{Serialize, de::DeserializeOwned};
use server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    codec::Post,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// The output encoding of server functions.
pub type Json = Post<JsonText>;

/// JSON that is parsed as text.
pub struct JsonText;

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = serde_json::Error;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        // Invalid UTF-8 is invalid JSON: the empty string fails to parse as well.
        serde_json::from_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}

impl FromServerFnError for Error {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::NotFound,
            // On the server, invalid arguments that were sent as JSON.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => Self::NotFound,
            other => {
                log_failure(&other);
                Self::Internal
            }
        }
    }

    /// Encodes the error and sets the status of the response, which would be 500 for every failed server function otherwise.
    fn ser(&self) -> Bytes {
        #[cfg(feature = "ssr")]
        let error = &crate::platform::response::prepare_error_response(self);
        #[cfg(not(feature = "ssr"))]
        let error = self;
        <JsonText as Encodes<Self>>::encode(error).unwrap_or_default()
    }
}

#[cfg(feature = "ssr")]
fn log_failure(error: &ServerFnErrorErr) {
    tracing::error!(%error, "Server function failed outside its body");
}

#[cfg(not(feature = "ssr"))]
fn log_failure(error: &ServerFnErrorErr) {
    leptos::logging::error!("{error}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FieldError;

    #[test]
    fn an_error_response_has_no_cause() {
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
}
