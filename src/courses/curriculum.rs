//! The tree of a course as its editor shows it: everything, in order; and the order alone, as it is sent back.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    courses::lesson::{LessonStatus, SectionStatus},
    error::FieldError,
    id::{CourseId, LessonId, SectionId},
};

/// A course as its editor shows it: everything, in order, and the version it is of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curriculum {
    pub id: CourseId,
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Counted one further by everything that is made, moved or deleted in it.
    pub version: i64,
    pub sections: Vec<CurriculumSection>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurriculumSection {
    pub id: SectionId,
    pub name: String,
    pub status: SectionStatus,
    pub lessons: Vec<CurriculumLesson>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurriculumLesson {
    pub id: LessonId,
    pub name: String,
    pub status: LessonStatus,
}

impl Curriculum {
    pub fn section(&self, id: SectionId) -> Option<&CurriculumSection> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// A lesson with the section it is in.
    pub fn lesson(&self, id: LessonId) -> Option<(&CurriculumSection, &CurriculumLesson)> {
        let mut lessons = self.sections.iter().flat_map(|section| section.lessons.iter().map(move |l| (section, l)));
        lessons.find(|(_, lesson)| lesson.id == id)
    }
}

/// The most lessons, and sections, that one course is put in order with.
const MAX_ROWS: usize = 2000;

/// The order of a whole course: each section with its lessons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CurriculumOrder(pub Vec<(SectionId, Vec<LessonId>)>);

/// What one drag does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moved {
    Section(SectionId),
    Lesson(LessonId),
    /// More than one thing.
    Several,
}

impl CurriculumOrder {
    pub fn of(tree: &Curriculum) -> Self {
        let lessons = |section: &CurriculumSection| section.lessons.iter().map(|lesson| lesson.id).collect();
        Self(tree.sections.iter().map(|section| (section.id, lessons(section))).collect())
    }

    /// Every section, in order.
    pub fn sections(&self) -> impl Iterator<Item = SectionId> {
        self.0.iter().map(|(section, _)| *section)
    }

    /// Every lesson in order, with its section and its place there, from 0.
    pub fn lessons(&self) -> impl Iterator<Item = (LessonId, SectionId, usize)> {
        self.0.iter().flat_map(|(section, lessons)| lessons.iter().enumerate().map(|(at, l)| (*l, *section, at)))
    }

    /// Whether this is an order of the same things as `now`, each once.
    pub fn check(&self, now: &Self) -> Result<(), FieldError> {
        if self.0.len() > MAX_ROWS || self.lessons().count() > MAX_ROWS {
            return refuse("A course has at most 2,000 lessons.");
        }
        let (sections, lessons): (HashSet<_>, HashSet<_>) =
            (self.sections().collect(), self.lessons().map(|(lesson, ..)| lesson).collect());
        if sections.len() < self.0.len() {
            return refuse("A section stands in this order twice.");
        }
        if lessons.len() < self.lessons().count() {
            return refuse("A lesson stands in this order twice.");
        }
        let (our_sections, our_lessons): (HashSet<_>, HashSet<_>) =
            (now.sections().collect(), now.lessons().map(|(lesson, ..)| lesson).collect());
        if !sections.is_subset(&our_sections) {
            return refuse("A section of this order belongs to another course.");
        }
        if !lessons.is_subset(&our_lessons) {
            return refuse("A lesson of this order belongs to another course.");
        }
        if sections.len() < our_sections.len() {
            return refuse("This order leaves a section out.");
        }
        if lessons.len() < our_lessons.len() {
            return refuse("This order leaves a lesson out.");
        }
        Ok(())
    }

    /// What has to be moved in this order to come to `after`. Two neighbours that change places are told as the upper one's move.
    pub fn moved(&self, after: &Self) -> Moved {
        if self.sections().eq(after.sections()) {
            let lesson = only_moved(&self.walk(), &after.walk(), Option::is_some).flatten();
            return lesson.map_or(Moved::Several, Moved::Lesson);
        }
        let same_lessons = self.0.iter().all(|section| after.0.contains(section));
        let (before, after) = (self.sections().collect::<Vec<_>>(), after.sections().collect::<Vec<_>>());
        only_moved(&before, &after, |_| same_lessons).map_or(Moved::Several, Moved::Section)
    }

