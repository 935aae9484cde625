//! Address of the embedded PostgreSQL: its socket or port, and its password.

use crate::platform::postgres::embedded::data_dir::DataDir;
use std::path::{Path, PathBuf};

/// Name of the role that owns everything, and of the database.
pub const NAME: &str = "lectern";

/// Address of the embedded PostgreSQL: its Unix socket, which is faster, where the path fits into a socket address; otherwise a loopback
/// port. Both require the password.
#[derive(Debug)]
pub struct Address {
    socket_dir: Option<PathBuf>,
    port: u16,
    password: String,
}

impl Address {
    pub(super) fn new(home: &DataDir, port: u16, password: String) -> Self {
        Self { socket_dir: home.socket_dir().map(Path::to_path_buf), port, password }
    }

    pub fn url(&self, database: &str) -> String {
        let host = self.socket_dir.as_ref().map_or_else(
            || "127.0.0.1".into(),
            |dir| {
                let path = dir.to_string_lossy().into_owned();
                percent_encoding::utf8_percent_encode(&path, percent_encoding::NON_ALPHANUMERIC).to_string()
            },
        );
        format!("postgres://{NAME}:{}@{host}:{}/{database}", self.password, self.port)
    }
}
