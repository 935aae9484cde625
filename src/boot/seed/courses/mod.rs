//! The demo school's courses as data. The position of a section or lesson in its list is its order.

pub mod light;
pub mod model;
pub mod sound;
pub mod story;

use crate::boot::seed::courses::model::Course;
pub use crate::boot::seed::courses::{light::LIGHT, sound::SOUND, story::STORY};

/// All courses. A course's number in the seed is its place here.
pub const COURSES: [&Course; 3] = [&STORY, &LIGHT, &SOUND];
