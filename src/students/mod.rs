//! Students: the accounts of the school as the back office shows them, with their courses, purchases and role.

pub mod admin_pages;
pub mod api;
pub mod detail;

#[cfg(feature = "ssr")]
pub mod emails;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{CourseId, PurchaseId, UserId},
    money::Cents,
    pagination::Page,
    paths,
    purchases::PurchaseRow,
    users::Role,
};

/// The longest search text that counts, in characters.
const MAX_SEARCH_LENGTH: usize = 200;

/// Which accounts a list contains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentFilter {
    /// The search text, as typed.
    pub q: String,
    /// Whether only admins are listed.
    pub admins: bool,
}

impl StudentFilter {
    /// Reads URL parameters. `role` is `admin` or empty.
    pub fn new(q: &str, role: &str) -> Self {
        let q = q.trim().chars().filter(|letter| !letter.is_control()).take(MAX_SEARCH_LENGTH).collect();
        Self { q, admins: role == "admin" }
    }

    /// The URL of the newest page of the list, or of the page before an account.
    pub fn url(&self, before: Option<UserId>) -> String {
        let role = if self.admins { "admin" } else { "" };
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_STUDENTS, &[("q", self.q.clone()), ("role", role.into()), ("before", before)])
    }
}

/// A row of the list of students.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentRow {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub joined_at: DateTime<Utc>,
    /// The number of courses with access.
    pub courses: i64,
    /// The number of purchases, including refunded ones.
    pub purchases: i64,
    /// Payments less refunds.
    pub spent: Cents,
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentList {
    pub filter: StudentFilter,
    pub students: Page<StudentRow>,
}

/// A course of a student, with their progress and the source of their access.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentCourse {
    pub id: CourseId,
    pub name: String,
    /// The number of published lessons that are complete.
    pub done: i64,
    /// The number of published lessons.
    pub total: i64,
    pub purchases: Vec<CoursePurchase>,
    pub gift: Option<Gift>,
}

/// A purchase of the course that is not refunded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePurchase {
    pub sale: PurchaseId,
    pub product: String,
    /// Whether the payment is disputed, so that the purchase gives no access.
    pub paused: bool,
}

/// A course that an admin gave to a student.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// The name of the admin; `None` when their account was deleted.
    pub by: Option<String>,
    pub note: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// The data of a student's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentPage {
    pub student: StudentRow,
    /// Whether the student is the viewer.
    pub is_viewer: bool,
    /// The first courses by name.
    pub courses: Vec<StudentCourse>,
    /// The newest purchases.
    pub purchases: Vec<PurchaseRow>,
}

/// A course that can be given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseChoice {
    pub id: CourseId,
    pub name: String,
}
