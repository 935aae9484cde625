//! Courses: what is taught. A course has sections, a section has lessons.

pub mod curriculum;
pub mod lesson;
pub mod youtube_id;

use serde::{Deserialize, Serialize};

use crate::{
    courses::lesson::{LessonStatus, SectionStatus, Visibility},
    id::{LessonId, SectionId},
};

pub use crate::courses::curriculum::{Curriculum, CurriculumLesson, CurriculumOrder, CurriculumSection, Moved};

/// The sections and lessons of a course that the viewer may know of, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outline {
    pub sections: Vec<OutlineSection>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineSection {
    pub id: SectionId,
    pub name: String,
    pub status: SectionStatus,
    pub lessons: Vec<OutlineLesson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineLesson {
    pub id: LessonId,
    pub name: String,
    pub status: LessonStatus,
    pub done: bool,
}

/// How far a student is: visible lessons only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    pub done: u32,
    pub total: u32,
}

impl Outline {
    /// Every lesson with its section, in the order of teaching. Empty sections take no part.
    pub fn lessons(&self) -> impl DoubleEndedIterator<Item = (&OutlineSection, &OutlineLesson)> {
        self.sections.iter().flat_map(|section| section.lessons.iter().map(move |lesson| (section, lesson)))
    }

    /// Sets whether one lesson is done.
    pub fn set_done(&mut self, id: LessonId, done: bool) {
        let mut lessons = self.sections.iter_mut().flat_map(|section| &mut section.lessons);
        if let Some(lesson) = lessons.find(|lesson| lesson.id == id) {
            lesson.done = done;
        }
    }

    /// What counts for a student, whoever looks: an admin sees private lessons, but nobody has to complete them.
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for (section, lesson) in self.lessons() {
            let set = Visibility { section: section.status, lesson: lesson.status };
            if set.is_published() {
                progress.total += 1;
                progress.done += u32::from(lesson.done);
            }
        }
        progress
    }

    /// The lessons before and after this one: within the section, then over as many empty sections as there are.
    pub fn around(&self, lesson: LessonId) -> (Option<&OutlineLesson>, Option<&OutlineLesson>) {
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

    /// Where to go on: the first lesson that is not done, else the first of all.
    pub fn next_to_learn(&self) -> Option<&OutlineLesson> {
        self.lessons()
            .map(|(_, lesson)| lesson)
            .find(|lesson| !lesson.done)
            .or_else(|| self.lessons().next().map(|l| l.1))
    }
}

/// The most characters that a course's description has.
pub const DESCRIPTION: u32 = 20_000;

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    fn id(n: u128) -> LessonId {
        Uuid::from_u128(n).into()
    }

    /// Lessons by their numbers, sections divided by bars: `"1 2 | 3"`. Even lessons are done.
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
        let (before, after) = outline.around(id(lesson));
        assert_eq!((before.map(|l| l.id), after.map(|l| l.id)), (previous.map(id), next.map(id)));
    }

    #[test]
    fn progress_counts_visible_lessons_only() {
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
    fn a_student_continues(#[case] sections: &str, #[case] next: Option<u128>) {
        assert_eq!(outline(sections).next_to_learn().map(|l| l.id), next.map(id));
    }
}
