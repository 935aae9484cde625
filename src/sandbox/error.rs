//! Errors of the API, as Stripe reports them.
//!
//! The body is `{"error": {"type", "code", "message", "param", "doc_url"}}`:
//! <https://docs.stripe.com/api/errors>. Clients branch on `type` and `code`, so those two are Stripe's own.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// The result of an operation of the API.
pub type Result<T> = std::result::Result<T, ApiError>;

/// An error response of the API.
#[derive(Clone, Debug)]
pub struct ApiError {
    pub status: StatusCode,
    /// `invalid_request_error`, `idempotency_error` or `api_error`.
    pub kind: &'static str,
    pub code: Option<&'static str>,
    pub message: String,
    pub param: Option<String>,
    /// Whether the response is stored by its idempotency key: true once the operation began, false for invalid parameters.
    /// See <https://docs.stripe.com/api/idempotent_requests>.
    pub is_replayable: bool,
}

impl ApiError {
    /// 400 without a code.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            kind: "invalid_request_error",
            code: None,
            message: message.into(),
            param: None,
            is_replayable: false,
        }
    }

    /// 400 `parameter_missing`.
    pub fn missing(param: impl Into<String>) -> Self {
        let param = param.into();
        Self::invalid(format!("Missing required param: {param}.")).code("parameter_missing").param(param)
    }

    /// 400 `parameter_unknown`.
    pub fn unknown(param: impl Into<String>) -> Self {
        let param = param.into();
        Self::invalid(format!("Received unknown parameter: {param}")).code("parameter_unknown").param(param)
    }

    /// 404 `resource_missing`. `resource` is Stripe's name of the object's type, `param` the parameter with the id.
    pub fn no_such(resource: &str, id: &str, param: &str) -> Self {
        let error = Self::invalid(format!("No such {resource}: '{id}'")).code("resource_missing").param(param);
        Self { status: StatusCode::NOT_FOUND, ..error }
    }

    /// 401: the request has no key.
    pub fn no_key() -> Self {
        let message = "You did not provide an API key. You need to provide your API key in the Authorization header, \
                       using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
        Self { status: StatusCode::UNAUTHORIZED, ..Self::invalid(message) }
    }

    /// 401: the key is wrong. The message contains at most its last four characters.
    pub fn wrong_key(key: &str) -> Self {
        let count = key.chars().count();
        let tail: String = if count > 12 { key.chars().skip(count - 4).collect() } else { String::new() };
        Self { status: StatusCode::UNAUTHORIZED, ..Self::invalid(format!("Invalid API Key provided: ********{tail}")) }
    }

    /// 404: no route has this method and path.
    pub fn no_route(method: &str, path: &str) -> Self {
        let message =
            format!("Unrecognized request URL ({method}: {path}). The sandbox implements a part of Stripe's API.");
        Self { status: StatusCode::NOT_FOUND, ..Self::invalid(message) }
    }

    /// 400 `idempotency_error`: the key was used with other parameters before.
    pub fn key_reused(key: &str) -> Self {
        let message = format!(
            "Keys for idempotent requests can only be used with the same parameters they were first used with. Try \
             using a key other than '{key}' if you meant to execute a different request."
        );
        Self { kind: "idempotency_error", ..Self::invalid(message) }
    }

    /// 409 `idempotency_key_in_use`: the first request with this key is still being processed.
    pub fn key_in_use() -> Self {
        let message = "There is currently another in-progress request using this Idempotent Key (that probably means \
                       you submitted twice, and the other request is still going through). Please try again later.";
        let error = Self::invalid(message).code("idempotency_key_in_use");
        Self { status: StatusCode::CONFLICT, kind: "idempotency_error", ..error }
    }

    /// 429: <https://docs.stripe.com/rate-limits>.
    pub fn rate_limited() -> Self {
        let error = Self::invalid("Request rate limit exceeded.").code("rate_limit");
        Self { status: StatusCode::TOO_MANY_REQUESTS, ..error }
    }

    /// 500: an internal error of the sandbox.
    pub fn internal(message: &str) -> Self {
        Self { status: StatusCode::INTERNAL_SERVER_ERROR, kind: "api_error", ..Self::invalid(message) }
    }

    /// Sets the code.
    #[must_use]
    pub fn code(self, code: &'static str) -> Self {
        Self { code: Some(code), ..self }
    }

    /// Sets the parameter that the error is about.
    #[must_use]
    pub fn param(self, param: impl Into<String>) -> Self {
        Self { param: Some(param.into()), ..self }
    }

    /// Marks the error as an outcome of the operation, which its idempotency key replays.
    #[must_use]
    pub fn replayable(self) -> Self {
        Self { is_replayable: true, ..self }
    }

    /// Renders the JSON body.
    pub fn body(&self) -> Value {
        let mut error = json!({ "type": self.kind, "message": self.message });
        if let Some(code) = self.code {
            error["code"] = json!(code);
            error["doc_url"] = json!(format!("https://stripe.com/docs/error-codes/{}", code.replace('_', "-")));
        }
        if let Some(param) = &self.param {
            error["param"] = json!(param);
        }
        json!({ "error": error })
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(self.body())).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static("Basic realm=\"Stripe\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_key_is_never_shown_in_full() {
        assert!(!ApiError::wrong_key("sk_short").message.contains("sk_short"));
        let long = ApiError::wrong_key("sk_live_abcdefghijkl1234").message;
        assert!(long.ends_with("********1234"), "{long}");
    }

    #[test]
    fn an_error_names_its_param_and_code() {
        let body = ApiError::missing("line_items[0][quantity]").body();
        assert_eq!(body["error"]["param"], "line_items[0][quantity]");
        assert_eq!(body["error"]["code"], "parameter_missing");
        assert_eq!(body["error"]["type"], "invalid_request_error");
    }
}
