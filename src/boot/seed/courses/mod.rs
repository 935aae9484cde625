//! What the demo school teaches, as data. A lesson's or a section's place in its list is its order.

pub mod light;
pub mod model;
pub mod sound;
pub mod story;

use crate::boot::seed::courses::model::Course;
pub use crate::boot::seed::courses::{light::LIGHT, sound::SOUND, story::STORY};

/// All courses. A course's number in the seed is its place here.
pub const COURSES: [&Course; 3] = [&STORY, &LIGHT, &SOUND];
