//! Authoring lessons: create, edit, publish and delete.

pub mod api;
pub mod input;

#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod service;
#[cfg(feature = "ssr")]
pub mod youtube_oembed;
