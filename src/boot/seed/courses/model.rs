//! A course of the demo school as data: sections and lessons in order.

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
    /// The id of its video, from [`crate::boot::seed::films`].
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
