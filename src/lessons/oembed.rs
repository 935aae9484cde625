//! What YouTube says about a video: its title, and whether it can be shown elsewhere. <https://oembed.com>

use std::{sync::LazyLock, time::Duration};

use http::StatusCode;
use reqwest::{Client, Url, redirect};
use serde::Deserialize;

use super::YoutubeId;

/// The longest that an author waits for a title.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most that is read of an answer, in bytes.
const LIMIT: usize = 64 * 1024;
/// The most characters of a title.
const TITLE: usize = 200;

static CLIENT: LazyLock<reqwest::Result<Client>> = LazyLock::new(|| {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = rustls::crypto::ring::default_provider().into();
    let builder = Client::builder().timeout(PATIENCE).redirect(redirect::Policy::limited(2));
    match rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions() {
        Ok(tls) => builder.tls_backend_preconfigured(tls.with_root_certificates(roots).with_no_client_auth()).build(),
        Err(_) => builder.build(),
    }
});

#[derive(Deserialize)]
struct Told {
    #[serde(default)]
    title: String,
}

/// The title, and whether the video can be shown in a lesson: `None` is what could not be found out. YouTube answers 400 or 404
/// for what is no video, 401 or 403 for one that is private or stays at YouTube.
pub async fn ask(base: &str, video: &YoutubeId) -> (Option<String>, Option<bool>) {
    match answer(base, video).await {
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

async fn answer(base: &str, video: &YoutubeId) -> anyhow::Result<(StatusCode, Option<String>)> {
    let client = CLIENT.as_ref().map_err(|error| anyhow::anyhow!("no client: {error}"))?;
    let url = Url::parse_with_params(base, [("url", video.address().as_str()), ("format", "json")])?;
    let mut response = client.get(url).send().await?;
    let status = response.status();
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        body.extend_from_slice(&part);
        anyhow::ensure!(body.len() <= LIMIT, "the answer is larger than {LIMIT} bytes");
    }
    let title = serde_json::from_slice::<Told>(&body).ok().and_then(|told| one_line(&told.title));
    Ok((status, title))
}

/// A title as one line that is not too long.
fn one_line(title: &str) -> Option<String> {
    let title = title.split(char::is_control).collect::<Vec<_>>().join(" ");
    let title: String = title.trim().chars().take(TITLE).collect();
    Some(title).filter(|title| !title.is_empty())
}
