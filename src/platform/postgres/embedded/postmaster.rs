//! PostgreSQL's first process, the postmaster: starting it, adopting a running one, and stopping it.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::{Connection as _, PgConnection};
use tokio::fs;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};
use tracing::{debug, warn};

use crate::platform::postgres::embedded::{
    address::Address,
    data_dir::{DataDir, read_optional},
    programs::Programs,
};

/// Long enough for crash recovery, which replays at most a few minutes of writes.
const START_TIMEOUT: Duration = Duration::from_mins(2);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(40);
const MAX_LOG_BYTES: u64 = 10 * 1024 * 1024;

/// A running postmaster.
#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    port: u16,
    /// `None` when it was adopted, since it is not a child of this process then.
    child: Option<Child>,
}

impl Postmaster {
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// Returns the postmaster that runs on the data already, if there is one. Waits for one that is starting or stopping.
    pub(super) async fn adopt(home: &DataDir, password: &str) -> anyhow::Result<Option<Self>> {
        let end = Instant::now() + START_TIMEOUT;
        while let Some((pid, port)) = read_pid_file(home).await? {
            if !is_alive(pid) {
                return Ok(None);
            }
            if !is_postmaster_of(pid, &home.data()).await {
                replace_stale_pid(home).await?;
                return Ok(None);
            }
            if let Some(port) = port
                && answers(&Address::new(home, port, password.to_owned())).await
            {
                return Ok(Some(Self { pid, port, child: None }));
            }
            if Instant::now() > end {
                bail!(
                    "PostgreSQL (process {pid}) runs on {} but does not answer{}",
                    home.data().display(),
                    tail(home, 0).await
                );
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(None)
    }

    /// Starts a postmaster and waits until it answers.
    pub(super) async fn start(programs: &Programs, home: &DataDir, password: &str) -> anyhow::Result<Self> {
        let end = Instant::now() + START_TIMEOUT;
        loop {
            let port = free_port()?;
            let log_start = log_length(home).await?;
            let mut child = spawn(programs, home, port).await?;
            let address = Address::new(home, port, password.to_owned());
            loop {
                if let Some(status) = child.try_wait()? {
                    let log = tail(home, log_start).await;
                    // Another process took the port in the meantime, or sessions of a killed postmaster are still ending.
                    let temporary_reasons = ["could not bind", "could not create any TCP/IP", "shared memory block"];
                    if Instant::now() < end && temporary_reasons.iter().any(|reason| log.contains(reason)) {
                        debug!("PostgreSQL did not start; trying again{log}");
                        sleep(Duration::from_millis(500)).await;
                        break;
                    }
                    bail!("PostgreSQL did not start ({status}){log}");
                }
                if answers(&address).await {
                    let id = child.id().context("PostgreSQL ended at once")?;
                    return Ok(Self { pid: Pid::from_raw(id.try_into()?), port, child: Some(child) });
                }
                if Instant::now() > end {
                    child.start_kill().ok();
                    bail!(
                        "PostgreSQL did not answer within {} s{}",
                        START_TIMEOUT.as_secs(),
                        tail(home, log_start).await
                    );
                }
                sleep(POLL_INTERVAL).await;
            }
        }
    }

    /// Stops PostgreSQL with a fast shutdown, which rolls back open transactions, and waits for its end.
    pub(super) async fn stop(mut self, home: &DataDir) -> anyhow::Result<()> {
        // The meanings of the signals: https://www.postgresql.org/docs/current/server-shutdown.html
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            if kill(self.pid, signal) == Err(Errno::ESRCH) {
                return Ok(());
            }
            if timeout(STOP_TIMEOUT, self.wait_for_end(home)).await.is_ok() {
                return Ok(());
            }
            warn!(pid = self.pid(), %signal, "The embedded PostgreSQL did not stop in time");
        }
        bail!("PostgreSQL (process {}) does not stop{}", self.pid, tail(home, 0).await)
    }

    async fn wait_for_end(&mut self, home: &DataDir) {
        if let Some(child) = &mut self.child {
            child.wait().await.ok();
            return;
        }
        while is_alive(self.pid) && is_postmaster_of(self.pid, &home.data()).await {
            sleep(POLL_INTERVAL).await;
        }
    }
}

async fn spawn(programs: &Programs, home: &DataDir, port: u16) -> anyhow::Result<Child> {
    let log = home.log();
    if log_length(home).await? > MAX_LOG_BYTES {
        fs::rename(&log, home.path("postgres.log.1")).await?;
    }
    let log = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&log).await?.into_std().await;
    let socket_dir = home.socket_dir().map(|dir| dir.display().to_string()).unwrap_or_default();
    let mut command = home.command(&programs.postgres());
    command.arg("-D").arg(home.data());
    for (setting, value) in [
        ("listen_addresses", "127.0.0.1"),
        ("port", &port.to_string()),
        ("unix_socket_directories", &quoted(&socket_dir)),
        ("unix_socket_permissions", "0700"),
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("log_line_prefix", "%m [%p] "),
        ("log_timezone", "UTC"),
        ("timezone", "UTC"),
        ("shared_buffers", "128MB"),
        ("max_connections", "100"),
    ] {
        command.arg("-c").arg(format!("{setting}={value}"));
    }
    command.stdout(log.try_clone()?).stderr(log).spawn().context("run postgres")
}

