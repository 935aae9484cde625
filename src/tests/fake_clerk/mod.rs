//! A Clerk of our own, for tests: it makes RSA keys, signs tokens and webhooks with them, and answers as Clerk's two APIs do.

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

pub use crate::tests::fake_clerk::test_browser::{TestBrowser, hook, send_hook, tell_school};
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

pub struct Key {
    id: String,
    private: RsaPrivateKey,
}

impl Key {
    pub fn new(id: &str) -> Self {
        Self { id: id.into(), private: RsaPrivateKey::new(&mut OsRng, 2048).unwrap() }
    }

    /// Signs whatever it is given.
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

/// What Clerk knows, and how it does.
#[derive(Default)]
pub struct Known {
    keys: Mutex<Vec<Value>>,
    pub people: Mutex<BTreeMap<String, Value>>,
    /// Those that go on.
    pub sessions: Mutex<BTreeSet<String>>,
    pub away: AtomicBool,
    pub asked: AtomicUsize,
    /// What the next handshake brings.
    pub brings: Mutex<String>,
}

pub struct FakeClerk {
    pub address: String,
    pub key: Key,
    pub known: Arc<Known>,
}

impl FakeClerk {
    pub async fn open() -> Self {
        let (key, known) = (Key::new("ins_1"), Arc::new(Known::default()));
        known.keys.lock().unwrap().push(key.jwk());
        let api =
            Router::new()
                .route(
                    "/v1/jwks",
                    get(|State(known): State<Arc<Known>>| async move {
                        Json(json!({ "keys": *known.keys.lock().unwrap() }))
                    }),
                )
                .route("/v1/users", get(list))
                .route(
                    "/v1/users/{id}",
                    get(|State(known): State<Arc<Known>>, Path(id): Path<String>| async move {
                        found(known.people.lock().unwrap().get(&id))
                    }),
                )
                .route("/v1/users/{id}/metadata", patch(tell))
                .route("/v1/sessions/{id}", get(session))
                .route("/v1/sessions/{id}/revoke", post(revoke))
                .layer(middleware::from_fn_with_state(known.clone(), door))
                .route("/v1/client/handshake", get(handshake))
                .with_state(known.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, api).await });
        Self { address, key, known }
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

    /// A school whose people are known here.
    pub async fn school(&self, db: &PgPool) -> AppState {
        state(db, self.config()).await
    }

    /// A right token of somebody, with claims of one's own in the place of what it would say.
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

    /// A token that ended an hour ago.
    pub fn old_token(&self, person: &str) -> String {
        let now = clock::now().timestamp();
        self.token(person, json!({ "iat": now - 3660, "nbf": now - 3670, "exp": now - 3600 }))
    }

    /// What a handshake carries: a right token, and when it was made.
    pub fn handshake(&self, token: &str) -> String {
        let cookies = json!({ "handshake": [
            format!("__session={token}; Path=/; SameSite=Lax"), "__client_uat=1; Path=/", "session=stolen; Path=/",
        ] });
        self.key.sign(&self.key.head(), &cookies)
    }

    /// Whoever comes for a handshake from now on is this person.
    pub fn sign_in(&self, person: &str) -> String {
        self.known.sessions.lock().unwrap().insert(format!("sess_of_{person}"));
        let token = self.token(person, json!({}));
        *self.known.brings.lock().unwrap() = self.handshake(&token);
        token
    }

    /// Signs with another key from now on. The one before is not known any more.
    pub fn rotate(&mut self) {
        self.key = Key::new("ins_2");
        *self.known.keys.lock().unwrap() = vec![self.key.jwk()];
    }

    pub fn set_away(&self, away: bool) {
        self.known.away.store(away, Ordering::SeqCst);
    }

    pub fn asked(&self) -> usize {
        self.known.asked.load(Ordering::SeqCst)
    }

    pub fn add(&self, person: &Value) {
        self.known.people.lock().unwrap().insert(person["id"].as_str().unwrap().into(), person.clone());
    }
}

/// Somebody with a verified address, as Clerk knew them so many milliseconds after 1970.
pub fn person(id: &str, name: &str, email: &str, updated_at: i64) -> Value {
    json!({
        "id": id, "first_name": name, "last_name": null, "username": null, "has_image": false, "image_url": "https://img.clerk.com/x",
        "primary_email_address_id": "idn_1", "updated_at": updated_at,
        "email_addresses": [{ "id": "idn_1", "email_address": email, "verification": { "status": "verified" } }],
    })
}

pub fn school(clerk: ClerkConfig) -> Config {
    let mut config = Config::for_tests("http://127.0.0.1:9");
    config.url = SCHOOL.into();
    config.clerk = Some(clerk);
    config.admin_email = Some("Boss@example.com".into());
    config
}

pub async fn state(db: &PgPool, clerk: ClerkConfig) -> AppState {
    let (config, state) = (school(clerk), fixtures::state(db, "").await);
    AppState { identity: Identity::new(&config, &state.http).unwrap(), config: Arc::new(config), ..state }
}

async fn door(State(known): State<Arc<Known>>, request: Request, next: Next) -> Response {
    known.asked.fetch_add(1, Ordering::SeqCst);
    if known.away.load(Ordering::SeqCst) {
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

async fn list(State(known): State<Arc<Known>>, Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let (people, number) = (known.people.lock().unwrap(), |name: &str| query[name].parse().unwrap());
    Json(people.values().skip(number("offset")).take(number("limit")).cloned().collect())
}

async fn tell(State(known): State<Arc<Known>>, Path(id): Path<String>, Json(told): Json<Value>) -> Response {
    let mut people = known.people.lock().unwrap();
    if let Some(person) = people.get_mut(&id) {
        person["public_metadata"] = told["public_metadata"].clone();
    }
    found(people.get(&id))
}

async fn session(State(known): State<Arc<Known>>, Path(id): Path<String>) -> Json<Value> {
    let status = if known.sessions.lock().unwrap().contains(&id) { "active" } else { "revoked" };
    Json(json!({ "id": id, "user_id": id.strip_prefix("sess_of_"), "status": status }))
}

async fn revoke(State(known): State<Arc<Known>>, Path(id): Path<String>) -> Response {
    let ended = known.sessions.lock().unwrap().remove(&id);
    let status = if ended { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    (status, Json(json!({ "id": id }))).into_response()
}

async fn handshake(State(known): State<Arc<Known>>, Query(query): Query<BTreeMap<String, String>>) -> Redirect {
    let (back, brings) = (&query["redirect_url"], known.brings.lock().unwrap().clone());
    let sign = if back.contains('?') { '&' } else { '?' };
    Redirect::temporary(&format!("{back}{sign}__clerk_handshake={brings}"))
}
