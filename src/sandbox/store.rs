//! The shared state of the sandbox: its data behind one lock, written to the state file after each change.
//!
//! The one lock serializes payments: of two tabs that pay the same session, the second finds it complete.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    sync::{Notify, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    config::SandboxConfig,
    data::Data,
    error::{ApiError, Result},
    model::fault_injection::FaultSettings,
};

/// How long to wait before a failed write of the state file is repeated.
const WRITE_RETRY_INTERVAL: Duration = Duration::from_millis(300);

/// How long a request waits for its changes to be written.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);

/// A handle to the shared state, cheap to clone.
#[derive(Clone, Debug)]
pub struct Sandbox(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    config: SandboxConfig,
    data: Mutex<Data>,
    /// Idempotency keys whose first request is still being processed.
    keys_in_use: Mutex<HashSet<String>>,
    /// Not stored: a restart resets it.
    faults: Mutex<FaultSettings>,
    /// The number of changes made, and the number of those that the state file contains.
    changes_made: watch::Sender<u64>,
    changes_written: watch::Sender<u64>,
    delivery_requested: Notify,
}

impl Sandbox {
    /// Creates the state, loaded from the state file if it exists.
    ///
    /// # Errors
    /// When the state file exists but cannot be read or parsed.
    pub fn open(config: SandboxConfig) -> anyhow::Result<Self> {
        let data = match &config.state_file {
            Some(path) if path.exists() => {
                let text = std::fs::read(path).with_context(|| format!("read the state file {}", path.display()))?;
                serde_json::from_slice(&text).with_context(|| {
                    format!("{} is not a state file of the sandbox: move it away to start without it", path.display())
                })?
            }
            _ => Data::default(),
        };
        Ok(Self(Arc::new(Shared {
            config,
            data: Mutex::new(data),
            keys_in_use: Mutex::default(),
            faults: Mutex::default(),
            changes_made: watch::Sender::new(0),
            changes_written: watch::Sender::new(0),
            delivery_requested: Notify::new(),
        })))
    }

    /// Returns the configuration.
    pub fn config(&self) -> &SandboxConfig {
        &self.0.config
    }

    /// Locks the data, to read it or to change it without writing the state file.
    pub fn data(&self) -> MutexGuard<'_, Data> {
        // A panic under the lock loses at most the operation that panicked.
        self.0.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Locks the set of idempotency keys whose first request is still being processed.
    pub(super) fn keys_in_use(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.keys_in_use.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the faults that are injected at present.
    pub fn faults(&self) -> FaultSettings {
        self.0.faults.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes the faults to inject, and wakes the webhook delivery, which depends on them.
    pub fn change_faults<T>(&self, change: impl FnOnce(&mut FaultSettings) -> T) -> T {
        let result = change(&mut self.0.faults.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.delivery_requested.notify_one();
        result
    }

    /// Changes the data. Overdue sessions and due refunds are processed first, so that `change` never finds a session that is
    /// overdue but still open.
    pub fn change<T>(&self, now: i64, change: impl FnOnce(&mut Data) -> T) -> T {
        let mut data = self.data();
        data.expire_overdue_sessions(now);
        data.process_due_refunds(now);
        let result = change(&mut data);
        self.0.changes_made.send_modify(|count| *count += 1);
        drop(data);
        self.0.delivery_requested.notify_one();
        result
    }

    /// Applies the changes that come with time: sessions expire, refunds change their status, and old data is deleted.
    pub fn tick(&self, now: i64) {
        let mut data = self.data();
        let unchanged = !data.has_overdue_sessions(now) && !data.has_due_refunds(now) && !data.purge_expired(now);
        drop(data);
        if !unchanged {
            self.change(now, |_| ());
        }
    }

    /// Waits until the state file contains every change made so far. Returns immediately without a state file.
    ///
    /// # Errors
    /// 500 after ten seconds: the file cannot be written, and the log says why.
    pub async fn wait_until_stored(&self) -> Result<()> {
        if self.0.config.state_file.is_none() {
            return Ok(());
        }
        let made = *self.0.changes_made.borrow();
        let mut written = self.0.changes_written.subscribe();
        match tokio::time::timeout(WRITE_TIMEOUT, written.wait_for(|count| *count >= made)).await {
            Ok(Ok(_)) => Ok(()),
            _ => Err(ApiError::internal("The sandbox could not write its state file. Its log says why.")),
        }
    }

    /// Completes when a change may have created an event or made one due.
    pub(super) async fn delivery_requested(&self) {
        self.0.delivery_requested.notified().await;
    }

    /// Writes the state file after each change, until shut down. Changes made during a write share the next one. The writer
    /// pauses for as long as the last write took, because writing locks the data.
    pub(super) async fn run_state_writer(self, shutdown: CancellationToken) {
        let Some(path) = self.0.config.state_file.clone() else { return };
        let mut changes_made = self.0.changes_made.subscribe();
        loop {
            let count = *changes_made.borrow_and_update();
            let mut pause = Duration::ZERO;
            if count > *self.0.changes_written.borrow() {
                let started = Instant::now();
                let (sandbox, target) = (self.clone(), path.clone());
                match tokio::task::spawn_blocking(move || sandbox.write_state_file(&target)).await {
                    Ok(Ok(())) => {
                        self.0.changes_written.send_replace(count);
                        pause = started.elapsed();
                    }
                    Ok(Err(error)) => {
                        pause = WRITE_RETRY_INTERVAL;
                        tracing::error!(path = %path.display(), "The state file was not written: {error:#}.");
                    }
                    Err(error) => {
                        pause = WRITE_RETRY_INTERVAL;
                        tracing::error!("Writing the state file failed: {error}.");
                    }
                }
            }
            if shutdown.is_cancelled() {
                return;
            }
            tokio::select! { () = shutdown.cancelled() => {}, () = tokio::time::sleep(pause) => {} }
            // A failed write is repeated without waiting for another change.
            if *self.0.changes_written.borrow() >= *changes_made.borrow() {
                tokio::select! {
                    () = shutdown.cancelled() => {}
                    changed = changes_made.changed() => if changed.is_err() { return; },
                }
            }
        }
    }

    fn write_state_file(&self, path: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_vec(&*self.data()).context("write the state as JSON")?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).with_context(|| format!("create the folder {}", folder.display()))?;
        // A new file in the same folder is renamed over the old one, so that a crash leaves one of them complete.
        let mut file = tempfile::NamedTempFile::new_in(folder).context("create a temporary file")?;
        std::io::Write::write_all(&mut file, &text).context("write the temporary file")?;
        file.as_file().sync_data().context("sync the temporary file")?;
        file.persist(path).context("rename the temporary file")?;
        Ok(())
    }
}
