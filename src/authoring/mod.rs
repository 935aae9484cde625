//! Authoring: the write side of the curriculum, and its editor.

pub mod courses;
pub mod editor;
pub mod lessons;
pub mod sections;
