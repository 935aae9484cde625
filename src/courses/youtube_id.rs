//! The id of a video on YouTube, parsed from any form of its URL.

use std::fmt;

use crate::error::FieldError;

/// The id of a video: eleven letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YoutubeId(String);

/// Words of eleven letters that take the place of an id in the URL of a playlist or a channel.
const RESERVED_WORDS: [&str; 2] = ["videoseries", "live_stream"];

impl YoutubeId {
    /// Parses a YouTube URL in any form, or the id itself. The host must be one of YouTube's.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::from_id(text).or_else(|| {
            let (host, path, query) = split_url(text)?;
            match host.as_str() {
                "youtube.com" => match segments(path) {
                    ("watch", "") => query.split('&').find_map(|pair| pair.strip_prefix("v=")),
                    ("shorts" | "embed" | "live" | "v", id) => Some(id),
                    _ => None,
                },
                "youtube-nocookie.com" => Some(segments(path)).filter(|(kind, _)| *kind == "embed").map(|(_, id)| id),
                "youtu.be" => Some(segments(path).0),
                _ => None,
            }
            .filter(|id| !RESERVED_WORDS.contains(id))
            .and_then(Self::from_id)
        })
    }

    /// Parses as [`parse`](Self::parse) does, with an error for the field `video`.
    pub fn parse_field(text: &str) -> Result<Self, FieldError> {
        let sentence = if text.trim().is_empty() {
            "Enter the link to a video."
        } else {
            "This is not the link to a YouTube video."
        };
        Self::parse(text).ok_or_else(|| FieldError::new("video", sentence))
    }

    fn from_id(text: &str) -> Option<Self> {
        let letters = text.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_');
        (text.len() == 11 && letters).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the URL of the video's page on YouTube.
    pub fn url(&self) -> String {
        format!("https://www.youtube.com/watch?v={}", self.0)
    }
}

