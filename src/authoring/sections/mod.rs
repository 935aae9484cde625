//! Back office: creating, editing, publishing and deleting sections. The pages are in `authoring/editor/`.

pub mod api;

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
