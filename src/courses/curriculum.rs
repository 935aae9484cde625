//! The curriculum of a course as admins see it, and its order, which the editor sends back after a move.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{
    courses::lesson::{LessonStatus, SectionStatus},
    error::FieldError,
    id::{CourseId, LessonId, SectionId},
};

/// A course with all its sections and lessons, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Curriculum {
    pub id: CourseId,
    pub name: String,
    /// Markdown.
    pub description: String,
    /// Incremented when a section or a lesson is created, moved or deleted.
    pub version: i64,
    pub sections: Vec<CurriculumSection>,
}

/// A section of a curriculum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurriculumSection {
    pub id: SectionId,
    pub name: String,
    pub status: SectionStatus,
    pub lessons: Vec<CurriculumLesson>,
}

/// A lesson of a curriculum.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurriculumLesson {
    pub id: LessonId,
    pub name: String,
    pub status: LessonStatus,
}

impl Curriculum {
    /// Finds a section.
    pub fn section(&self, id: SectionId) -> Option<&CurriculumSection> {
        self.sections.iter().find(|section| section.id == id)
    }

    /// Finds a lesson with its section.
    pub fn lesson(&self, id: LessonId) -> Option<(&CurriculumSection, &CurriculumLesson)> {
        let mut lessons = self.sections.iter().flat_map(|section| section.lessons.iter().map(move |l| (section, l)));
        lessons.find(|(_, lesson)| lesson.id == id)
    }
}

/// The maximum number of sections, and of lessons, in an order.
const MAX_ROWS: usize = 2000;

/// The order of a course: each section with its lessons.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CurriculumOrder(pub Vec<(SectionId, Vec<LessonId>)>);

/// The difference between two orders, if it is one section or one lesson.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MovedItem {
    Section(SectionId),
    Lesson(LessonId),
    /// More than one section or lesson.
    Several,
}

impl CurriculumOrder {
    /// Returns the order of a curriculum.
    pub fn of(curriculum: &Curriculum) -> Self {
        let lessons = |section: &CurriculumSection| section.lessons.iter().map(|lesson| lesson.id).collect();
        Self(curriculum.sections.iter().map(|section| (section.id, lessons(section))).collect())
    }

    /// Returns every section, in order.
    pub fn sections(&self) -> impl Iterator<Item = SectionId> {
        self.0.iter().map(|(section, _)| *section)
    }

    /// Returns every lesson in order, with its section and its position there, from 0.
    pub fn lessons(&self) -> impl Iterator<Item = (LessonId, SectionId, usize)> {
        self.0.iter().flat_map(|(section, lessons)| lessons.iter().enumerate().map(|(at, l)| (*l, *section, at)))
    }

    /// Checks that this order contains the sections and lessons of `stored`, each once.
    pub fn check(&self, stored: &Self) -> Result<(), FieldError> {
        if self.0.len() > MAX_ROWS || self.lessons().count() > MAX_ROWS {
            return reject("A course has at most 2,000 lessons.");
        }
        let (sections, lessons): (HashSet<_>, HashSet<_>) =
            (self.sections().collect(), self.lessons().map(|(lesson, ..)| lesson).collect());
        if sections.len() < self.0.len() {
            return reject("This order contains a section twice.");
        }
        if lessons.len() < self.lessons().count() {
            return reject("This order contains a lesson twice.");
        }
        let (stored_sections, stored_lessons): (HashSet<_>, HashSet<_>) =
            (stored.sections().collect(), stored.lessons().map(|(lesson, ..)| lesson).collect());
        if !sections.is_subset(&stored_sections) {
            return reject("A section of this order belongs to another course.");
        }
        if !lessons.is_subset(&stored_lessons) {
            return reject("A lesson of this order belongs to another course.");
        }
        if sections.len() < stored_sections.len() {
            return reject("This order is missing a section.");
        }
        if lessons.len() < stored_lessons.len() {
            return reject("This order is missing a lesson.");
        }
        Ok(())
    }

    /// Returns what was moved between this order and `after`. When two neighbours swap places, the upper one was moved.
    pub fn moved_item(&self, after: &Self) -> MovedItem {
        if self.sections().eq(after.sections()) {
            let lesson = only_moved(&self.flatten(), &after.flatten(), Option::is_some).flatten();
            return lesson.map_or(MovedItem::Several, MovedItem::Lesson);
        }
        let same_lessons = self.0.iter().all(|section| after.0.contains(section));
        let (before, after) = (self.sections().collect::<Vec<_>>(), after.sections().collect::<Vec<_>>());
        only_moved(&before, &after, |_| same_lessons).map_or(MovedItem::Several, MovedItem::Section)
    }

    /// Returns every lesson from the top to the bottom, with `None` where a section begins.
    fn flatten(&self) -> Vec<Option<LessonId>> {
        self.0.iter().flat_map(|(_, lessons)| std::iter::once(None).chain(lessons.iter().copied().map(Some))).collect()
    }
}

/// Returns the only item with another position in `after`, if there is one and it `can_move`.
fn only_moved<T: Copy + PartialEq>(before: &[T], after: &[T], can_move: impl Fn(&T) -> bool) -> Option<T> {
    let first = before.iter().zip(after).position(|(before, after)| before != after)?;
    let without = |list: &[T], item: T| list.iter().copied().filter(|&other| other != item).collect::<Vec<_>>();
    [before[first], after[first]]
        .into_iter()
        .filter(can_move)
        .find(|&item| without(before, item) == without(after, item))
}

fn reject(sentence: &str) -> Result<(), FieldError> {
    Err(FieldError::new("order", sentence))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    /// An order with sections as letters and lessons as digits: `"a12 b3"`.
    fn order(text: &str) -> CurriculumOrder {
        let id = |letter: char| Uuid::from_u128(u128::from(u32::from(letter)));
        let section = |word: &str| {
            let mut letters = word.chars();
            (id(letters.next().unwrap()).into(), letters.map(|letter| id(letter).into()).collect())
        };
        CurriculumOrder(text.split_whitespace().map(section).collect())
    }

    #[rstest]
    #[case::stored_order("a12 b3", None)]
    #[case::another_order("b31 a2", None)]
    #[case::a_section_twice("a12 b3 a", Some("This order contains a section twice."))]
    #[case::a_lesson_twice("a12 b31", Some("This order contains a lesson twice."))]
    #[case::a_foreign_section("a12 b3 c", Some("A section of this order belongs to another course."))]
    #[case::a_foreign_lesson("a12 b39", Some("A lesson of this order belongs to another course."))]
    #[case::a_missing_section("a123", Some("This order is missing a section."))]
    #[case::a_missing_lesson("a1 b3", Some("This order is missing a lesson."))]
    #[case::empty("", Some("This order is missing a section."))]
    fn an_order_contains_every_section_and_lesson_once(#[case] sent: &str, #[case] expected: Option<&str>) {
        let answer = order(sent).check(&order("a12 b3")).map_err(|error| error.message);
        assert_eq!(answer.err().as_deref(), expected);
    }

    #[test]
    fn an_order_has_a_maximum_of_2000_lessons() {
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
    fn one_moved_section_or_lesson_is_found(#[case] before: &str, #[case] after: &str, #[case] moved: Option<char>) {
        let id = moved.map(|letter| Uuid::from_u128(u128::from(u32::from(letter))));
        let expected = match (moved, id) {
            (Some(letter), Some(id)) if letter.is_ascii_digit() => MovedItem::Lesson(id.into()),
            (_, Some(id)) => MovedItem::Section(id.into()),
            _ => MovedItem::Several,
        };
        assert_eq!(order(before).moved_item(&order(after)), expected);
    }
}
