//! The private cluster: a PostgreSQL of our own in the data folder, for those who did not bring one (`DATABASE_URL` unset).
//!
//! The postmaster is a child process in a process group of its own, so that Ctrl-C reaches Lectern alone, which stops the
//! cluster after the last request. When Lectern itself is killed, the postmaster lives on and the next start adopts it.
//!
//! Programs that share a data folder share its cluster (`lectern seed` beside `lectern serve`). Two locks keep that in order,
//! and the kernel releases both when a process dies: `start.lock` is held alone while somebody starts or stops the cluster,
//! `users.lock` is shared by everybody who uses it, so that the last one out knows to stop it.

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

/// A running private cluster, as one of its users.
#[derive(Debug)]
pub struct EmbeddedPostgres {
    home: DataDir,
    postmaster: Postmaster,
    address: Address,
    users: Lock,
}

impl EmbeddedPostgres {
    /// Starts the cluster under `data_dir`, or joins it when it is running. The first time, it is created.
    ///
    /// # Errors
    /// When PostgreSQL is not installed, is of another major version than the data, or does not start: then with the last lines
    /// of its own log.
    pub async fn start(data_dir: &Path) -> anyhow::Result<Self> {
        let home = DataDir::prepare(data_dir).await?;
        let gate = Lock::exclusive(&home.path("start.lock")).await?;
        let users = Lock::shared(&home.path("users.lock")).await?;
        let password = home.password().await?;

        let postmaster = match Postmaster::adopt(&home, &password).await? {
            Some(running) => {
                info!(pid = running.pid(), "joined the private PostgreSQL cluster, which was running");
                running
            }
            None => start_afresh(&home, &password).await?,
        };
        let address = Address::new(&home, postmaster.port(), password);
        create_database(&address).await?;
        drop(gate);
        Ok(Self { home, postmaster, address, users })
    }

    /// A connection URL for sqlx, psql and every other tool on this machine. It carries the password: not for a log.
    pub fn url(&self) -> String {
        self.address.url(NAME)
    }

    /// Leaves the cluster and stops it (fast shutdown, waited for) unless somebody else uses it.
    pub async fn stop(self) -> anyhow::Result<()> {
        let Self { home, postmaster, users, .. } = self;
        let _gate = Lock::exclusive(&home.path("start.lock")).await?;
        drop(users);
        let Some(_alone) = Lock::try_exclusive(&home.path("users.lock"))? else {
            info!("left the private PostgreSQL cluster running, because another Lectern uses it");
            return Ok(());
        };
        postmaster.stop(&home).await
    }
}

async fn start_afresh(home: &DataDir, password: &str) -> anyhow::Result<Postmaster> {
    let made_by = home.major_version().await?;
    let programs = Programs::find(home, made_by).await?;
    if made_by.is_none() {
        info!(folder = %home.folder().display(), "creating a private PostgreSQL {} cluster", programs.major());
        programs.initdb(home).await?;
    }
    let postmaster = Postmaster::start(&programs, home, password).await?;
    info!(pid = postmaster.pid(), port = postmaster.port(), "started the private PostgreSQL cluster");
    Ok(postmaster)
}

async fn create_database(address: &Address) -> anyhow::Result<()> {
    let mut connection =
        PgConnection::connect(&address.url("postgres")).await.context("the cluster does not answer")?;
    let there: bool = sqlx::query_scalar("select exists (select from pg_database where datname = $1)")
        .bind(NAME)
        .fetch_one(&mut connection)
        .await?;
    if !there {
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

    async fn ask(cluster: &EmbeddedPostgres, sql: &'static str) -> String {
        let mut connection = PgConnection::connect(&cluster.url()).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut connection).await.unwrap()
    }

    #[tokio::test]
    async fn a_first_start_makes_a_cluster_and_the_second_user_shares_it() {
        let dir = data_dir();
        let serve = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(ask(&serve, "select current_database()::text").await, "lectern");
        assert_eq!(ask(&serve, "select pg_encoding_to_char(encoding)::text from pg_database limit 1").await, "UTF8");
        assert_eq!(ask(&serve, "show fsync").await, "on");
        assert_eq!(ask(&serve, "show data_checksums").await, "on");

        let seed = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(seed.postmaster.pid(), serve.postmaster.pid());

        // The one who started it leaves first: the other keeps it, and is the one who stops it.
        serve.stop().await.unwrap();
        assert_eq!(ask(&seed, "select 'still here'").await, "still here");
        seed.stop().await.unwrap();
        assert!(!dir.path().join("postgres/data/postmaster.pid").exists());
    }

    #[tokio::test]
    async fn two_that_start_at_once_get_one_cluster() {
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
        ask(&killed, "with made as (select set_config('x.y', 'z', false)) select 'kept' from made").await;
        let pid = killed.postmaster.pid();
        drop(killed); // What the kernel does with our locks at `kill -9`.

        let next = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_eq!(next.postmaster.pid(), pid);
        assert_eq!(ask(&next, "select 'adopted'").await, "adopted");
        next.stop().await.unwrap();
        assert!(!dir.path().join("postgres/data/postmaster.pid").exists());
    }

    #[tokio::test]
    async fn a_stale_pid_file_is_replaced_after_a_crash_also_when_the_number_went_to_a_stranger() {
        let dir = data_dir();
        let crashed = EmbeddedPostgres::start(dir.path()).await.unwrap();
        let mut connection = PgConnection::connect(&crashed.url()).await.unwrap();
        sqlx::query("create table kept as select 'kept' as word").execute(&mut connection).await.unwrap();
        drop(connection);
        let pid = crashed.postmaster.pid();
        kill(Pid::from_raw(pid), Signal::SIGKILL).unwrap();
        drop(crashed);

        let pid_file = dir.path().join("postgres/data/postmaster.pid");
        let mut stranger = tokio::process::Command::new("sleep").arg("60").kill_on_drop(true).spawn().unwrap();
        let lines = std::fs::read_to_string(&pid_file).unwrap();
        let renumbered = lines.replacen(&pid.to_string(), &stranger.id().unwrap().to_string(), 1);
        std::fs::write(&pid_file, renumbered).unwrap();

        let next = EmbeddedPostgres::start(dir.path()).await.unwrap();
        assert_ne!(next.postmaster.pid(), pid);
        assert_eq!(ask(&next, "select word from kept").await, "kept");
        next.stop().await.unwrap();
        assert!(stranger.try_wait().unwrap().is_none(), "the stranger is left alone");
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
