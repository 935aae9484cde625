//! Data directory of the embedded PostgreSQL, and the user that runs it.
//!
//! PostgreSQL does not run as root, so a Lectern that was started as root gives the directory to an unprivileged user. That user must be
//! able to reach it: with a data folder below `/root` the directory is in `/var/lib` instead, and the file `postgres.location` in the data
//! folder contains its path.

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use nix::unistd::{Gid, Uid, User, geteuid};
use sha2::{Digest as _, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;
use tracing::info;

/// Unix sockets have addresses of about 104 bytes (macOS) or 108 (Linux), and PostgreSQL appends `/.s.PGSQL.54321`.
const MAX_SOCKET_DIR_BYTES: usize = 85;

/// The directory of the embedded PostgreSQL. Its folder `data` is PostgreSQL's own; our locks, the password and the log are next to it.
#[derive(Debug)]
pub(super) struct DataDir {
    folder: PathBuf,
    server_user: Option<ServerUser>,
}

/// The unprivileged user who runs PostgreSQL when Lectern runs as root.
#[derive(Debug, Clone, Copy)]
struct ServerUser {
    uid: Uid,
    gid: Gid,
}

impl DataDir {
    pub(super) async fn prepare(data_dir: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(data_dir).await.with_context(|| format!("create the data folder {}", data_dir.display()))?;
        let data_dir = fs::canonicalize(data_dir).await?;
        let server_user = ServerUser::needed()?;
        let folder = locate(&data_dir, server_user).await?;
        fs::create_dir_all(&folder).await.with_context(|| format!("create {}", folder.display()))?;
        fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))
            .await
            .with_context(|| format!("{} belongs to another user", folder.display()))?;
        let home = Self { folder, server_user };
        home.give(&home.folder)?;
        Ok(home)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// PostgreSQL's own data directory.
    pub(super) fn data(&self) -> PathBuf {
        self.path("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path("postgres.log")
    }

    /// The folder for the Unix socket, unless its path is too long for one.
    pub(super) fn socket_dir(&self) -> Option<&Path> {
        (self.folder.as_os_str().len() <= MAX_SOCKET_DIR_BYTES).then_some(&self.folder)
    }

    /// The major version of the data, `None` before the first start.
    pub(super) async fn major_version(&self) -> anyhow::Result<Option<u32>> {
        let Some(text) = read_optional(&self.data().join("PG_VERSION")).await? else { return Ok(None) };
        let major = text.trim().split('.').next().unwrap_or_default();
        Ok(Some(major.parse().with_context(|| format!("{} is damaged", self.data().join("PG_VERSION").display()))?))
    }

    /// The password of the only role, generated at the first start in a file that only its owner can read.
    pub(super) async fn password(&self) -> anyhow::Result<String> {
        let path = self.path("password");
        if let Some(stored) =
            read_optional(&path).await?.map(|text| text.trim().to_owned()).filter(|stored| !stored.is_empty())
        {
            return Ok(stored);
        }
        let password = hex::encode(rand::random::<[u8; 24]>());
        let mut file = fs::OpenOptions::new().create(true).truncate(true).write(true).mode(0o600).open(&path).await?;
        file.write_all(password.as_bytes()).await?;
        file.sync_all().await?;
        self.give(&path)?;
        Ok(password)
    }

    /// A command that runs as PostgreSQL's user, in a folder that user can read, without our terminal and environment.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.folder).process_group(0).stdin(std::process::Stdio::null()).env("LC_ALL", "C");
        for setting in ["PGDATA", "PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGDATABASE", "PGOPTIONS"] {
            command.env_remove(setting);
        }
        if let Some(ServerUser { uid, gid }) = self.server_user {
            command.uid(uid.as_raw()).gid(gid.as_raw());
        }
        command
    }

    /// Whether PostgreSQL's user can reach a file.
    pub(super) fn can_reach(&self, path: &Path) -> bool {
        self.server_user.is_none_or(|server_user| server_user.can_reach(path))
    }

    fn give(&self, path: &Path) -> anyhow::Result<()> {
        if let Some(ServerUser { uid, gid }) = self.server_user {
            chown(path, Some(uid.as_raw()), Some(gid.as_raw()))
                .with_context(|| format!("give {} to PostgreSQL's user", path.display()))?;
        }
        Ok(())
    }
}

async fn locate(data_dir: &Path, server_user: Option<ServerUser>) -> anyhow::Result<PathBuf> {
    let note = data_dir.join("postgres.location");
    if let Some(elsewhere) = read_optional(&note).await? {
        return Ok(PathBuf::from(elsewhere.trim()));
    }
    if server_user.is_none_or(|server_user| server_user.can_reach(data_dir)) {
        return Ok(data_dir.join("postgres"));
    }
    let elsewhere = outside(data_dir);
    fs::write(&note, format!("{}\n", elsewhere.display())).await?;
    info!(
        folder = %elsewhere.display(),
        "Stored the embedded PostgreSQL outside the data folder, which its unprivileged user cannot reach"
    );
    Ok(elsewhere)
}

/// Returns the directory outside of the data folder, one per data folder.
fn outside(data_dir: &Path) -> PathBuf {
    let name = hex::encode(Sha256::digest(data_dir.as_os_str().as_encoded_bytes()));
    Path::new("/var/lib").join(format!("lectern-{}", &name[..12]))
}

impl ServerUser {
    fn needed() -> anyhow::Result<Option<Self>> {
        if !geteuid().is_root() {
            return Ok(None);
        }
        for name in ["postgres", "_postgres", "nobody"] {
            if let Some(user) = User::from_name(name)? {
                return Ok(Some(Self { uid: user.uid, gid: user.gid }));
            }
        }
        bail!(
            "PostgreSQL refuses to run as root, and there is no user `postgres` or `nobody` to run it as. \
             Start Lectern as another user, or set DATABASE_URL"
        )
    }

    /// Checks the permissions of the folders on the path, for the user and its primary group.
    fn can_reach(self, path: &Path) -> bool {
        path.ancestors().filter(|step| step.is_dir()).all(|folder| {
            folder.metadata().is_ok_and(|metadata| {
                let shift = if metadata.uid() == self.uid.as_raw() {
                    6
                } else if metadata.gid() == self.gid.as_raw() {
                    3
                } else {
                    0
                };
                metadata.mode() >> shift & 1 == 1
            })
        })
    }
}

/// Reads a text file. Returns `None` when it does not exist.
pub async fn read_optional(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read_to_string(path).await {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn private() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        dir
    }

    #[test]
    fn a_folder_that_only_its_owner_may_enter_is_out_of_reach_for_another() {
        let dir = private();
        let inner = dir.path().join("data");
        std::fs::create_dir(&inner).unwrap();
        let other_user = ServerUser { uid: Uid::from_raw(54_321), gid: Gid::from_raw(54_321) };
        assert!(!other_user.can_reach(&inner));
        std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        std::fs::set_permissions(&inner, std::fs::Permissions::from_mode(0o755)).unwrap();
        assert!(other_user.can_reach(&inner));
    }

    #[tokio::test]
    async fn a_data_folder_out_of_reach_stores_the_location_of_its_server() {
        let dir = private();
        let other_user = ServerUser { uid: Uid::from_raw(54_321), gid: Gid::from_raw(54_321) };
        let elsewhere = locate(dir.path(), Some(other_user)).await.unwrap();
        assert!(elsewhere.starts_with("/var/lib"));
        assert_eq!(locate(dir.path(), None).await.unwrap(), elsewhere);
    }
}
