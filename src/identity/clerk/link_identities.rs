//! `lectern link-identities`: goes through everybody at Clerk, as if each had just been told of. Who has a local account with an
//! address that Clerk knows to be theirs keeps everything under Clerk's id.

use std::fmt;

use anyhow::{Result, anyhow};
use sqlx::PgPool;

use crate::identity::clerk::{
    backend::{Backend, PAGE},
    provisioning::{self, Provisioned},
    queries,
};

/// What was found.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub new: usize,
    pub linked: usize,
    pub known: usize,
    /// Living people here whom Clerk does not know.
    pub local: i64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, linked, known, local } = self;
        write!(f, "{linked} linked, {new} new, {known} known before.")?;
        if *local > 0 {
            write!(
                f,
                " {local} here have no account at Clerk. They keep what they have once they sign up there with the same address."
            )?;
        }
        Ok(())
    }
}

/// Links everybody. It can be run twice, and beside a server.
///
/// # Errors
/// When Clerk or the database does not answer. What was linked stays.
pub async fn link(db: &PgPool, backend: &Backend, admin_email: Option<&str>) -> Result<Report> {
    let mut report = Report::default();
    let mut read = 0;
    loop {
        let people = backend.people(read).await?;
        for person in &people {
            let welcome = provisioning::provision(db, person, admin_email).await.map_err(|error| anyhow!(error))?;
            match welcome {
                Provisioned::New(_) => report.new += 1,
                Provisioned::Linked(_) => report.linked += 1,
                Provisioned::Changed(_) | Provisioned::Known(_) | Provisioned::Gone => report.known += 1,
            }
        }
        read += people.len();
        if people.len() < PAGE {
            break;
        }
    }
    report.local = queries::count_local(db).await?;
    Ok(report)
}
