//! Connection pool and migrations of the database.

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

/// The migrations in `migrations/`, compiled into the program.
pub static MIGRATOR: Migrator = sqlx::migrate!();

/// How long a start waits for a database that starts at the same time (docker compose, a restart).
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Connects a pool, and waits for the database to answer.
///
/// Statements have a timeout, since none of ours takes long and one that hangs would occupy its connection.
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
            // Compiling a statement would take longer than running it.
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

/// Returns whether a released connection is outside of a transaction. A request that is cancelled during `begin` (a buyer who closes the
/// tab) leaves a transaction open, and the writes of the next user of the connection would never be committed. `begin_with` of an empty
/// statement reads the transaction status that the server sent last: it fails when no transaction is open.
async fn is_clean(connection: &mut PgConnection) -> sqlx::Result<bool> {
    match connection.begin_with("").await {
        Err(sqlx::Error::BeginFailed) => Ok(true),
        Ok(_) => Ok(false),
        Err(error) => Err(error),
    }
}

async fn wait_for(options: &PgConnectOptions) -> anyhow::Result<()> {
    let end = Instant::now() + CONNECT_TIMEOUT;
    let mut is_logged = false;
    loop {
        let remaining = end.saturating_duration_since(Instant::now()).max(Duration::from_secs(1));
        let cause = match tokio::time::timeout(remaining, PgConnection::connect_with(options)).await {
            Ok(Ok(connection)) => return Ok(connection.close().await?),
            Ok(Err(error)) => {
                // A wrong password or name of a database does not change by waiting.
                if let sqlx::Error::Database(rejection) = &error
                    && rejection.code().is_some_and(|code| code.starts_with("28") || code == "3D000")
                {
                    return Err(error).context("the database rejects the connection");
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
        if !is_logged {
            info!("Waiting for the database");
            is_logged = true;
        }
        sleep(Duration::from_millis(250)).await;
    }
}

/// Runs the pending migrations. Two servers may do so at once: sqlx takes an advisory lock, and the second server waits and finds none
/// pending.
///
/// # Errors
/// When a migration fails, or the database was migrated by a newer Lectern.
pub async fn migrate(pool: &PgPool) -> anyhow::Result<()> {
    // A separate connection without timeouts: a migration may take long, and so may the wait for that of another server.
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
    async fn a_request_that_is_cancelled_at_any_moment_leaves_no_transaction_open(pool: PgPool) {
        let url = pool.connect_options().to_url_lossy();
        let ours = connect(url.as_str(), 1).await.unwrap();
        sqlx::query("create table written (n int)").execute(&ours).await.unwrap();
        for polls in 0..12 {
            // Waits until the connection was released.
            sqlx::query("insert into written values (1)").execute(&ours).await.unwrap();
            let mut remaining = polls;
            let mut transaction = std::pin::pin!(async {
                let _tx = ours.begin().await;
                std::future::pending::<()>().await;
            });
            let cancelled = std::future::poll_fn(|context| {
                if remaining == 0 {
                    return std::task::Poll::Ready(());
                }
                remaining -= 1;
                transaction.as_mut().poll(context)
            });
            // After `begin` the future is never woken.
            _ = tokio::time::timeout(Duration::from_millis(20), cancelled).await;
        }
        let written: i64 = sqlx::query_scalar("select count(*) from written").fetch_one(&pool).await.unwrap();
        assert_eq!(written, 12, "every write is committed");
    }

    #[tokio::test]
    async fn an_invalid_url_names_its_variable() {
        let error = connect("postgres://here:port/lectern", 1).await.unwrap_err().to_string();
        assert!(error.contains("DATABASE_URL"), "{error}");
    }
}
