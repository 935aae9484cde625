//! The lesson form: what was typed, parsed once, every field's error at once.

use crate::{
    courses::{
        lesson::{LessonStatus, NOTES},
        youtube_id::YoutubeId,
    },
    error::{Error, Result},
    fields::{parse_name, parse_text},
    id::{LessonId, SectionId},
};
use serde::{Deserialize, Serialize};

/// A lesson as somebody types it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonForm {
    pub name: String,
    /// Any form of a YouTube address, or the bare id.
    pub video: String,
    /// Markdown.
    pub description: String,
    pub status: LessonStatus,
    pub section: SectionId,
}

/// A lesson as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedLesson {
    pub name: String,
    pub video: YoutubeId,
    pub description: Option<String>,
    pub status: LessonStatus,
    pub section: SectionId,
}

impl LessonForm {
    /// Reads the form, and says everything that is wrong with it at once.
    pub fn parse(&self) -> Result<ParsedLesson> {
        let name = parse_name(&self.name);
        let video = YoutubeId::parse_field(&self.video);
        let description = parse_text("description", &self.description, NOTES);
        match (name, video, description) {
            (Ok(name), Ok(video), Ok(description)) => Ok(ParsedLesson {
                name,
                video,
                description: Some(description).filter(|text| !text.trim().is_empty()),
                status: self.status,
                section: self.section,
            }),
            (name, video, description) => {
                Err(Error::Invalid([name.err(), video.err(), description.err()].into_iter().flatten().collect()))
            }
        }
    }
}

/// A lesson to go on writing at. The form's `video` is the address to watch it at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonDraft {
    pub id: LessonId,
    pub form: LessonForm,
    pub youtube_video_id: String,
}

/// What is known of a video before it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoCheck {
    pub id: String,
    /// What YouTube calls it; `None` when YouTube did not say.
    pub title: Option<String>,
    /// Whether it can be shown in a lesson. `Some(false)`: YouTube answered that there is no such video, that it is private, or
    /// that its owner does not let it be shown elsewhere. `None`: YouTube could not be asked.
    pub embeddable: Option<bool>,
}
