//! Lessons: a video and its notes.

use serde::{Deserialize, Serialize};

pub use crate::courses::youtube_id::YoutubeId;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "lesson_status", rename_all = "lowercase"))]
pub enum LessonStatus {
    Public,
    #[default]
    Private,
    Preview,
}

impl LessonStatus {
    pub const ALL: [Self; 3] = [Self::Public, Self::Private, Self::Preview];

    pub const fn words(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Private => "Private",
            Self::Preview => "Preview",
        }
    }

    /// As it stands in a form.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
            Self::Preview => "preview",
        }
    }

    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.value() == value)
    }
}

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

    pub const fn words(self) -> &'static str {
        match self {
            Self::Public => "Public",
            Self::Private => "Private",
        }
    }

    /// As it stands in a form.
    pub const fn value(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }

    pub fn from_value(value: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.value() == value)
    }
}

/// What is set to be seen: a lesson is as visible as its section lets it be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visibility {
    pub section: SectionStatus,
    pub lesson: LessonStatus,
}

impl Visibility {
    /// Whether the lesson is published: counted, listed, and stepped to by Previous and Next for the students of its course. The view
    /// `curriculum_lessons` says the same of a row.
    pub fn is_published(self) -> bool {
        self.section == SectionStatus::Public && self.lesson != LessonStatus::Private
    }
}

/// The most characters that a lesson's notes have.
pub const NOTES: u32 = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use sqlx::PgPool;

    #[sqlx::test]
    async fn the_views_publish_what_the_function_publishes(db: PgPool) {
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
            let set = Visibility { section: row.section, lesson: row.lesson };
            assert_eq!(row.lesson_is_published, set.is_published(), "{set:?}");
            assert_eq!(row.section_is_published, row.section == SectionStatus::Public, "{set:?}");
        }
    }
}
