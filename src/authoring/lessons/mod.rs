//! Back office: creating, editing, publishing and deleting lessons. The pages are in `authoring/editor/`.

pub mod api;
pub mod input;

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod youtube_oembed;
