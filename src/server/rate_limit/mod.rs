//! Limits: how often somebody may try, said in one place.
//!
//! A limit is a bucket of tokens: so many at once, and one more each so often. Those that guard passwords, mailboxes and coupons are
//! shared by all servers ([`shared`]); the others guard a server's own time, so each counts for itself. Who tries is an address or an
//! account. The address is the one that [`ClientInfo`](crate::server::http::client_ip::Visitor) believes.

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
    platform::config::CapacityConfig,
};

/// So many at once, and one more each so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    pub burst: u32,
    pub every: Duration,
}

const fn rate(burst: u32, every: Duration) -> Quota {
    Quota { burst, every }
}

/// Anything at all, from one address: a class that opens a page at once gets in, a flood does not.
const REQUESTS: Quota = rate(2000, Duration::from_millis(10));
/// Beginning to pay, from one address and by one account. Each asks Stripe.
const CHECKOUTS_FROM: Quota = rate(60, Duration::from_secs(2));
const CHECKOUTS_BY: Quota = rate(20, Duration::from_secs(6));
/// Webhooks that are not signed, from one address.
const FORGERIES: Quota = rate(20, Duration::from_secs(6));

/// Whom an address stands for. Of IPv6 a household has a /64 at least, and every address in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientKey(Option<IpAddr>);

impl ClientKey {
    /// `None` is everybody whose address nobody knows, together.
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
            None => f.write_str("nowhere"),
        }
    }
}

/// What this server counts by itself, and how many it serves at once.
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
            requests: Arc::new(DefaultKeyedRateLimiter::dashmap(quota(REQUESTS, allowance))),
            checkouts_from: Arc::new(DefaultKeyedRateLimiter::dashmap(quota(CHECKOUTS_FROM, allowance))),
            checkouts_by: Arc::new(DefaultKeyedRateLimiter::dashmap(quota(CHECKOUTS_BY, 1))),
            forgeries: Arc::new(DefaultKeyedRateLimiter::dashmap(quota(FORGERIES, allowance))),
            slots: Arc::new(Semaphore::new(config.concurrent_requests)),
        }
    }

    /// One more request.
    ///
    /// # Errors
    /// [`Error::RateLimited`], as of all below.
    pub fn request(&self, from: Option<IpAddr>) -> Result<()> {
        take(&self.requests, &ClientKey::of(from))
    }

    /// Somebody begins to pay.
    pub fn checkout(&self, from: Option<IpAddr>, by: UserId) -> Result<()> {
        take(&self.checkouts_by, &by)?;
        take(&self.checkouts_from, &ClientKey::of(from))
    }

    /// A webhook that is not signed. One that is signed is taken in, whatever else comes from its address.
    pub fn forgery(&self, from: Option<IpAddr>) -> Result<()> {
        take(&self.forgeries, &ClientKey::of(from))
    }

    /// A place among the requests that are served at once, while it is kept. Nothing when there is none left.
    pub fn try_acquire_slot(&self) -> Option<OwnedSemaphorePermit> {
        self.slots.clone().try_acquire_owned().ok()
    }

    /// Forgets everybody whose bucket is full again: a flood from many addresses must not fill the memory.
    pub fn purge_full_buckets(&self) {
        for places in [&self.requests, &self.checkouts_from, &self.forgeries] {
            places.retain_recent();
            places.shrink_to_fit();
        }
        self.checkouts_by.retain_recent();
    }
}

fn quota(rate: Quota, allowance: u32) -> governor::Quota {
    let one = NonZeroU32::MIN;
    let burst = NonZeroU32::new(rate.burst.saturating_mul(allowance)).unwrap_or(one);
    governor::Quota::with_period(rate.every / allowance)
        .unwrap_or_else(|| governor::Quota::per_second(one))
        .allow_burst(burst)
}

fn take<K: Clone + Eq + std::hash::Hash>(buckets: &DefaultKeyedRateLimiter<K>, who: &K) -> Result<()> {
    buckets.check_key(who).map_err(|wait| rate_limited(wait.wait_time_from(DefaultClock::default().now())))
}

/// One too many; there is room for another after `wait`.
fn rate_limited(wait: Duration) -> Error {
    Error::RateLimited(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
}
