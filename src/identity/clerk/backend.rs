//! Clerk's Backend API: what is asked of it with the secret key. <https://clerk.com/docs/reference/backend-api>

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

/// A page waits for this: Clerk answers within half a second, or is away.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// The most that is read of an answer, in bytes: 500 people.
const MAX_RESPONSE_BYTES: usize = 8 * 1024 * 1024;
/// How many people a page of Clerk's list has.
pub const PAGE: usize = 500;

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

    /// The keys that tokens are signed with.
    pub async fn keys(&self) -> Result<JwkSet> {
        self.ask(Method::GET, "/v1/jwks", None).await?.context("Clerk has no keys")
    }

    /// Somebody, as Clerk knows them. `None` when it does not.
    pub async fn person(&self, id: &str) -> Result<Option<Person>> {
        self.ask(Method::GET, format!("/v1/users/{}", path(id)?), None).await
    }

    /// A page of everybody, oldest first.
    pub async fn people(&self, skip: usize) -> Result<Vec<Person>> {
        let page = format!("/v1/users?limit={PAGE}&offset={skip}&order_by=%2Bcreated_at");
        self.ask(Method::GET, page, None).await?.context("Clerk has no list of people")
    }

    /// Whether a session goes on, and is this person's.
    pub async fn goes_on(&self, session: &str, person: &str) -> Result<bool> {
        #[derive(Deserialize)]
        struct Session {
            user_id: String,
            status: String,
        }
        let session = self.ask::<Session>(Method::GET, format!("/v1/sessions/{}", path(session)?), None).await?;
        Ok(session.is_some_and(|session| session.status == "active" && session.user_id == person))
    }

    /// Ends a session. Ending one that does not go on is no error.
    pub async fn end(&self, session: &str, person: &str) -> Result<()> {
        let at = format!("/v1/sessions/{}/revoke", path(session)?);
        let ended = self.ask::<Value>(Method::POST, at, Some(json!({}))).await;
        match ended {
            Err(_) if self.goes_on(session, person).await.is_ok_and(|on| !on) => Ok(()),
            ended => ended.map(drop),
        }
    }

    /// Writes our id and role into the metadata that everybody may read. `false` when Clerk has no such person.
    pub async fn tell(&self, id: &str, user: UserId, role: Role) -> Result<bool> {
        let role = if role == Role::Admin { "admin" } else { "user" };
        let told = json!({ "public_metadata": { "dbId": user.to_string(), "role": role } });
        let at = format!("/v1/users/{}/metadata", path(id)?);
        Ok(self.ask::<Value>(Method::PATCH, at, Some(told)).await?.is_some())
    }

    /// `None` for what is not there.
    async fn ask<T: DeserializeOwned>(
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
            http_client::read_body(response, MAX_RESPONSE_BYTES).await.context("Clerk's answer could not be read")?;
        match status {
            StatusCode::NOT_FOUND => Ok(None),
            status if status.is_success() => {
                Ok(Some(serde_json::from_slice(&body).context("Clerk's answer is not as we know it")?))
            }
            status => bail!("Clerk answered {status}"),
        }
    }
}

/// An id as part of an address. Clerk's are letters, digits and underscores.
fn path(id: &str) -> Result<&str> {
    if !id.is_empty()
        && id.len() <= 100
        && id.chars().all(|letter| letter.is_ascii_alphanumeric() || "_-".contains(letter))
    {
        Ok(id)
    } else {
        bail!("this is no id of Clerk's")
    }
}
