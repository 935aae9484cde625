//! How clients reach the embedded PostgreSQL: its socket or port, and its password.

use crate::platform::postgres::embedded::data_dir::DataDir;
use std::path::{Path, PathBuf};

/// Both the role that owns everything in the cluster and the database.
pub const NAME: &str = "lectern";

/// Where the cluster is reached: by its Unix socket, which is quicker, where the path fits into a socket's address; by loopback
/// otherwise. The password is asked for on both.
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
