//! How many rows the school for measurements has.

/// Numbers of rows. Sections and lessons are those of one course.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub courses: i32,
    pub sections: i32,
    pub lessons: i32,
    pub products: i32,
    pub students: i32,
    pub purchases: i32,
    pub completions: i32,
    pub audit_lines: i32,
}

impl Sizes {
    /// The size at which every page of the back office is measured.
    pub const FULL: Self = Self {
        courses: 200,
        sections: 10,
        lessons: 100,
        products: 200,
        students: 100_000,
        purchases: 300_000,
        completions: 500_000,
        audit_lines: 50_000,
    };
}
