//! A fake Clerk for tests: makes RSA keys, signs tokens with them, and serves Clerk's two APIs.

pub mod test_browser;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use axum::{
    Json, Router,
    extract::{Path, Query, Request, State},
    middleware::{self, Next},
    response::{IntoResponse, Redirect, Response},
    routing::{get, patch, post},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use http::StatusCode;
use rsa::{
    RsaPrivateKey,
    pkcs1v15::SigningKey,
    pkcs8::{EncodePublicKey, LineEnding},
    rand_core::OsRng,
    sha2::Sha256,
    signature::{SignatureEncoding, Signer},
    traits::PublicKeyParts,
};
use serde_json::{Value, json};
use sqlx::PgPool;
use tokio::net::TcpListener;

pub use crate::tests::fake_clerk::test_browser::{TestBrowser, hook, send_event, send_hook};
use crate::{
    identity::{authentication::Identity, clerk::Clerk},
    platform::{
        clock,
        config::{Config, clerk::ClerkConfig},
        environment::Environment,
        http_client,
    },
    server::state::AppState,
    tests::{
        fake_clerk::test_browser::{SCHOOL, SECRET},
        fixtures,
    },
};

/// A signing key with its id.
pub struct Key {
    id: String,
    private: RsaPrivateKey,
}

impl Key {
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), private: RsaPrivateKey::new(&mut OsRng, 2048).unwrap() }
    }

    /// Signs any header and claims, valid or not.
    pub fn sign(&self, head: &Value, claims: &Value) -> String {
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", encode(head), encode(claims));
        let signature = SigningKey::<Sha256>::new(self.private.clone()).sign(message.as_bytes());
        format!("{message}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    pub fn head(&self) -> Value {
        json!({ "alg": "RS256", "typ": "JWT", "kid": self.id, "cat": "cl_B7d4PD111AAA" })
    }

    pub fn pem(&self) -> String {
        self.private.to_public_key().to_public_key_pem(LineEnding::LF).unwrap()
    }

    fn jwk(&self) -> Value {
        let encode = |number: &rsa::BigUint| BASE64_URL_SAFE_NO_PAD.encode(number.to_bytes_be());
        json!({ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": self.id, "n": encode(self.private.n()), "e": encode(self.private.e()) })
    }
}

/// The data of the fake Clerk, and how it behaves.
#[derive(Default)]
pub struct ClerkData {
    keys: Mutex<Vec<Value>>,
    pub people: Mutex<BTreeMap<String, Value>>,
    /// Active sessions.
    pub sessions: Mutex<BTreeSet<String>>,
    pub is_unavailable: AtomicBool,
    pub requests: AtomicUsize,
    /// The payload of the next handshake.
    pub handshake: Mutex<String>,
}

/// A server with the APIs of Clerk, and its current key.
pub struct FakeClerk {
    pub address: String,
    pub key: Key,
    pub data: Arc<ClerkData>,
}

impl FakeClerk {
    pub async fn open() -> Self {
        let (key, data) = (Key::new("ins_1"), Arc::new(ClerkData::default()));
        data.keys.lock().unwrap().push(key.jwk());
        let api =
            Router::new()
                .route(
                    "/v1/jwks",
                    get(|State(data): State<Arc<ClerkData>>| async move {
                        Json(json!({ "keys": *data.keys.lock().unwrap() }))
                    }),
                )
                .route("/v1/users", get(list))
                .route(
                    "/v1/users/{id}",
                    get(|State(data): State<Arc<ClerkData>>, Path(id): Path<String>| async move {
                        found(data.people.lock().unwrap().get(&id))
                    }),
                )
                .route("/v1/users/{id}/metadata", patch(update_metadata))
                .route("/v1/sessions/{id}", get(session))
                .route("/v1/sessions/{id}/revoke", post(revoke))
                .layer(middleware::from_fn_with_state(data.clone(), authorize))
                .route("/v1/client/handshake", get(handshake))
                .with_state(data.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, api).await });
        Self { address, key, data }
    }

    pub fn config(&self) -> ClerkConfig {
        let host = self.address.strip_prefix("http://").unwrap();
        let publishable = format!("pk_test_{}", base64::prelude::BASE64_STANDARD.encode(format!("{host}$")));
        let vars = [
            ("CLERK_SECRET_KEY", "sk_test_x"),
            ("CLERK_PUBLISHABLE_KEY", &publishable),
            ("CLERK_WEBHOOK_SIGNING_SECRET", SECRET),
            ("CLERK_API_BASE", &self.address),
        ];
        let var = |name: &str| vars.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
        ClerkConfig::read(Environment::Development, &var).unwrap().unwrap()
    }

    pub fn clerk(&self) -> Clerk {
        Clerk::new(&self.config(), &school(self.config()), http_client::new().unwrap()).unwrap()
    }

    /// A school whose accounts are at this Clerk.
    pub async fn school(&self, db: &PgPool) -> AppState {
        state(db, self.config()).await
    }

    /// A valid token of a user; `claims` replace those of the same name.
    pub fn token(&self, person: &str, claims: Value) -> String {
        self.key.sign(&self.key.head(), &self.claims(person, claims))
    }

    pub fn claims(&self, person: &str, claims: Value) -> Value {
        let now = clock::now().timestamp();
        let mut all = json!({
            "iss": self.address, "azp": SCHOOL, "sub": person, "sid": format!("sess_of_{person}"),
            "iat": now, "nbf": now - 10, "exp": now + 60,
        });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        all
    }

    /// A token that expired an hour ago.
    pub fn old_token(&self, person: &str) -> String {
        let now = clock::now().timestamp();
        self.token(person, json!({ "iat": now - 3660, "nbf": now - 3670, "exp": now - 3600 }))
    }

    /// The payload of a handshake: the cookies of a session, and one that must be ignored.
    pub fn handshake(&self, token: &str) -> String {
        let cookies = json!({ "handshake": [
            format!("__session={token}; Path=/; SameSite=Lax"), "__client_uat=1; Path=/", "session=stolen; Path=/",
        ] });
        self.key.sign(&self.key.head(), &cookies)
    }

    /// Starts a session. Handshakes belong to it from now on. Returns its token.
    pub fn sign_in(&self, person: &str) -> String {
        self.data.sessions.lock().unwrap().insert(format!("sess_of_{person}"));
        let token = self.token(person, json!({}));
        *self.data.handshake.lock().unwrap() = self.handshake(&token);
        token
    }

    /// Replaces the key. The previous one is no longer published.
    pub fn rotate(&mut self) {
        self.key = Key::new("ins_2");
        *self.data.keys.lock().unwrap() = vec![self.key.jwk()];
    }

    /// Whether every request gets 503 from now on.
    pub fn set_unavailable(&self, unavailable: bool) {
        self.data.is_unavailable.store(unavailable, Ordering::SeqCst);
    }

    /// Requests to the APIs so far.
    pub fn requests(&self) -> usize {
        self.data.requests.load(Ordering::SeqCst)
    }

    pub fn add(&self, person: &Value) {
        self.data.people.lock().unwrap().insert(person["id"].as_str().unwrap().into(), person.clone());
    }
}

