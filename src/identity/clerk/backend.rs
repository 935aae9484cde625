//! Client of Clerk's Backend API, which authenticates with the secret key. <https://clerk.com/docs/reference/backend-api>

use std::{fmt::Display, time::Duration};

use anyhow::{Context, Result, bail};
use http::{Method, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use reqwest::{Client, Error};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    id::UserId,
    identity::clerk::person::Person,
    platform::{config::clerk::ClerkConfig, http_client},
    users::Role,
};

/// A page waits for this response, which usually takes less than half a second.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The largest response: a page of 500 users.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// The number of users in a page of Clerk's list.
pub const PAGE_SIZE: usize = 500;

/// A client with the secret key of one instance.
#[derive(Clone)]
pub struct Backend {
    http: Client,
    base: String,
    secret_key: String,
}

impl Backend {
    pub fn new(config: &ClerkConfig, http: Client) -> Self {
        Self { http, base: config.api_base.clone(), secret_key: config.secret_key.clone() }
    }

    /// Fetches the public keys of the instance.
    pub async fn keys(&self) -> Result<JwkSet> {
        self.request(Method::GET, "/v1/jwks", None).await?.context("Clerk has no keys")
    }

    /// Fetches a user. `None` when Clerk has no user with this id.
    pub async fn person(&self, id: &str) -> Result<Option<Person>> {
        self.request(Method::GET, format!("/v1/users/{}", path_segment(id)?), None).await
    }

    /// Fetches a page of all users, oldest first.
    pub async fn people(&self, skip: usize) -> Result<Vec<Person>> {
        let page = format!("/v1/users?limit={PAGE_SIZE}&offset={skip}&order_by=%2Bcreated_at");
        self.request(Method::GET, page, None).await?.context("Clerk has no list of people")
    }

    /// Returns whether a session is active and belongs to this user.
    pub async fn is_session_active(&self, session: &str, person: &str) -> Result<bool> {
        #[derive(Deserialize)]
        struct Session {
            user_id: String,
            status: String,
        }
        let session =
            self.request::<Session>(Method::GET, format!("/v1/sessions/{}", path_segment(session)?), None).await?;
        Ok(session.is_some_and(|session| session.status == "active" && session.user_id == person))
    }

    /// Revokes a session. One that is not active any more is no error.
    pub async fn revoke_session(&self, session: &str, person: &str) -> Result<()> {
        let at = format!("/v1/sessions/{}/revoke", path_segment(session)?);
        let revoked = self.request::<Value>(Method::POST, at, Some(json!({}))).await;
        match revoked {
            Err(_) if self.is_session_active(session, person).await.is_ok_and(|active| !active) => Ok(()),
            revoked => revoked.map(drop),
        }
    }

    /// Writes our id and role of a user into their public metadata. `false` when Clerk has no such user.
    pub async fn update_metadata(&self, id: &str, user: UserId, role: Role) -> Result<bool> {
        let role = if role == Role::Admin { "admin" } else { "user" };
        let metadata = json!({ "public_metadata": { "dbId": user.to_string(), "role": role } });
        let at = format!("/v1/users/{}/metadata", path_segment(id)?);
        Ok(self.request::<Value>(Method::PATCH, at, Some(metadata)).await?.is_some())
    }

    /// Sends a request and parses its response. `None` for status 404.
    async fn request<T: DeserializeOwned>(
        &self,
        method: Method,
        at: impl Display,
        body: Option<Value>,
    ) -> Result<Option<T>> {
        let mut request = self
            .http
            .request(method, format!("{}{at}", self.base))
            .bearer_auth(&self.secret_key)
            .timeout(REQUEST_TIMEOUT);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.map_err(Error::without_url).context("reach Clerk")?;
        let status = response.status();
        let body =
            http_client::read_body(response, MAX_RESPONSE_BYTES).await.context("Clerk's response could not be read")?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                Ok(Some(serde_json::from_slice(&body).context("Clerk's response has an unknown format")?))
            }
            status => bail!("Clerk responded with {status}"),
        }
    }
}

/// Checks an id that becomes part of a URL. Clerk's ids are letters, digits and underscores.
fn path_segment(id: &str) -> Result<&str> {
    if !id.is_empty()
        && id.len() <= 100
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
    {
        Ok(id)
    } else {
        bail!("this is not an id of Clerk")
    }
}
