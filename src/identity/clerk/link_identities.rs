//! `lectern link-identities`: creates or updates every user of Clerk, as the webhook does. A local account whose address Clerk has
//! verified is linked: the user keeps everything under Clerk's id.

use std::fmt;

use anyhow::{Result, anyhow};
use sqlx::PgPool;

use crate::identity::clerk::{
    backend::{Backend, PAGE_SIZE},
    provisioning::{self, Provisioned},
    queries,
};

/// The numbers of users that were linked, created and left.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    pub new: usize,
    pub linked: usize,
    pub known: usize,
    /// Users without an account at Clerk.
    pub local: i64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { new, linked, known, local } = self;
        write!(f, "{linked} linked, {new} new, {known} already known.")?;
        if *local > 0 {
            write!(
                f,
                " {local} users have no account at Clerk. They keep what they have when they sign up there with the same address."
            )?;
        }
        Ok(())
    }
}

/// Links all users of Clerk. It can be run again, and while a server runs.
///
/// # Errors
/// When Clerk or the database is not available. What was linked stays.
pub async fn link(db: &PgPool, backend: &Backend, admin_email: Option<&str>) -> Result<Report> {
    let mut report = Report::default();
    let mut read = 0;
    loop {
        let people = backend.people(read).await?;
        for person in &people {
            let outcome = provisioning::provision(db, person, admin_email).await.map_err(|error| anyhow!(error))?;
            match outcome {
                Provisioned::New(_) => report.new += 1,
                Provisioned::Linked(_) => report.linked += 1,
                Provisioned::Changed(_) | Provisioned::Known(_) | Provisioned::Deleted => report.known += 1,
            }
        }
        read += people.len();
        if people.len() < PAGE_SIZE {
            break;
        }
    }
    report.local = queries::count_local(db).await?;
    Ok(report)
}
