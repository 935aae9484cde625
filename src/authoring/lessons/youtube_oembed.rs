//! What YouTube says about a video: its title, and whether it can be shown elsewhere. <https://oembed.com>

use std::time::Duration;

use anyhow::Context;
use http::StatusCode;
use reqwest::{Client, Error};
use serde::Deserialize;

use crate::{courses::youtube_id::YoutubeId, platform::http_client};

/// The longest that an author waits for a title.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// The most that is read of an answer, in bytes.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// The most characters of a title.
const MAX_TITLE_CHARS: usize = 200;

#[derive(Deserialize)]
struct OembedResult {
    title: String,
}

/// The title, and whether the video can be shown in a lesson: `None` is what could not be found out. YouTube answers 400 or 404
/// for what is no video, 401 or 403 for one that is private or stays at YouTube.
pub async fn ask(http: &Client, base: &str, video: &YoutubeId) -> (Option<String>, Option<bool>) {
    match answer(http, base, video).await {
        Ok((StatusCode::OK, title)) => (title, Some(true)),
        Ok((StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _)) => {
            (None, Some(false))
        }
        Ok((status, _)) => {
            tracing::warn!(%status, %video, "YouTube did not tell a video's title");
            (None, None)
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), %video, "YouTube could not be asked for a video's title");
            (None, None)
        }
    }
}

async fn answer(http: &Client, base: &str, video: &YoutubeId) -> anyhow::Result<(StatusCode, Option<String>)> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("url", &video.address())
        .append_pair("format", "json")
        .finish();
    let address = reqwest::Url::parse(&format!("{base}?{query}")).context("YOUTUBE_OEMBED_BASE is no address")?;
    let response = http.get(address).timeout(REQUEST_TIMEOUT).send().await.map_err(Error::without_url)?;
    let status = response.status();
    let body = http_client::read_body(response, MAX_RESPONSE_BYTES).await.context("the answer could not be read")?;
    let title = serde_json::from_slice::<OembedResult>(&body).ok().and_then(|told| one_line(&told.title));
    Ok((status, title))
}

/// A title as one line that is not too long.
fn one_line(title: &str) -> Option<String> {
    let title = title.split(char::is_control).collect::<Vec<_>>().join(" ");
    let title: String = title.trim().chars().take(MAX_TITLE_CHARS).collect();
    Some(title).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::{Router, http::Uri, routing::get};
    use std::future::pending;
    use tokio::net::TcpListener;

    /// A YouTube of our own, which says of a video what its id asks for.
    async fn youtube() -> String {
        async fn oembed(uri: Uri) -> (StatusCode, String) {
            let query = uri.query().unwrap();
            assert!(query.starts_with("url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3D"), "{query}");
            let id = &query[query.find("v%3D").unwrap() + 4..][..11];
            match id {
                "not-a-video" => (StatusCode::NOT_FOUND, "Not Found".into()),
                "privatevid_" => (StatusCode::UNAUTHORIZED, "Unauthorized".into()),
                "badrequest_" => (StatusCode::BAD_REQUEST, "Bad Request".into()),
                "brokenvideo" => (StatusCode::INTERNAL_SERVER_ERROR, String::new()),
                "nojsonatall" => (StatusCode::OK, "<html>".into()),
                "toolargebod" => (StatusCode::OK, format!(r#"{{"title":"{}"}}"#, "x".repeat(MAX_RESPONSE_BYTES))),
                "longtitleid" => (StatusCode::OK, format!(r#"{{"title":"{}"}}"#, "é".repeat(300))),
                "neveranswer" => pending().await,
                _ => (StatusCode::OK, r#"{"title":" Big Buck Bunny\n","author_name":"Blender"}"#.into()),
            }
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/oembed", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, Router::new().route("/oembed", get(oembed))).await });
        address
    }

    #[tokio::test]
    async fn youtube_is_asked_for_the_title_and_believed_with_care() {
        let (http, youtube) = (http_client::new().unwrap(), youtube().await);
        let table = [
            ("aqz-KE-bpKQ", Some("Big Buck Bunny".to_owned()), Some(true)),
            ("longtitleid", Some("é".repeat(200)), Some(true)),
            ("nojsonatall", None, Some(true)),
            ("not-a-video", None, Some(false)),
            ("privatevid_", None, Some(false)),
            ("badrequest_", None, Some(false)),
            ("brokenvideo", None, None),
            ("toolargebod", None, None),
            ("neveranswer", None, None),
        ];
        for (id, title, embeddable) in table {
            let id = YoutubeId::parse(id).unwrap();
            assert_eq!(ask(&http, &youtube, &id).await, (title, embeddable), "{id}");
        }
    }

    #[tokio::test]
    async fn a_youtube_that_is_away_is_no_error() {
        let (http, id) = (http_client::new().unwrap(), YoutubeId::parse("aqz-KE-bpKQ").unwrap());
        assert_eq!(ask(&http, "http://127.0.0.1:9/oembed", &id).await, (None, None));
        assert_eq!(ask(&http, "no address at all", &id).await, (None, None));
    }
}