/// Quotes a directory for PostgreSQL's list syntax, since its name may contain a comma.
fn quoted(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!("\"{}\"", folder.replace('"', "\"\"")) }
}

fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}

async fn answers(address: &Address) -> bool {
    let url = address.url("postgres");
    match timeout(Duration::from_secs(3), PgConnection::connect(&url)).await {
        Ok(Ok(connection)) => connection.close().await.is_ok(),
        _ => false,
    }
}

/// Returns the process id and port in `postmaster.pid`, lines 1 and 4. The port is missing at the beginning of a start.
async fn read_pid_file(home: &DataDir) -> anyhow::Result<Option<(Pid, Option<u16>)>> {
    let Some(text) = read_optional(&home.data().join("postmaster.pid")).await? else { return Ok(None) };
    let mut lines = text.lines();
    let Some(pid) = lines.next().and_then(|line| line.trim().parse().ok()) else { return Ok(None) };
    Ok(Some((Pid::from_raw(pid), lines.nth(2).and_then(|line| line.trim().parse().ok()))))
}

/// Replaces the process id in the pid file, which another process has after a crash: PostgreSQL would not start. It ignores the id of its
/// own parent process, so ours is written. The rest of the file is preserved: with it PostgreSQL finds sessions of the old postmaster that
/// still write; without it, two servers could write at once.
async fn replace_stale_pid(home: &DataDir) -> anyhow::Result<()> {
    let path = home.data().join("postmaster.pid");
    let Some(text) = read_optional(&path).await? else { return Ok(()) };
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&path, format!("{}\n{rest}", std::process::id())).await.context("replace a stale postmaster.pid")
}

fn is_alive(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// Returns whether the process is a PostgreSQL with this data directory on its command line, and not another process or a zombie.
async fn is_postmaster_of(pid: Pid, data: &Path) -> bool {
    let needle = data.as_os_str().as_encoded_bytes();
    let line = match fs::read(format!("/proc/{pid}/cmdline")).await {
        Ok(line) => line,
        Err(_) => match Command::new("ps").args(["-o", "command=", "-p", &pid.to_string()]).output().await {
            Ok(output) => output.stdout,
            Err(_) => return false,
        },
    };
    line.windows(needle.len()).any(|window| window == needle)
}

async fn log_length(home: &DataDir) -> anyhow::Result<u64> {
    match fs::metadata(home.log()).await {
        Ok(metadata) => Ok(metadata.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Returns the last lines of PostgreSQL's log, from the byte `start` on, to be appended to an error message.
async fn tail(home: &DataDir, start: u64) -> String {
    let log = fs::read(home.log()).await.unwrap_or_default();
    let start = usize::try_from(start).ok().filter(|start| *start <= log.len()).unwrap_or(0);
    let text = String::from_utf8_lossy(&log[start..]).into_owned();
    let lines: Vec<&str> = text.lines().rev().take(12).collect();
    let lines = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
    format!(". The last lines of {}:\n{lines}", home.log().display())
}
