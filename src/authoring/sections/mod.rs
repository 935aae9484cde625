//! Sections: the chapters of a course.

pub mod api;

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
