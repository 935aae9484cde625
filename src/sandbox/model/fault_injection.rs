//! Settings for fault injection: a slow or failing API, lost answers, and webhooks that are delayed, repeated or reordered.

use serde::{Deserialize, Serialize};

/// The faults to inject. By default there are none, and a restart resets them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FaultSettings {
    /// Delay of every API response, in milliseconds.
    pub latency_ms: u64,
    /// How many of the next API calls fail.
    pub fail_next: u32,
    pub failure: ApiFailure,
    pub delivery: DeliveryMode,
    /// How many more times each event is delivered after its first successful delivery.
    pub duplicates: u8,
    /// Whether events are delivered in random order.
    pub shuffle: bool,
}

impl FaultSettings {
    /// Returns the failure of the next API call, if it fails, and counts it.
    pub fn next_failure(&mut self) -> Option<ApiFailure> {
        self.fail_next = self.fail_next.checked_sub(1)?;
        Some(self.failure)
    }
}

/// How an API call fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApiFailure {
    /// Status 500, and the call has no effect.
    #[default]
    Error,
    /// Status 429, and the call has no effect.
    RateLimit,
    /// No response for a minute, and the call has no effect.
    Timeout,
    /// The call takes effect, but the connection breaks before the response.
    #[serde(rename = "lost")]
    ConnectionLost,
}

impl ApiFailure {
    pub const ALL: [Self; 4] = [Self::Error, Self::RateLimit, Self::Timeout, Self::ConnectionLost];

    /// Returns the name in forms and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::RateLimit => "rate_limit",
            Self::Timeout => "timeout",
            Self::ConnectionLost => "lost",
        }
    }

    /// Returns the label on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Error => "Server error (500)",
            Self::RateLimit => "Rate limit (429)",
            Self::Timeout => "No response",
            Self::ConnectionLost => "Connection lost after the call took effect",
        }
    }
}

/// How events that are due are delivered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryMode {
    #[default]
    Normal,
    /// Every attempt fails, as if the shop were unreachable.
    Refused,
    /// No attempt is made until the mode changes.
    #[serde(rename = "held")]
    Paused,
}

impl DeliveryMode {
    pub const ALL: [Self; 3] = [Self::Normal, Self::Refused, Self::Paused];

    /// Returns the name in forms and JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Refused => "refused",
            Self::Paused => "held",
        }
    }

    /// Returns the label on the page.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Normal => "Deliver events",
            Self::Refused => "Fail every attempt",
            Self::Paused => "Pause delivery",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_calls_fail_as_requested() {
        let mut faults = FaultSettings { fail_next: 2, failure: ApiFailure::RateLimit, ..FaultSettings::default() };
        let failures: Vec<_> = std::iter::repeat_with(|| faults.next_failure()).take(3).collect();
        assert_eq!(failures, [Some(ApiFailure::RateLimit), Some(ApiFailure::RateLimit), None]);
    }
}
