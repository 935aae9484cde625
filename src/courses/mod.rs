//! Nouns of the curriculum. A course has sections, a section has lessons; an outline is the part of a curriculum that a viewer
//! may see.

pub mod curriculum;
pub mod lesson;
pub mod youtube_id;

use serde::{Deserialize, Serialize};

use crate::{
    courses::lesson::{LessonStatus, SectionStatus, Visibility},
    id::{LessonId, SectionId},
};

/// The maximum length of a course's description, in characters.
pub const MAX_DESCRIPTION_CHARS: u32 = 20_000;

/// The sections and lessons of a course that the viewer may see, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outline {
    pub sections: Vec<OutlineSection>,
}

/// A section of an outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineSection {
    pub id: SectionId,
    pub name: String,
    pub status: SectionStatus,
    pub lessons: Vec<OutlineLesson>,
}

/// A lesson of an outline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineLesson {
    pub id: LessonId,
    pub name: String,
    pub status: LessonStatus,
    /// The viewer completed it.
    pub done: bool,
}

/// A student's progress in a course, in published lessons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u32,
    pub total: u32,
}

impl Outline {
    /// Returns every lesson with its section, in the order of the curriculum.
    pub fn lessons(&self) -> impl DoubleEndedIterator<Item = (&OutlineSection, &OutlineLesson)> {
        self.sections.iter().flat_map(|section| section.lessons.iter().map(move |lesson| (section, lesson)))
    }

    /// Sets whether a lesson is completed.
    pub fn set_done(&mut self, id: LessonId, done: bool) {
        let mut lessons = self.sections.iter_mut().flat_map(|section| &mut section.lessons);
        if let Some(lesson) = lessons.find(|lesson| lesson.id == id) {
            lesson.done = done;
        }
    }

    /// Counts published lessons only: an admin's outline contains private lessons too, but nobody has to complete them.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for (section, lesson) in self.lessons() {
            let visibility = Visibility { section: section.status, lesson: lesson.status };
            if visibility.is_published() {
                progress.total += 1;
                progress.done += u32::from(lesson.done);
            }
        }
        progress
    }

    /// Returns the lessons before and after this one, also across sections; empty sections are skipped.
    pub fn previous_and_next(&self, lesson: LessonId) -> (Option<&OutlineLesson>, Option<&OutlineLesson>) {
        let mut lessons = self.lessons().map(|(_, lesson)| lesson);
        let mut previous = None;
        for current in lessons.by_ref() {
            if current.id == lesson {
                return (previous, lessons.next());
            }
            previous = Some(current);
        }
        (None, None)
    }

    /// Returns the first lesson that is not completed; if all are, the first lesson.
    pub fn next_to_learn(&self) -> Option<&OutlineLesson> {
        self.lessons()
            .map(|(_, lesson)| lesson)
            .find(|lesson| !lesson.done)
            .or_else(|| self.lessons().next().map(|(_, lesson)| lesson))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn id(n: u128) -> LessonId {
        Uuid::from_u128(n).into()
    }

    /// An outline by the numbers of its lessons, with bars between sections: `"1 2 | 3"`. Even lessons are completed.
    fn outline(sections: &str) -> Outline {
        let lesson = |n: u128| OutlineLesson {
            id: id(n),
            name: format!("Lesson {n}"),
            status: LessonStatus::Public,
            done: n.is_multiple_of(2),
        };
        let sections = sections.split('|').map(|lessons| OutlineSection {
            id: Uuid::nil().into(),
            name: "Section".into(),
            status: SectionStatus::Public,
            lessons: lessons.split_whitespace().map(|n| lesson(n.parse().unwrap())).collect(),
        });
        Outline { sections: sections.collect() }
    }

    #[rstest]
    #[case::within_the_section("1 2 3", 2, Some(1), Some(3))]
    #[case::over_one_section("1 | 2", 1, None, Some(2))]
    #[case::over_empty_sections("1 |  |  | 2", 1, None, Some(2))]
    #[case::back_over_empty_sections("1 |  | 2", 2, Some(1), None)]
    #[case::absent_at_the_ends(" | 1 | ", 1, None, None)]
    #[case::unknown("1 2", 9, None, None)]
    fn previous_and_next(
        #[case] sections: &str,
        #[case] lesson: u128,
        #[case] previous: Option<u128>,
        #[case] next: Option<u128>,
    ) {
        let outline = outline(sections);
        let (before, after) = outline.previous_and_next(id(lesson));
        assert_eq!((before.map(|l| l.id), after.map(|l| l.id)), (previous.map(id), next.map(id)));
    }

    #[test]
    fn progress_counts_published_lessons_only() {
        let mut outline = outline("1 2 | 4 6 | ");
        assert_eq!(outline.progress(), Progress { done: 3, total: 4 });
        outline.sections[1].status = SectionStatus::Private;
        assert_eq!(outline.progress(), Progress { done: 1, total: 2 });
        assert_eq!(Outline::default().progress(), Progress { done: 0, total: 0 });
    }

    #[rstest]
    #[case::first_not_done("2 3", Some(3))]
    #[case::all_done("2 4", Some(2))]
    #[case::nothing("", None)]
    fn a_student_continues_with_the_first_lesson_that_is_not_completed(
        #[case] sections: &str,
        #[case] next: Option<u128>,
    ) {
        assert_eq!(outline(sections).next_to_learn().map(|l| l.id), next.map(id));
    }
}
