//! Limits on load.

use anyhow::{Result, ensure};

use crate::platform::config::variable::parsed;

/// Limits on load.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityConfig {
    /// Multiplier of the rate limits per address, for a school whose students share one and for load tests.
    pub address_allowance: u32,
    /// Requests handled at the same time; further ones get 503.
    pub concurrent_requests: usize,
}

impl CapacityConfig {
    /// Reads the variables of this section.
    ///
    /// # Errors
    /// A sentence for the operator that names the variable.
    pub fn read(var: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let capacity = Self {
            address_allowance: parsed(var, "LECTERN_ADDRESS_ALLOWANCE")?.unwrap_or(1),
            concurrent_requests: parsed(var, "LECTERN_CONCURRENT_REQUESTS")?.unwrap_or(512),
        };
        ensure!(capacity.address_allowance > 0, "LECTERN_ADDRESS_ALLOWANCE is 0: nobody could come in");
        ensure!(capacity.concurrent_requests > 0, "LECTERN_CONCURRENT_REQUESTS is 0: nobody could come in");
        Ok(capacity)
    }
}
