//! The embedded PostgreSQL: a server in the data folder that Lectern starts and stops, for an installation without `DATABASE_URL`.
//!
//! The postmaster is a child process in a process group of its own, so that Ctrl-C reaches only Lectern, which stops PostgreSQL after the
//! last request. When Lectern is killed, the postmaster continues, and the next start adopts it.
//!
//! Processes with the same data folder share its server (`lectern seed` during `lectern serve`). Two locks coordinate them, which the
//! kernel releases when a process dies: `start.lock` is exclusive while a process starts or stops the server; `users.lock` is shared by
//! all processes that use it, so that the last one stops it.

pub mod address;
pub mod data_dir;
pub mod lock;
pub mod postmaster;
pub mod programs;

use std::path::Path;

use anyhow::Context as _;
use sqlx::{Connection as _, PgConnection};
use tracing::info;

use crate::platform::postgres::embedded::{
    address::{Address, NAME},
    data_dir::DataDir,
    lock::Lock,
    postmaster::Postmaster,
    programs::Programs,
};

/// A running embedded PostgreSQL that this process uses.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    home: DataDir,
    postmaster: Postmaster,
    address: Address,
    users: Lock,
}

impl EmbeddedPostgres {
    /// Starts the server of `data_dir`, or uses it when it is running. The first start creates its data.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, has another major version than the data, or does not start; the last error contains the end of
    /// its log.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let home = DataDir::prepare(data_dir).await?;
        let start_lock = Lock::exclusive(&home.path("start.lock")).await?;
        let users = Lock::shared(&home.path("users.lock")).await?;
        let password = home.password().await?;

        let postmaster = match Postmaster::adopt(&home, &password).await? {
            Some(running) => {
                info!(pid = running.pid(), "Connected to the embedded PostgreSQL, which was running");
                running
            }
            None => start_new(&home, &password).await?,
        };
        let address = Address::new(&home, postmaster.port(), password);
        create_database(&address).await?;
        drop(start_lock);
        Ok(Self { home, postmaster, address, users })
    }

    /// Returns a connection URL for sqlx, psql and other tools on this machine. It contains the password and must not be logged.
    pub fn url(&self) -> String {
        self.address.url(NAME)
    }

    /// Stops the server with a fast shutdown and waits for its end, unless another process uses it.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { home, postmaster, users, .. } = self;
        let _start_lock = Lock::exclusive(&home.path("start.lock")).await?;
        drop(users);
        let Some(_exclusive) = Lock::try_exclusive(&home.path("users.lock"))? else {
            info!("Left the embedded PostgreSQL running, because another process uses it");
            return Ok(());
        };
        postmaster.stop(&home).await
    }
}

async fn start_new(home: &DataDir, password: &str) -> anyhow::Result<Postmaster> {
    let data_version = home.major_version().await?;
    let programs = Programs::find(home, data_version).await?;
    if data_version.is_none() {
        info!(folder = %home.folder().display(), "Creating the data of an embedded PostgreSQL {}", programs.major());
        programs.initdb(home).await?;
    }
    let postmaster = Postmaster::start(&programs, home, password).await?;
    info!(pid = postmaster.pid(), port = postmaster.port(), "Started the embedded PostgreSQL");
    Ok(postmaster)
}

async fn create_database(address: &Address) -> anyhow::Result<()> {
    let mut connection =
        PgConnection::connect(&address.url("postgres")).await.context("connect to the embedded PostgreSQL")?;
    let exists: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(NAME)
        .fetch_one(&mut connection)
        .await?;
    if !exists {
        sqlx::query("create database lectern").execute(&mut connection).await.context("create the database")?;
    }
    connection.close().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use nix::sys::signal::{Signal, kill};
    use nix::unistd::Pid;

    use super::*;

    /// A data folder that PostgreSQL's own user can reach, also when the tests run as root.
    fn data_dir() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        dir
    }

    async fn query(cluster: &EmbeddedPostgres, sql: &'static str) -> String {
        let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn a_first_start_creates_the_data_and_a_second_process_shares_the_server() {
        let dir = data_dir();
        let serve = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(query(&serve, "select current_database()::text").await, "lectern");
        assert_eq!(query(&serve, "select pg_encoding_to_char(encoding)::text from pg_database limit 1").await, "UTF8");
        assert_eq!(query(&serve, "show fsync").await, "on");
        assert_eq!(query(&serve, "show data_checksums").await, "on");

        let seed = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(seed.postmaster.pid(), serve.postmaster.pid());

        // The process that started the server ends first; the other one continues and stops it.
        serve.stop().await.unwrap();
        assert_eq!(query(&seed, "select 'running'").await, "running");
        seed.stop().await.unwrap();
        assert!(!dir.path().join("postgres/data/postmaster.pid").exists());
    }

    #[tokio::test]
    async fn two_processes_that_start_at_once_share_one_server() {
        let dir = data_dir();
        let (one, two) = tokio::join!(EmbeddedPostgres::start(dir.path()), EmbeddedPostgres::start(dir.path()));
        let (one, two) = (one.unwrap(), two.unwrap());
        assert_eq!(one.postmaster.pid(), two.postmaster.pid());
        one.stop().await.unwrap();
        two.stop().await.unwrap();
    }

    #[tokio::test]
    async fn a_postmaster_left_behind_is_adopted_with_its_data_and_stopped_in_the_end() {
        let dir = data_dir();
        let killed = EmbeddedPostgres::start(dir.path()).await.unwrap();
        query(&killed, "with made as (select set_config('x.y', 'z', false)) select 'written' from made").await;
        let pid = killed.postmaster.pid();
        drop(killed); // What the kernel does with our locks at `kill -9`.

        let next = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(next.postmaster.pid(), pid);
        assert_eq!(query(&next, "select 'adopted'").await, "adopted");
        next.stop().await.unwrap();
        assert!(!dir.path().join("postgres/data/postmaster.pid").exists());
    }

    #[tokio::test]
    async fn a_stale_pid_file_is_replaced_after_a_crash_also_when_another_process_has_the_pid() {
        let dir = data_dir();
        let crashed = EmbeddedPostgres::start(dir.path()).await.unwrap();
        let mut connection = PgConnection::connect(&crashed.url()).await.unwrap();
        sqlx::query("create table written as select 'stored' as value").execute(&mut connection).await.unwrap();
        drop(connection);
        let pid = crashed.postmaster.pid();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        drop(crashed);

        let pid_file = dir.path().join("postgres/data/postmaster.pid");
        let mut other_process = tokio::process::Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        let lines = std::fs::read_to_string(&pid_file).unwrap();
        let renumbered = lines.replacen(&pid.to_string(), &other_process.id().unwrap().to_string(), 1);
        std::fs::write(&pid_file, renumbered).unwrap();

        let next = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_ne!(next.postmaster.pid(), pid);
        assert_eq!(query(&next, "select value from written").await, "stored");
        next.stop().await.unwrap();
        assert!(other_process.try_wait().unwrap().is_none(), "the other process is not stopped");
    }

    #[tokio::test]
    async fn data_of_another_major_version_is_refused_by_name() {
        let dir = data_dir();
        let cluster = EmbeddedPostgres::start(dir.path()).await.unwrap();
        cluster.stop().await.unwrap();
        std::fs::write(dir.path().join("postgres/data/PG_VERSION"), "9\n").unwrap();
        let refusal = EmbeddedPostgres::start(dir.path()).await.unwrap_err().to_string();
        assert!(refusal.contains("PostgreSQL 9"), "{refusal}");
        assert!(refusal.contains("on this machine: 1"), "{refusal}");
    }
}
