//! Statuses of sections and lessons, and what they make visible.

use serde::{Deserialize, Serialize};

/// The maximum length of a lesson's notes, in characters.
pub const MAX_NOTES_CHARS: u32 = 50_000;

/// A lesson's status. A lesson is also hidden by a private section, see [`Visibility`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "lesson_status", rename_all = "lowercase"))]
pub enum LessonStatus {
    /// Users with access may watch it.
    Public,
    /// Only admins see it.
    #[default]
    Private,
    /// Anybody may watch it.
    Preview,
}

impl LessonStatus {
    pub const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Preview];

    /// Returns the label on pages.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Private => "Private",
            Self::Preview => "Preview",
        }
    }

    /// Returns the value in forms, which is the identifier in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Preview => "preview",
        }
    }

    /// Parses the value of a form.
    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.value() == value)
    }
}

/// A section's status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "section_status", rename_all = "lowercase"))]
pub enum SectionStatus {
    Public,
    #[default]
    Private,
}

impl SectionStatus {
    pub const ALL: [Self; 2] = [Self::Public, Self::Private];

    /// Returns the label on pages.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Private => "Private",
        }
    }

    /// Returns the value in forms, which is the identifier in the database.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    /// Parses the value of a form.
    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.value() == value)
    }
}

/// The statuses of a lesson and of its section, which decide together who sees the lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    pub section: SectionStatus,
    pub lesson: LessonStatus,
}

impl Visibility {
    /// Returns whether the lesson is published: students of its course see it, step to it with Previous and Next, and it counts
    /// for their progress. The view `curriculum_lessons` computes the same for SQL.
    pub fn is_published(self) -> bool {
        self.section == SectionStatus::Public && self.lesson != LessonStatus::Private
    }
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use sqlx::PgPool;

    #[sqlx::test]
    async fn the_views_and_the_function_agree_on_what_is_published(db: PgPool) {
        let course = fixtures::course(&db, "Course").await;
        let lessons = LessonStatus::ALL.map(|status| (status.value(), status.value()));
        for (order, section) in (0..).zip(SectionStatus::ALL) {
            fixtures::section(&db, course, order, section.value(), &lessons).await;
        }
        let rows = sqlx::query!(
            r#"select s.status as "section: SectionStatus", l.status as "lesson: LessonStatus",
                      c.is_published as "section_is_published!", p.is_published as "lesson_is_published!"
                 from course_sections s join lessons l on l.section_id = s.id
                 join curriculum_sections c on c.id = s.id join curriculum_lessons p on p.id = l.id"#
        )
        .fetch_all(&db)
        .await
        .unwrap();
        assert_eq!(rows.len(), SectionStatus::ALL.len() * LessonStatus::ALL.len());
        for row in rows {
            let visibility = Visibility { section: row.section, lesson: row.lesson };
            assert_eq!(row.lesson_is_published, visibility.is_published(), "{visibility:?}");
            assert_eq!(row.section_is_published, row.section == SectionStatus::Public, "{visibility:?}");
        }
    }
}