    /// Every lesson from the top to the bottom; nothing where a section begins.
    fn walk(&self) -> Vec<Option<LessonId>> {
        self.0.iter().flat_map(|(_, lessons)| std::iter::once(None).chain(lessons.iter().copied().map(Some))).collect()
    }
}

/// The one thing that stands elsewhere afterwards, when it is one and `may` move.
fn only_moved<T: Copy + PartialEq>(before: &[T], after: &[T], may: impl Fn(&T) -> bool) -> Option<T> {
    let at = before.iter().zip(after).position(|(before, after)| before != after)?;
    let without = |list: &[T], thing: T| list.iter().copied().filter(|&other| other != thing).collect::<Vec<_>>();
    [before[at], after[at]].into_iter().filter(may).find(|&thing| without(before, thing) == without(after, thing))
}

fn refuse(sentence: &str) -> Result<(), FieldError> {
    Err(FieldError::new("order", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    /// Sections by letters, lessons by digits: `"a12 b3"`.
    fn order(text: &str) -> CurriculumOrder {
        let id = |letter: char| Uuid::from_u128(u128::from(u32::from(letter)));
        let section = |word: &str| {
            let mut letters = word.chars();
            (id(letters.next().unwrap()).into(), letters.map(|letter| id(letter).into()).collect())
        };
        CurriculumOrder(text.split_whitespace().map(section).collect())
    }

    #[rstest]
    #[case::the_same("a12 b3", None)]
    #[case::another_order("b31 a2", None)]
    #[case::a_section_twice("a12 b3 a", Some("A section stands in this order twice."))]
    #[case::a_lesson_twice("a12 b31", Some("A lesson stands in this order twice."))]
    #[case::a_foreign_section("a12 b3 c", Some("A section of this order belongs to another course."))]
    #[case::a_foreign_lesson("a12 b39", Some("A lesson of this order belongs to another course."))]
    #[case::a_section_left_out("a123", Some("This order leaves a section out."))]
    #[case::a_lesson_left_out("a1 b3", Some("This order leaves a lesson out."))]
    #[case::nothing("", Some("This order leaves a section out."))]
    fn an_order_names_everything_once(#[case] sent: &str, #[case] refused: Option<&str>) {
        let answer = order(sent).check(&order("a12 b3")).map_err(|error| error.message);
        assert_eq!(answer.err().as_deref(), refused);
    }

    #[test]
    fn an_order_is_of_a_course_and_not_of_a_library() {
        let lessons = (0..2001).map(|n| Uuid::from_u128(n).into()).collect();
        let order = CurriculumOrder(vec![(Uuid::nil().into(), lessons)]);
        assert_eq!(order.check(&order).unwrap_err().message, "A course has at most 2,000 lessons.");
    }

    #[rstest]
    #[case::down("a123 b", "a231 b", Some('1'))]
    #[case::up("a123 b", "a312 b", Some('3'))]
    #[case::neighbours("a12 b", "a21 b", Some('1'))]
    #[case::across("a12 b3", "a1 b32", Some('2'))]
    #[case::back_across("a1 b23", "a12 b3", Some('2'))]
    #[case::out_of_the_first("a b1", "a1 b", Some('1'))]
    #[case::across_to_the_top("a12 b3", "a2 b13", Some('1'))]
    #[case::a_section("a1 b2 c3", "c3 a1 b2", Some('c'))]
    #[case::two_lessons("a1234 b", "a2143 b", None)]
    #[case::a_section_and_a_lesson("a1 b2", "b12 a", None)]
    fn a_drag_moves_one_thing(#[case] before: &str, #[case] after: &str, #[case] moved: Option<char>) {
        let id = moved.map(|letter| Uuid::from_u128(u128::from(u32::from(letter))));
        let expected = match (moved, id) {
            (Some(letter), Some(id)) if letter.is_ascii_digit() => Moved::Lesson(id.into()),
            (_, Some(id)) => Moved::Section(id.into()),
            _ => Moved::Several,
        };
        assert_eq!(order(before).moved(&order(after)), expected);
    }
}
