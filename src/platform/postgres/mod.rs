//! The database: how we reach it and how its shape is kept up to date.

pub mod embedded;
pub mod like_pattern;

use std::str::FromStr as _;
use std::time::Duration;

use anyhow::Context as _;
use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection, PgPool};
use tokio::time::{Instant, sleep};
use tracing::info;

/// Everything in `migrations/`, built into the program.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// A database that comes up beside us (compose, a restart) has this long.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A pool on a database that answers.
///
/// No statement of ours takes long, so one that does is ended rather than left to hold its connection.
///
/// # Errors
/// When the URL cannot be read, or the database does not answer within ten seconds.
pub async fn connect(url: &str, max_connections: u32) -> anyhow::Result<PgPool> {
    let options = PgConnectOptions::from_str(url)
        .context("DATABASE_URL is not a PostgreSQL address (postgres://user:password@host:port/database)")?
        .application_name("lectern")
        .options([
            ("statement_timeout", "15s"),
            ("lock_timeout", "5s"),
            ("idle_in_transaction_session_timeout", "30s"),
            ("timezone", "UTC"),
            // No statement of ours runs as long as compiling it takes.
            ("jit", "off"),
        ]);
    wait_for(&options).await?;
    PgPoolOptions::new()
        .max_connections(max_connections)
        .acquire_timeout(Duration::from_secs(3))
        .after_release(|connection, _| Box::pin(is_clean(connection)))
        .connect_with(options)
        .await
        .context("connect to the database")
}

/// Whether a connection that somebody let go of is outside of a transaction. Whoever is given up while it says `begin` (a buyer who
/// closes the tab) leaves one open without anybody knowing, and what the next one writes there is never committed. `begin_with` of
/// nothing asks what the server said last: it fails where no transaction is open.
async fn is_clean(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match connection.begin_with("").await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(_) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn wait_for(options: &PgConnectOptions) -> anyhow::Result<()> {
    let end = Instant::now() + CONNECT_TIMEOUT;
    let mut told = false;
    loop {
        let left = end.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let cause = match tokio::time::timeout(left, PgConnection::connect_with(options)).await {
            Ok(Ok(connection)) => return Ok(connection.close().await?),
            Ok(Err(error)) => {
                // A wrong password stays wrong.
                if let sqlx::Error::Database(refusal) = &error
                    && refusal.code().is_some_and(|code| code.starts_with("28") || code == "3D000")
                {
                    return Err(error).context("the database refuses us");
                }
                anyhow::Error::new(error)
            }
            Err(_) => anyhow::anyhow!("no answer"),
        };
        if Instant::now() > end {
            return Err(cause).with_context(|| {
                format!(
                    "no database at {}:{} within {} s",
                    options.get_host(),
                    options.get_port(),
                    CONNECT_TIMEOUT.as_secs()
                )
            });
        }
        if !told {
            info!("waiting for the database");
            told = true;
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// Brings the database to the shape this program needs. Two servers may do it at once: sqlx takes an advisory lock, the
/// second waits and finds nothing left to do.
///
/// # Errors
/// When a migration fails, or the database was migrated by a newer Lectern.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    // On a connection of its own: a migration may take longer than a page, and so may the wait for another server's.
    let mut connection = pool.acquire().await?.detach();
    sqlx::raw_sql("set statement_timeout = 0; set lock_timeout = 0; set idle_in_transaction_session_timeout = 0")
        .execute(&mut connection)
        .await?;
    let outcome = MIGRATOR.run(&mut connection).await.context("migrate the database");
    connection.close().await.ok();
    outcome
}

#[cfg(test)]
mod tests {
    use sqlx::ConnectOptions as _;

    use super::*;

    #[sqlx::test(migrations = false)]
    async fn two_servers_that_start_at_once_migrate_once(pool: PgPool) {
        let (one, two, three) = tokio::join!(migrate(&pool), migrate(&pool), migrate(&pool));
        one.unwrap();
        two.unwrap();
        three.unwrap();
        let applied: i64 =
            sqlx::query_scalar("select count(*) from _sqlx_migrations where success").fetch_one(&pool).await.unwrap();
        assert_eq!(usize::try_from(applied).unwrap(), MIGRATOR.iter().count());
    }

    #[sqlx::test(migrations = false)]
    async fn a_statement_that_hangs_is_ended(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy();
        let ours = connect(url.as_str(), 2).await.unwrap();
        let limit: String = sqlx::query_scalar("show statement_timeout").fetch_one(&ours).await.unwrap();
        assert_eq!(limit, "15s");
        ours.close().await;
    }

    #[sqlx::test(migrations = false)]
    async fn who_is_given_up_at_any_moment_leaves_no_transaction_open(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy();
        let ours = connect(url.as_str(), 1).await.unwrap();
        sqlx::query("create table kept (n int)").execute(&ours).await.unwrap();
        for turns in 0..12 {
            // Waits until the one before was let go of.
            sqlx::query("insert into kept values (1)").execute(&ours).await.unwrap();
            let mut left = turns;
            let mut begun = std::pin::pin!(async {
                let _tx = ours.begin().await;
                std::future::pending::<()>().await;
            });
            let given_up = std::future::poll_fn(|context| {
                if left == 0 {
                    return std::task::Poll::Ready(());
                }
                left -= 1;
                begun.as_mut().poll(context)
            });
            // Once it has begun, nothing wakes it.
            _ = tokio::time::timeout(Duration::from_millis(20), given_up).await;
        }
        let kept: i64 = sqlx::query_scalar("select count(*) from kept").fetch_one(&pool).await.unwrap();
        assert_eq!(kept, 12, "what is written is committed");
    }

    #[tokio::test]
    async fn a_wrong_address_says_so() {
        let refusal = connect("postgres://here:port/lectern", 1).await.unwrap_err().to_string();
        assert!(refusal.contains("DATABASE_URL"), "{refusal}");
    }
}
