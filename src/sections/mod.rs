//! Sections: the chapters of a course.

pub mod api;
