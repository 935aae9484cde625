//! A video at YouTube, by its id.

use std::fmt;

/// The id of a video: eleven letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YoutubeId(String);

impl YoutubeId {
    /// Reads any form of a YouTube address, or the bare id.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let letters = text.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_');
        (text.len() == 11 && letters).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for YoutubeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
