//! What the demo school teaches, as data. A lesson's or a section's place in its list is its order.

mod light;
mod sound;
mod story;

pub use light::LIGHT;
pub use sound::SOUND;
pub use story::STORY;

/// All courses. A course's number in the seed is its place here.
pub const COURSES: [&Course; 3] = [&STORY, &LIGHT, &SOUND];

pub struct Course {
    pub name: &'static str,
    pub description: &'static str,
    pub sections: &'static [Section],
}

pub struct Section {
    pub name: &'static str,
    /// `section_status`
    pub status: &'static str,
    pub lessons: &'static [Lesson],
}

pub struct Lesson {
    pub name: &'static str,
    /// `lesson_status`
    pub status: &'static str,
    /// The id of its video, from [`super::films`].
    pub film: &'static str,
    pub notes: &'static str,
}

impl Course {
    /// How many lessons a student with access sees.
    pub fn visible_lessons(&self) -> usize {
        let sections = self.sections.iter().filter(|section| section.status == "public");
        sections.flat_map(|section| section.lessons).filter(|lesson| lesson.status != "private").count()
    }
}
