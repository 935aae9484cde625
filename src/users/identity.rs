//! Identity: the seam between who somebody is and what they are here. It answers with the row of `users` that a request comes
//! from; the row has the role.

use axum::http::HeaderMap;
use sqlx::PgPool;

use super::{Viewer, local, queries};
use crate::{error::Result, server::cookies};

/// Where identity comes from, chosen once from the configuration.
#[derive(Clone, Debug)]
pub enum Identity {
    /// Accounts of our own: a session cookie, whose name depends on TLS.
    Local { https: bool },
}

impl Identity {
    /// Who sends this request. No cookie costs no query.
    ///
    /// # Errors
    /// The database's, so that nobody is taken for a visitor because it is away.
    pub async fn viewer(&self, db: &PgPool, headers: &HeaderMap) -> Result<Viewer> {
        match self {
            Self::Local { https } => {
                let Some(token) = cookies::get(headers, cookies::session_name(*https)) else {
                    return Ok(Viewer::Visitor);
                };
                let user = queries::find_by_session(db, &local::digest(&token)).await?;
                Ok(user.map_or(Viewer::Visitor, Viewer::User))
            }
        }
    }
}
