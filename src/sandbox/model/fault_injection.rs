//! Switches for what goes wrong in the world: an API that is slow or fails, answers that get lost, webhooks that do not come, come
//! twice, or come in another order.

use std::{io, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::stream;
use serde::{Deserialize, Serialize};

use crate::sandbox::{error::ApiError, store::Sandbox};

/// A call that times out is held for so long: longer than clients wait.
const HANGS: Duration = Duration::from_mins(1);

/// What is made to go wrong. All off is a Stripe on a good day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Every call of the API is answered so much later.
    pub latency_ms: u64,
    /// So many calls of the API fail next.
    pub fail_next: u32,
    pub failure: Failure,
    pub delivery: Delivering,
    /// Every event is delivered so many times more.
    pub duplicates: u8,
    /// Events are delivered in another order than they happened.
    pub shuffle: bool,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Failure {
    /// 500, and nothing was done.
    #[default]
    Error,
    /// 429, and nothing was done.
    RateLimit,
    /// No answer for a minute, and nothing was done.
    Timeout,
    /// It is done, and the answer breaks off.
    Lost,
}

impl Failure {
    pub const ALL: [Self; 4] = [Self::Error, Self::RateLimit, Self::Timeout, Self::Lost];

    /// As forms and JSON name it, and for people.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Error => ("error", "with an error (500)"),
            Self::RateLimit => ("rate_limit", "as too many (429)"),
            Self::Timeout => ("timeout", "without an answer"),
            Self::Lost => ("lost", "after they are done: the answer is lost"),
        }
    }
}

/// What happens to events that are due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivering {
    #[default]
    Normal,
    /// Every try fails, as if the shop were down.
    Refused,
    /// Nothing is tried until this is switched back.
    Held,
}

impl Delivering {
    pub const ALL: [Self; 3] = [Self::Normal, Self::Refused, Self::Held];

    /// As forms and JSON name it, and for people.
    pub const fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Normal => ("normal", "are delivered"),
            Self::Refused => ("refused", "fail, as if the shop were down"),
            Self::Held => ("held", "wait"),
        }
    }
}

impl Switches {
    /// How the next call fails, if it does.
    fn take_failure(&mut self) -> Option<Failure> {
        self.fail_next = self.fail_next.checked_sub(1)?;
        Some(self.failure)
    }
}

/// Lets calls of the API be slow, and fail, as the switches say.
pub async fn trouble(State(sandbox): State<Sandbox>, request: Request, next: Next) -> Response {
    let (latency, failure) = sandbox.switch(|switches| (switches.latency_ms, switches.take_failure()));
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    match failure {
        None => next.run(request).await,
        Some(Failure::Error) => ApiError::ours("A switch of the sandbox let this call fail.").into_response(),
        Some(Failure::RateLimit) => ApiError::too_many().into_response(),
        Some(Failure::Timeout) => {
            tokio::time::sleep(HANGS).await;
            broken_off()
        }
        Some(Failure::Lost) => {
            next.run(request).await;
            broken_off()
        }
    }
}

/// An answer whose body does not come: the connection is closed.
fn broken_off() -> Response {
    let broken = io::Error::new(io::ErrorKind::ConnectionReset, "a switch of the sandbox lost this answer");
    Body::from_stream(stream::iter([Err::<Vec<u8>, _>(broken)])).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_calls_fail_and_no_more() {
        let mut switches = Switches { fail_next: 2, failure: Failure::RateLimit, ..Switches::default() };
        let taken: Vec<_> = std::iter::repeat_with(|| switches.take_failure()).take(3).collect();
        assert_eq!(taken, [Some(Failure::RateLimit), Some(Failure::RateLimit), None]);
    }
}
