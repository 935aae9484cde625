//! The roster: everybody who is here, as the back office sees them.

pub mod admin_pages;
pub mod api;
pub mod detail;

#[cfg(feature = "ssr")]
pub mod emails;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{CourseId, PurchaseId, UserId},
    money::Cents,
    paths,
    purchases::PurchaseRow,
    users::Role,
};

/// Which people are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentFilter {
    /// What was typed to search for; at most 200 characters of it count.
    pub q: String,
    pub admins: bool,
}

impl StudentFilter {
    pub fn new(q: &str, role: &str) -> Self {
        let q = q.trim().chars().filter(|letter| !letter.is_control()).take(200).collect();
        Self { q, admins: role == "admin" }
    }

    /// The list that is filtered like this, read on after somebody.
    pub fn address(&self, before: Option<UserId>) -> String {
        let role = if self.admins { "admin" } else { "" };
        let before = before.map(|before| before.to_string()).unwrap_or_default();
        paths::query(paths::ADMIN_STUDENTS, &[("q", self.q.clone()), ("role", role.into()), ("before", before)])
    }
}

/// Somebody in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentRow {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub joined_at: DateTime<Utc>,
    /// Courses they have access to.
    pub courses: i64,
    /// Those that were refunded too.
    pub purchases: i64,
    /// What they paid, less what went back.
    pub spent: Cents,
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentList {
    pub filter: StudentFilter,
    pub people: Vec<StudentRow>,
    /// Whether this is where the list begins.
    pub newest: bool,
    pub more: bool,
}

/// A course that somebody has, how far they are, and how they came by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldCourse {
    pub id: CourseId,
    pub name: String,
    /// Visible lessons.
    pub done: i64,
    pub total: i64,
    pub bought: Vec<BoughtWith>,
    pub gift: Option<Gift>,
}

/// A live purchase that contains the course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BoughtWith {
    pub sale: PurchaseId,
    pub product: String,
    /// While the payment is disputed, it opens nothing.
    pub paused: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gift {
    /// Nobody when they are deleted.
    pub by: Option<String>,
    pub note: String,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
}

/// One student's page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StudentPage {
    pub student: StudentRow,
    /// The one who looks.
    pub is_me: bool,
    /// By name; the first ones, where there are more.
    pub courses: Vec<HeldCourse>,
    /// Newest first; the first ones, where there are more.
    pub purchases: Vec<PurchaseRow>,
}

/// A course to choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseChoice {
    pub id: CourseId,
    pub name: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_has_an_address() {
        assert_eq!(StudentFilter::default().address(None), "/admin/students");
        assert_eq!(StudentFilter::new(" a&b ", "admin").address(None), "/admin/students?q=a%26b&role=admin");
        let id = UserId::from(uuid::Uuid::nil());
        assert_eq!(StudentFilter::new("", "user").address(Some(id)), format!("/admin/students?before={id}"));
        assert_eq!(StudentFilter::new(&"x".repeat(300), "").q.len(), 200);
    }
}
