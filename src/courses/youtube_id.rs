//! A video at YouTube, by its id.

use std::fmt;

use crate::error::FieldError;

/// The id of a video: eleven letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YoutubeId(String);

/// What stands where an id would, eleven letters long, and is a list or a channel.
const NO_VIDEOS: [&str; 2] = ["videoseries", "live_stream"];

impl YoutubeId {
    /// Reads any form of a YouTube address, or the bare id. The host has to be YouTube's own, letter by letter.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::bare(text).or_else(|| {
            let (host, path, query) = parts(text)?;
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
            .filter(|id| !NO_VIDEOS.contains(id))
            .and_then(Self::bare)
        })
    }

    /// As [`parse`](Self::parse), with the sentence for the field `video`.
    pub fn parse_field(text: &str) -> Result<Self, FieldError> {
        let sentence = if text.trim().is_empty() {
            "Enter the video's address."
        } else {
            "This is not a YouTube video's address."
        };
        Self::parse(text).ok_or_else(|| FieldError::new("video", sentence))
    }

    fn bare(text: &str) -> Option<Self> {
        let letters = text.bytes().all(|letter| letter.is_ascii_alphanumeric() || letter == b'-' || letter == b'_');
        (text.len() == 11 && letters).then(|| Self(text.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Where it is watched at YouTube.
    pub fn address(&self) -> String {
        format!("https://www.youtube.com/watch?v={}", self.0)
    }
}

impl fmt::Display for YoutubeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Host without the name of a kind of page, path and query of a web address, with or without its scheme.
fn parts(address: &str) -> Option<(String, &str, &str)> {
    let rest = match address.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("https") || scheme.eq_ignore_ascii_case("http") => rest,
        // Not a scheme, when it stands behind the host.
        Some((before, _)) if before.contains(['/', '?', '#']) => address,
        Some(_) => return None,
        None => address,
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = place.split_once('/')?;
    let host = host.to_ascii_lowercase();
    let bare = ["www.", "m.", "music."].into_iter().find_map(|kind| host.strip_prefix(kind)).unwrap_or(&host);
    Some((bare.to_owned(), path, query))
}

/// The first two parts of a path.
fn segments(path: &str) -> (&str, &str) {
    let mut parts = path.split('/');
    (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_one_video() {
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
    fn anything_else_is_none() {
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
        assert_eq!(YoutubeId::parse_field("x").unwrap_err().message, "This is not a YouTube video's address.");
        assert_eq!(YoutubeId::parse_field(" ").unwrap_err().message, "Enter the video's address.");
    }
}
