//! Client of YouTube's oEmbed endpoint: a video's title, and whether it can be embedded. <https://oembed.com>

use std::time::Duration;

use anyhow::Context;
use http::StatusCode;
use reqwest::{Client, Error};
use serde::Deserialize;

use crate::{courses::youtube_id::YoutubeId, platform::http_client};

/// An author waits no longer than this for a title.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(3);
/// A larger response is rejected.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;
/// A longer title is cut.
const MAX_TITLE_CHARS: usize = 200;

#[derive(Deserialize)]
struct OembedResult {
    title: String,
}

/// Returns a video's title, and whether it can be embedded; `None` for what is not known. YouTube responds 400 or 404 when the
/// video does not exist, 401 or 403 when it is private or its owner forbids embedding.
pub async fn fetch_video(http: &Client, base: &str, video: &YoutubeId) -> (Option<String>, Option<bool>) {
    match request(http, base, video).await {
        Ok((StatusCode::OK, title)) => (title, Some(true)),
        Ok((StatusCode::BAD_REQUEST | StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND, _)) => {
            (None, Some(false))
        }
        Ok((status, _)) => {
            tracing::warn!(%status, %video, "YouTube returned no title of a video");
            (None, None)
        }
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), %video, "Requesting a video's title from YouTube failed");
            (None, None)
        }
    }
}

async fn request(http: &Client, base: &str, video: &YoutubeId) -> anyhow::Result<(StatusCode, Option<String>)> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("url", &video.url())
        .append_pair("format", "json")
        .finish();
    let address = reqwest::Url::parse(&format!("{base}?{query}")).context("YOUTUBE_OEMBED_BASE is not a URL")?;
    let response = http.get(address).timeout(REQUEST_TIMEOUT).send().await.map_err(Error::without_url)?;
    let status = response.status();
    let body = http_client::read_body(response, MAX_RESPONSE_BYTES).await.context("could not read the response")?;
    let title = serde_json::from_slice::<OembedResult>(&body).ok().and_then(|result| one_line(&result.title));
    Ok((status, title))
}

/// Returns a title as one line of at most [`MAX_TITLE_CHARS`]; `None` when it is empty.
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

    /// A fake YouTube whose response depends on the video's id.
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
    async fn the_status_and_the_title_of_the_response_are_read() {
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
            assert_eq!(fetch_video(&http, &youtube, &id).await, (title, embeddable), "{id}");
        }
    }

    #[tokio::test]
    async fn an_unreachable_youtube_is_not_an_error() {
        let (http, id) = (http_client::new().unwrap(), YoutubeId::parse("aqz-KE-bpKQ").unwrap());
        assert_eq!(fetch_video(&http, "http://127.0.0.1:9/oembed", &id).await, (None, None));
        assert_eq!(fetch_video(&http, "no address at all", &id).await, (None, None));
    }
}
