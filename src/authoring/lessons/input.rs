//! The form of a lesson, and its parsing.

use serde::{Deserialize, Serialize};

use crate::{
    courses::{
        lesson::{LessonStatus, MAX_NOTES_CHARS},
        youtube_id::YoutubeId,
    },
    error::{Error, Result},
    fields::{parse_name, parse_text},
    id::{LessonId, SectionId},
};

/// A lesson as it is typed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonForm {
    pub name: String,
    /// A YouTube URL in any form, or the id of a video.
    pub video: String,
    /// Markdown.
    pub description: String,
    pub status: LessonStatus,
    pub section: SectionId,
}

/// A lesson whose fields are valid, as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParsedLesson {
    pub name: String,
    pub video: YoutubeId,
    pub description: Option<String>,
    pub status: LessonStatus,
    pub section: SectionId,
}

impl LessonForm {
    /// Parses the form.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the errors of all fields.
    pub fn parse(&self) -> Result<ParsedLesson> {
        let name = parse_name(&self.name);
        let video = YoutubeId::parse_field(&self.video);
        let description = parse_text("description", &self.description, MAX_NOTES_CHARS);
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

/// A stored lesson with the values of its form. The form's `video` is the URL on YouTube.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonDraft {
    pub id: LessonId,
    pub form: LessonForm,
    pub youtube_video_id: String,
}

/// A video that was typed into the form, as YouTube describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VideoCheck {
    pub id: String,
    /// The title on YouTube. `None`: YouTube did not return one.
    pub title: Option<String>,
    /// Whether a lesson can show the video. `Some(false)`: YouTube responded that the video does not exist, is private, or cannot
    /// be embedded. `None`: YouTube did not respond.
    pub embeddable: Option<bool>,
}
