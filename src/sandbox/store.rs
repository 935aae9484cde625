//! What the sandbox knows: one set of tables behind one lock, written to a file after each change.
//!
//! One lock is what makes a payment exact: two tabs that press Pay on one session take turns, and the second finds it complete.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use rand::distr::{Alphanumeric, SampleString};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    SandboxConfig,
    api::cart::{Price, Product},
    api::idempotency::Remembered,
    error::{ApiError, Result},
    model::checkout_session::Session,
    model::fault_injection::Switches,
    model::payment::{Charge, PaymentIntent},
    operations::disputes::Dispute,
    operations::events::Event,
    operations::refunds::Refund,
    table::Table,
};

/// How long to wait with a state file that could not be written.
const FAILED_REST: Duration = Duration::from_millis(300);

/// Everything that survives a restart.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Data {
    pub products: Table<Product>,
    pub prices: Table<Price>,
    pub sessions: Table<Session>,
    pub intents: Table<PaymentIntent>,
    pub charges: Table<Charge>,
    pub refunds: Table<Refund>,
    pub disputes: Table<Dispute>,
    pub events: Table<Event>,
    /// Answers by idempotency key.
    pub answers: BTreeMap<String, Remembered>,
}

/// The sandbox: a handle that can be cloned.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SandboxConfig,
    data: Mutex<Data>,
    /// Idempotency keys whose first request has not been answered.
    busy: Mutex<HashSet<String>>,
    /// What is made to go wrong. A restart puts it right.
    switches: Mutex<Switches>,
    /// How many changes were made, and how many of them are on disk.
    made: watch::Sender<u64>,
    stored: watch::Sender<u64>,
    deliver: Notify,
}

impl Sandbox {
    /// Opens the sandbox, with what its state file holds if there is one.
    ///
    /// # Errors
    /// When the file is there but cannot be read or is not a sandbox's.
    pub fn open(config: SandboxConfig) -> anyhow::Result<Self> {
        let data = match &config.state_file {
            Some(path) if path.exists() => {
                let text = std::fs::read(path).with_context(|| format!("read the state file {}", path.display()))?;
                serde_json::from_slice(&text).with_context(|| {
                    format!("{} is not a sandbox's state: move it away to start anew", path.display())
                })?
            }
            _ => Data::default(),
        };
        Ok(Self(Arc::new(Shared {
            config,
            data: Mutex::new(data),
            busy: Mutex::default(),
            switches: Mutex::default(),
            made: watch::Sender::new(0),
            stored: watch::Sender::new(0),
            deliver: Notify::new(),
        })))
    }

    pub fn config(&self) -> &SandboxConfig {
        &self.0.config
    }

    /// Looks at the data, or changes it without counting the change.
    pub fn data(&self) -> MutexGuard<'_, Data> {
        // A panic under the lock loses at most the operation that panicked.
        self.0.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn busy(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.busy.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is made to go wrong.
    pub fn switches(&self) -> Switches {
        self.0.switches.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Turns switches, and wakes whoever delivers.
    pub fn switch<T>(&self, turn: impl FnOnce(&mut Switches) -> T) -> T {
        let turned = turn(&mut self.0.switches.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.deliver.notify_one();
        turned
    }

    /// Changes the data. What is overdue is done first, so that nobody meets a session that is over and still open.
    pub fn change<T>(&self, now: i64, change: impl FnOnce(&mut Data) -> T) -> T {
        let mut data = self.data();
        data.expire_overdue(now);
        data.end_refunds_due(now);
        let result = change(&mut data);
        self.0.made.send_modify(|count| *count += 1);
        drop(data);
        self.0.deliver.notify_one();
        result
    }

    /// Does what time brings: overdue sessions expire, refunds end, what is old is forgotten.
    pub fn tick(&self, now: i64) {
        let mut data = self.data();
        let idle = !data.has_overdue(now) && !data.has_refunds_due(now) && !data.forget(now);
        drop(data);
        if !idle {
            self.change(now, |_| ());
        }
    }

    /// Waits until every change made so far is on disk. Without a state file there is nothing to wait for.
    ///
    /// # Errors
    /// 500 when that takes longer than ten seconds: the disk is full or gone, and the log says which.
    pub async fn stored(&self) -> Result<()> {
        if self.0.config.state_file.is_none() {
            return Ok(());
        }
        let made = *self.0.made.borrow();
        let mut stored = self.0.stored.subscribe();
        let waited = tokio::time::timeout(Duration::from_secs(10), stored.wait_for(|count| *count >= made)).await;
        match waited {
            Ok(Ok(_)) => Ok(()),
            _ => Err(ApiError::ours("The sandbox could not write its state file. Its log says why.")),
        }
    }

    /// Completes when a change may have made an event to deliver.
    pub(super) async fn something_to_deliver(&self) {
        self.0.deliver.notified().await;
    }

    /// Writes the state file whenever something changed, until shut down; changes made meanwhile are written together. Between two
    /// writes it rests for as long as the last one took: while a state is written nobody else gets at it.
    pub(super) async fn keep_stored(self, shutdown: CancellationToken) {
        let Some(path) = self.0.config.state_file.clone() else { return };
        let mut made = self.0.made.subscribe();
        loop {
            let count = *made.borrow_and_update();
            let mut rest = Duration::ZERO;
            if count > *self.0.stored.borrow() {
                let began = Instant::now();
                let (sandbox, target) = (self.clone(), path.clone());
                match tokio::task::spawn_blocking(move || sandbox.write(&target)).await {
                    Ok(Ok(())) => {
                        self.0.stored.send_replace(count);
                        rest = began.elapsed();
                    }
                    Ok(Err(error)) => {
                        rest = FAILED_REST;
                        tracing::error!(path = %path.display(), "The state file was not written: {error:#}.");
                    }
                    Err(error) => {
                        rest = FAILED_REST;
                        tracing::error!("Writing the state file failed: {error}.");
                    }
                }
            }
            if shutdown.is_cancelled() {
                return;
            }
            tokio::select! { () = shutdown.cancelled() => {}, () = tokio::time::sleep(rest) => {} }
            // What failed is tried again without a new change.
            if *self.0.stored.borrow() >= *made.borrow() {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    changed = made.changed() => if changed.is_err() { return; },
                }
            }
        }
    }

    fn write(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(&*self.data()).context("write the state as JSON")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("make the folder {}", folder.display()))?;
        // A new file in the same folder, renamed over the old one: a crash leaves one or the other, never half.
        let mut file = tempfile::NamedTempFile::new_in(folder).context("make a new file")?;
        std::io::Write::write_all(&mut file, &text).context("fill it")?;
        file.as_file().sync_data().context("sync it")?;
        file.persist(path).context("rename it")?;
        Ok(())
    }
}

/// An id as Stripe makes them: the prefix, then letters and digits.
pub fn new_id(prefix: &str) -> String {
    let length = if prefix.starts_with("cs_") { 58 } else { 24 };
    format!("{prefix}{}", Alphanumeric.sample_string(&mut rand::rng(), length))
}

/// The sandbox's one clock: seconds since 1970. Everything else is passed the time.
#[allow(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// The same clock in milliseconds.
#[allow(clippy::disallowed_methods, reason = "this is the edge where the clock is read")]
pub fn now_ms() -> i64 {
    i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}
