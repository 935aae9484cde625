//! Rate limits as token buckets, by client address and by account.
//!
//! A bucket allows a burst of attempts, and then one more per interval. The limits of passwords, mailboxes and coupons are shared by all
//! servers ([`postgres`]); the others protect a server's own capacity, so each server counts them for itself. The client address is that
//! of [`ClientInfo`](crate::server::http::client_ip::ClientInfo).

pub mod body_size;
pub mod load_shedding;
pub mod postgres;
pub mod queries;

#[cfg(test)]
mod tests;

use std::{net::IpAddr, num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    DefaultKeyedRateLimiter,
    clock::{Clock, DefaultClock},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    error::{Error, Result},
    id::UserId,
    platform::config::capacity::CapacityConfig,
};

/// A limit: so many attempts at once, and one more each `every`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub burst: u32,
    pub every: Duration,
}

const fn quota(burst: u32, every: Duration) -> Quota {
    Quota { burst, every }
}

/// Any requests from one address. A class of students that opens a page at once stays below it; a flood does not.
const REQUESTS: Quota = quota(2000, Duration::from_millis(10));
/// Checkouts from one address and by one account. Each is a call of Stripe's API.
const CHECKOUTS_FROM: Quota = quota(60, Duration::from_secs(2));
const CHECKOUTS_BY: Quota = quota(20, Duration::from_secs(6));
/// Webhooks with an invalid signature from one address.
const FORGERIES: Quota = quota(20, Duration::from_secs(6));

/// The client that an address stands for. A household with IPv6 has at least a /64 and every address in it, so that is one client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Option<IpAddr>);

impl ClientKey {
    /// `None` is every client without a known address, together.
    pub fn of(address: Option<IpAddr>) -> Self {
        Self(address.map(|address| match address.to_canonical() {
            IpAddr::V6(ip) => IpAddr::V6((u128::from(ip) & !u128::from(u64::MAX)).into()),
            ip @ IpAddr::V4(_) => ip,
        }))
    }
}

impl std::fmt::Display for ClientKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("unknown"),
        }
    }
}

/// The limits of this server, and its slots for concurrent requests.
#[derive(Clone)]
pub struct RateLimits {
    /// How many times as much one address may do.
    pub allowance: u32,
    requests: Arc<DefaultKeyedRateLimiter<ClientKey>>,
    checkouts_from: Arc<DefaultKeyedRateLimiter<ClientKey>>,
    checkouts_by: Arc<DefaultKeyedRateLimiter<UserId>>,
    forgeries: Arc<DefaultKeyedRateLimiter<ClientKey>>,
    slots: Arc<Semaphore>,
}

impl RateLimits {
    pub fn new(config: &CapacityConfig) -> Self {
        let allowance = config.address_allowance.max(1);
        Self {
            allowance,
            requests: Arc::new(DefaultKeyedRateLimiter::dashmap(keyed_quota(REQUESTS, allowance))),
            checkouts_from: Arc::new(DefaultKeyedRateLimiter::dashmap(keyed_quota(CHECKOUTS_FROM, allowance))),
            checkouts_by: Arc::new(DefaultKeyedRateLimiter::dashmap(keyed_quota(CHECKOUTS_BY, 1))),
            forgeries: Arc::new(DefaultKeyedRateLimiter::dashmap(keyed_quota(FORGERIES, allowance))),
            slots: Arc::new(Semaphore::new(config.concurrent_requests)),
        }
    }

    /// Counts a request.
    ///
    /// # Errors
    /// [`Error::RateLimited`] when the limit is exceeded, as for all limits below.
    pub fn request(&self, from: Option<IpAddr>) -> Result<()> {
        try_take(&self.requests, &ClientKey::of(from))
    }

    /// Counts the start of a checkout.
    pub fn checkout(&self, from: Option<IpAddr>, by: UserId) -> Result<()> {
        try_take(&self.checkouts_by, &by)?;
        try_take(&self.checkouts_from, &ClientKey::of(from))
    }

    /// Counts a webhook with an invalid signature. A signed one is processed whatever else its address sends.
    pub fn forgery(&self, from: Option<IpAddr>) -> Result<()> {
        try_take(&self.forgeries, &ClientKey::of(from))
    }

    /// Returns a slot for a concurrent request, which is free again when it is dropped; `None` when all are in use.
    pub fn try_acquire_slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// Drops the buckets that are full again, so that a flood from many addresses does not fill the memory.
    pub fn purge_full_buckets(&self) {
        for buckets in [&self.requests, &self.checkouts_from, &self.forgeries] {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
        self.checkouts_by.retain_recent();
    }
}

/// Returns a quota as `governor` has it, `allowance` times as large.
fn keyed_quota(quota: Quota, allowance: u32) -> governor::Quota {
    let one = NonZeroU32::MIN;
    let burst = NonZeroU32::new(quota.burst.saturating_mul(allowance)).unwrap_or(one);
    governor::Quota::with_period(quota.every / allowance)
        .unwrap_or_else(|| governor::Quota::per_second(one))
        .allow_burst(burst)
}

/// Takes a token from the bucket of `key`.
fn try_take<K: Clone + Eq + std::hash::Hash>(buckets: &DefaultKeyedRateLimiter<K>, key: &K) -> Result<()> {
    buckets.check_key(key).map_err(|wait| rate_limited(wait.wait_time_from(DefaultClock::default().now())))
}

/// Returns the error of an exceeded limit, which allows another attempt after `wait`.
fn rate_limited(wait: Duration) -> Error {
    Error::RateLimited(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
}
