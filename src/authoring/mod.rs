//! Back office: creating and editing courses, sections and lessons, and the editor that reorders them.

pub mod courses;
pub mod editor;
pub mod lessons;
pub mod sections;
