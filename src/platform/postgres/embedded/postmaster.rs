//! The postmaster: PostgreSQL's first process, ours to start, to adopt and to stop.

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
    data_dir::{DataDir, read_if_there},
    programs::Programs,
};

/// Crash recovery replays at most a few minutes of writing.
const START_TIMEOUT: Duration = Duration::from_mins(2);
const STOP_TIMEOUT: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_millis(40);
const MAX_LOG_BYTES: u64 = 10 * 1024 * 1024;

#[derive(Debug)]
pub(super) struct Postmaster {
    pid: Pid,
    port: u16,
    /// `None` when it was adopted: then it is not our child.
    child: Option<Child>,
}

impl Postmaster {
    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw()
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The one that runs on our data already, if there is one. Waits for one that is just coming up or going down.
    pub(super) async fn adopt(home: &DataDir, password: &str) -> anyhow::Result<Option<Self>> {
        let end = Instant::now() + START_TIMEOUT;
        while let Some((pid, port)) = noted(home).await? {
            if !alive(pid) {
                return Ok(None);
            }
            if !is_postmaster_of(pid, &home.data()).await {
                disown(home).await?;
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

    /// Starts one and waits until it answers.
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
                    // Somebody took the port between our look and the start, or sessions of a killed postmaster are still ending.
                    let passing = ["could not bind", "could not create any TCP/IP", "shared memory block"];
                    if Instant::now() < end && passing.iter().any(|reason| log.contains(reason)) {
                        debug!("PostgreSQL did not start yet{log}");
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

    /// Fast shutdown: open transactions are rolled back, everything committed is on disk. Waits for the end.
    pub(super) async fn stop(mut self, home: &DataDir) -> anyhow::Result<()> {
        // The meanings of the signals: https://www.postgresql.org/docs/current/server-shutdown.html
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            if kill(self.pid, signal) == Err(Errno::ESRCH) {
                return Ok(());
            }
            if timeout(STOP_TIMEOUT, self.ended(home)).await.is_ok() {
                return Ok(());
            }
            warn!(pid = self.pid(), "the private PostgreSQL cluster did not stop at {signal}");
        }
        bail!("PostgreSQL (process {}) does not stop{}", self.pid, tail(home, 0).await)
    }

    async fn ended(&mut self, home: &DataDir) {
        if let Some(child) = &mut self.child {
            child.wait().await.ok();
            return;
        }
        while alive(self.pid) && is_postmaster_of(self.pid, &home.data()).await {
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

/// A folder's name may hold a comma, which would make two of it.
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

/// Process and port in `postmaster.pid`: lines 1 and 4. The port is missing for the first moments of a start.
async fn noted(home: &DataDir) -> anyhow::Result<Option<(Pid, Option<u16>)>> {
    let Some(text) = read_if_there(&home.data().join("postmaster.pid")).await? else { return Ok(None) };
    let mut lines = text.lines();
    let Some(pid) = lines.next().and_then(|line| line.trim().parse().ok()) else { return Ok(None) };
    Ok(Some((Pid::from_raw(pid), lines.nth(2).and_then(|line| line.trim().parse().ok()))))
}

/// The number in the pid file went to a stranger after a crash, and PostgreSQL would refuse to start. It ignores the number of its own
/// parent, so ours goes there. The rest of the file stays: with it PostgreSQL finds sessions of the old postmaster that still
/// write, and to remove it would let two of them write at once.
async fn disown(home: &DataDir) -> anyhow::Result<()> {
    let path = home.data().join("postmaster.pid");
    let Some(text) = read_if_there(&path).await? else { return Ok(()) };
    let rest = text.split_once('\n').map_or("", |(_, rest)| rest);
    fs::write(&path, format!("{}\n{rest}", std::process::id())).await.context("replace a stale postmaster.pid")
}

fn alive(pid: Pid) -> bool {
    kill(pid, None) != Err(Errno::ESRCH)
}

/// Whether the process is a PostgreSQL with this data directory on its command line, and not a stranger or a zombie.
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
        Ok(facts) => Ok(facts.len()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// The last lines of PostgreSQL's log, from the byte `start` on, ready to stand behind a sentence.
async fn tail(home: &DataDir, start: u64) -> String {
    let log = fs::read(home.log()).await.unwrap_or_default();
    let start = usize::try_from(start).ok().filter(|start| *start <= log.len()).unwrap_or(0);
    let text = String::from_utf8_lossy(&log[start..]).into_owned();
    let lines: Vec<&str> = text.lines().rev().take(12).collect();
    let lines = lines.into_iter().rev().collect::<Vec<_>>().join("\n");
    format!(". The last lines of {}:\n{lines}", home.log().display())
}