/// A user of Clerk with a verified address. `updated_at` is in milliseconds since 1970.
pub fn person(id: &str, name: &str, email: &str, updated_at: i64) -> Value {
    json!({
        "id": id, "first_name": name, "last_name": null, "username": null, "has_image": false, "image_url": "https://img.clerk.com/x",
        "primary_email_address_id": "idn_1", "updated_at": updated_at,
        "email_addresses": [{ "id": "idn_1", "email_address": email, "verification": { "status": "verified" } }],
    })
}

/// Configuration of a school whose accounts are at Clerk.
pub fn school(clerk: ClerkConfig) -> Config {
    let mut config = Config::for_tests(fixtures::UNREACHABLE_URL);
    config.url = SCHOOL.into();
    config.clerk = Some(clerk);
    config.admin_email = Some("Boss@example.com".into());
    config
}

/// The state of a server whose accounts are at Clerk.
pub async fn state(db: &PgPool, clerk: ClerkConfig) -> AppState {
    let (config, state) = (school(clerk), fixtures::state(db, "").await);
    AppState { identity: Identity::new(&config, &state.http).unwrap(), config: Arc::new(config), ..state }
}

async fn authorize(State(data): State<Arc<ClerkData>>, request: Request, next: Next) -> Response {
    data.requests.fetch_add(1, Ordering::SeqCst);
    if data.is_unavailable.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    match request.headers().get("authorization") {
        Some(key) if key == "Bearer sk_test_x" => next.run(request).await,
        _ => StatusCode::UNAUTHORIZED.into_response(),
    }
}

fn found(what: Option<&Value>) -> Response {
    what.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |what| Json(what.clone()).into_response())
}

async fn list(State(data): State<Arc<ClerkData>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let (people, number) = (data.people.lock().unwrap(), |name: &str| query[name].parse().unwrap());
    Json(people.values().skip(number("offset")).take(number("limit")).cloned().collect())
}

async fn update_metadata(
    State(data): State<Arc<ClerkData>>,
    Path(id): Path<String>,
    Json(update): Json<Value>,
) -> Response {
    let mut people = data.people.lock().unwrap();
    if let Some(person) = people.get_mut(&id) {
        person["public_metadata"] = update["public_metadata"].clone();
    }
    found(people.get(&id))
}

async fn session(State(data): State<Arc<ClerkData>>, Path(id): Path<String>) -> Json<Value> {
    let status = if data.sessions.lock().unwrap().contains(&id) { "active" } else { "revoked" };
    Json(json!({ "id": id, "user_id": id.strip_prefix("sess_of_"), "status": status }))
}

async fn revoke(State(data): State<Arc<ClerkData>>, Path(id): Path<String>) -> Response {
    let ended = data.sessions.lock().unwrap().remove(&id);
    let status = if ended { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, Json(json!({ "id": id }))).into_response()
}

async fn handshake(State(data): State<Arc<ClerkData>>, Query(query): Query<BTreeMap<String, String>>) -> Redirect {
    let (back, payload) = (&query["redirect_url"], data.handshake.lock().unwrap().clone());
    let sign = if back.contains('?') { '&' } else { '?' };
    Redirect::temporary(&format!("{back}{sign}__clerk_handshake={payload}"))
}
