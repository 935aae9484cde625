//! A lock between processes: an `flock` on a file, released by the kernel when its holder dies.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};
use tokio::time::{Instant, sleep};
use tracing::info;

/// Longer than a first start or a crash recovery takes.
const PATIENCE: Duration = Duration::from_mins(3);

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held, not read")] Flock<File>);

impl Lock {
    /// Waits until nobody else holds it.
    pub(super) async fn exclusive(path: &Path) -> anyhow::Result<Self> {
        Self::wait(path, FlockArg::LockExclusiveNonblock).await
    }

    /// Waits until nobody holds it alone.
    pub(super) async fn shared(path: &Path) -> anyhow::Result<Self> {
        Self::wait(path, FlockArg::LockSharedNonblock).await
    }

    /// `None` when somebody else holds it.
    pub(super) fn try_exclusive(path: &Path) -> anyhow::Result<Option<Self>> {
        Self::attempt(path, FlockArg::LockExclusiveNonblock)
    }

    async fn wait(path: &Path, kind: FlockArg) -> anyhow::Result<Self> {
        let end = Instant::now() + PATIENCE;
        let mut told = false;
        loop {
            if let Some(lock) = Self::attempt(path, kind)? {
                return Ok(lock);
            }
            if Instant::now() > end {
                bail!("another Lectern has been starting or stopping for minutes; it holds {}", path.display());
            }
            if !told {
                info!("waiting for another Lectern that starts or stops the private PostgreSQL cluster");
                told = true;
            }
            sleep(Duration::from_millis(50)).await;
        }
    }

    fn attempt(path: &Path, kind: FlockArg) -> anyhow::Result<Option<Self>> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("open {}", path.display()))?;
        match Flock::lock(file, kind) {
            Ok(lock) => Ok(Some(Self(lock))),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, error)) => Err(error).with_context(|| format!("lock {}", path.display())),
        }
    }
}
