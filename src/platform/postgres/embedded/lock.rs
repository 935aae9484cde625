//! Lock between processes: an `flock` on a file, which the kernel releases when its holder dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use tokio::time::{Instant, sleep};
use tracing::info;

/// Longer than a first start or a crash recovery takes.
const LOCK_TIMEOUT: Duration = Duration::from_mins(3);

/// A lock that is held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

/// Takes a lock without waiting: [`File::try_lock`] or [`File::try_lock_shared`].
type TryLock = fn(&File) -> Result<(), TryLockError>;

impl Lock {
    /// Takes the exclusive lock, and waits for other holders.
    pub(super) async fn exclusive(path: &Path) -> anyhow::Result<Self> {
        Self::wait(path, File::try_lock).await
    }

    /// Takes a shared lock, and waits for an exclusive holder.
    pub(super) async fn shared(path: &Path) -> anyhow::Result<Self> {
        Self::wait(path, File::try_lock_shared).await
    }

    /// Takes the exclusive lock, or returns `None` while another process holds one.
    pub(super) fn try_exclusive(path: &Path) -> anyhow::Result<Option<Self>> {
        Self::attempt(path, File::try_lock)
    }

    async fn wait(path: &Path, try_lock: TryLock) -> anyhow::Result<Self> {
        let end = Instant::now() + LOCK_TIMEOUT;
        let mut is_logged = false;
        loop {
            if let Some(lock) = Self::attempt(path, try_lock)? {
                return Ok(lock);
            }
            if Instant::now() > end {
                bail!("another Lectern has been starting or stopping for minutes; it holds {}", path.display());
            }
            if !is_logged {
                info!("Waiting for another process that starts or stops the embedded PostgreSQL");
                is_logged = true;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn attempt(path: &Path, try_lock: TryLock) -> anyhow::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("open {}", path.display()))?;
        match try_lock(&file) {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("lock {}", path.display())),
        }
    }
}

/// Closing the file would not be enough: a child that was forked and has not started its program yet has the file open as well.
impl Drop for Lock {
    fn drop(&mut self) {
        _ = self.0.unlock();
    }
}
