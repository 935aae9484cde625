//! HTTP client for the services that this server calls itself: Clerk and YouTube. Stripe's client brings its own connection.

use std::{sync::Arc, time::Duration};

use reqwest::{Client, Response, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};

/// The timeout of a request whose caller sets none, from connecting to the end of the body.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A client whose clones share one pool of connections. It follows no redirect and reads no proxy from the environment, so that a
/// secret key goes only to the configured address; TLS is ring with Mozilla's certificate authorities, as the Stripe client has it.
///
/// # Errors
/// When ring offers no protocol version that rustls considers safe.
pub fn new() -> anyhow::Result<Client> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client =
        Client::builder().tls_backend_preconfigured(tls).timeout(TIMEOUT).redirect(redirect::Policy::none()).no_proxy();
    Ok(client.build()?)
}

/// Reads a body of at most `max_bytes`.
///
/// # Errors
/// When the body is longer, or the connection breaks off.
pub async fn read_body(mut response: Response, max_bytes: usize) -> anyhow::Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(reqwest::Error::without_url)? {
        anyhow::ensure!(body.len() + chunk.len() <= max_bytes, "the body has more than {max_bytes} bytes");
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}
