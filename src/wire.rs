//! The wire: how server functions answer. JSON, read as text.
//!
//! A page's data comes twice in its life: inside the page, as text, and later from a server function, as bytes. JSON's reader is
//! compiled anew for each kind of input, with everything that is read by it; reading both as text halves that in the browser.

use crate::error::Error;
use serde::{Serialize, de::DeserializeOwned};
use server_fn::{
    Bytes, ContentType, Decodes, Encodes, Format, FormatType,
    codec::Post,
    error::{FromServerFnError, ServerFnErrorErr},
};

/// The output of our server functions.
pub type Json = Post<JsonText>;

/// JSON as text.
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
        // What is no UTF-8 is no JSON either.
        serde_json::from_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}

impl FromServerFnError for Error {
    type Encoder = JsonText;

    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Request(_) => Self::Offline,
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::NotFound,
            // On the server, the same of arguments that are sent as JSON.
            #[cfg(feature = "ssr")]
            ServerFnErrorErr::Deserialization(_) => Self::NotFound,
            other => {
                report(&other);
                Self::Internal
            }
        }
    }

    /// Encodes the error and gives the response its status. Every failed server function would answer 500 otherwise.
    fn ser(&self) -> server_fn::Bytes {
        #[cfg(feature = "ssr")]
        let told = &crate::platform::response::prepare_error_response(self);
        #[cfg(not(feature = "ssr"))]
        let told = self;
        <JsonText as server_fn::Encodes<Self>>::encode(told).unwrap_or_default()
    }
}

#[cfg(feature = "ssr")]
pub fn report(error: &ServerFnErrorErr) {
    tracing::error!(%error, "A server function failed before or after its body");
}

#[cfg(not(feature = "ssr"))]
fn report(error: &ServerFnErrorErr) {
    leptos::logging::error!("{error}");
}