impl fmt::Display for YoutubeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Splits a URL, with or without a scheme, into host, path and query. The host is in lower case and without `www.`, `m.` and
/// `music.`.
fn split_url(url: &str) -> Option<(String, &str, &str)> {
    let rest = match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => rest,
        // After the host, `://` is part of the path or the query.
        Some((before, _)) if before.contains(['/', '?', '#']) => url,
        Some(_) => return None,
        None => url,
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (host_and_path, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = host_and_path.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let domain = ["www.", "m.", "music."].into_iter().find_map(|prefix| host.strip_prefix(prefix)).unwrap_or(&host);
    Some((domain.to_owned(), path, query))
}

/// Returns the first two segments of a path; empty where there is none.
fn segments(path: &str) -> (&str, &str) {
    let mut segments = path.split('/');
    (segments.next().unwrap_or_default(), segments.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_a_url_is_parsed() {
        for address in [
            "aqz-KE-bpKQ",
            "  aqz-KE-bpKQ\n",
            "https://www.youtube.com/watch?v=aqz-KE-bpKQ",
            "http://www.youtube.com/watch?v=aqz-KE-bpKQ",
            "HTTPS://WWW.YouTube.com/watch?v=aqz-KE-bpKQ",
            "youtube.com/watch?v=aqz-KE-bpKQ",
            "www.youtube.com/watch?v=aqz-KE-bpKQ",
            "m.youtube.com/watch?v=aqz-KE-bpKQ&feature=youtu.be",
            "https://music.youtube.com/watch?v=aqz-KE-bpKQ&list=RDAMVMx",
            "https://www.youtube.com/watch/?v=aqz-KE-bpKQ",
            "https://www.youtube.com/watch?v=aqz-KE-bpKQ&t=1h2m3s",
            "https://www.youtube.com/watch?list=PLx&index=3&v=aqz-KE-bpKQ&si=abc",
            "https://www.youtube.com/watch?app=desktop&v=aqz-KE-bpKQ#t=30",
            "https://www.youtube.com/watch?v=aqz-KE-bpKQ&next=https://example.com/",
            "youtube.com/watch?v=aqz-KE-bpKQ&next=https://example.com/",
            "https://youtu.be/aqz-KE-bpKQ",
            "youtu.be/aqz-KE-bpKQ?si=abc&t=42",
            "https://youtu.be/aqz-KE-bpKQ/",
            "https://www.youtube.com/shorts/aqz-KE-bpKQ",
            "https://youtube.com/shorts/aqz-KE-bpKQ?feature=share",
            "https://www.youtube.com/embed/aqz-KE-bpKQ?start=30&end=60",
            "https://www.youtube.com/live/aqz-KE-bpKQ?si=x",
            "https://www.youtube.com/v/aqz-KE-bpKQ?version=3",
            "https://www.youtube-nocookie.com/embed/aqz-KE-bpKQ?rel=0",
            "youtube-nocookie.com/embed/aqz-KE-bpKQ",
        ] {
            assert_eq!(YoutubeId::parse(address).as_ref().map(YoutubeId::as_str), Some("aqz-KE-bpKQ"), "{address}");
        }
    }

    #[test]
    fn any_other_text_is_rejected() {
        for address in [
            "",
            " ",
            "aqz-KE-bpK",
            "aqz-KE-bpKQQ",
            "aqz KE bpKQ",
            "aqz.KE.bpKQ",
            "äqz-KE-bpK",
            "https://youtube.com.evil.example/watch?v=aqz-KE-bpKQ",
            "https://evil.example/youtube.com/watch?v=aqz-KE-bpKQ",
            "https://evil.example/?u=https://youtube.com/watch?v=aqz-KE-bpKQ",
            "https://notyoutube.com/watch?v=aqz-KE-bpKQ",
            "https://evil.youtube.com/watch?v=aqz-KE-bpKQ",
            "https://www.m.youtube.com/watch?v=aqz-KE-bpKQ",
            "https://youtube.com@evil.example/watch?v=aqz-KE-bpKQ",
            "https://www.youtube.com:x@evil.example/watch?v=aqz-KE-bpKQ",
            "https://user@youtube.com/watch?v=aqz-KE-bpKQ",
            "https://evil.example\\@youtube.com/watch?v=aqz-KE-bpKQ",
            "https://youtube.com\\watch?v=aqz-KE-bpKQ",
            "https://youtube.com:8080/watch?v=aqz-KE-bpKQ",
            "https://youtube.com./watch?v=aqz-KE-bpKQ",
            "javascript://youtube.com/watch?v=aqz-KE-bpKQ",
            "ftp://youtube.com/watch?v=aqz-KE-bpKQ",
            "data:text/html,https://youtube.com/watch?v=aqz-KE-bpKQ",
            "https://https://youtube.com/watch?v=aqz-KE-bpKQ",
            "https://www.youtube.com/playlist?list=PLBCF2DAC6FFB574DE",
            "https://www.youtube.com/embed/videoseries?list=PLBCF2DAC6FFB574DE",
            "https://www.youtube.com/embed/live_stream?channel=UCx",
            "https://www.youtube.com/watch?list=PLBCF2DAC6FFB574DE",
            "https://www.youtube.com/watch?v=",
            "https://www.youtube.com/watch?v=short",
            "https://www.youtube.com/watch?v=aqz-KE-bpKQQ",
            "https://www.youtube.com/watch?v=aqz-KE-bp%51",
            "https://www.youtube.com/watch?w=aqz-KE-bpKQ",
            "https://www.youtube.com/watch#v=aqz-KE-bpKQ",
            "https://www.youtube.com/@channel",
            "https://www.youtube.com/aqz-KE-bpKQ",
            "https://www.youtube-nocookie.com/watch?v=aqz-KE-bpKQ",
            "https://youtu.be/",
            "https://youtu.be",
            "https://vimeo.com/76979871",
        ] {
            assert_eq!(YoutubeId::parse(address), None, "{address}");
        }
        assert_eq!(YoutubeId::parse_field("x").unwrap_err().message, "This is not the link to a YouTube video.");
        assert_eq!(YoutubeId::parse_field(" ").unwrap_err().message, "Enter the link to a video.");
    }
}
