//! Fuzz tests of a school with accounts at Clerk: random and nearly valid webhooks, tokens and handshakes.

use std::cell::RefCell;

use axum::{body::Body, extract::Request};
use http::{HeaderValue, header::LOCATION};
use proptest::{
    collection::{hash_map, vec},
    prelude::*,
    sample::select,
    strategy::BoxedStrategy,
};
use serde_json::{Map, Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

use crate::{
    platform::clock,
    server::state::AppState,
    tests::{
        fake_clerk::{
            FakeClerk,
            test_browser::{SCHOOL, hook, send_hook},
        },
        fuzz::requests::{bytes, text, try_all, value},
    },
};

/// An event that resembles one of Clerk's: of a kind that we read, about one of two users, with some of their fields.
fn event() -> BoxedStrategy<Value> {
    let kind = select(vec!["user.created", "user.updated", "user.deleted", "session.created"]);
    let address = (text(), value()).prop_map(
        |(address, verification)| json!({ "id": "idn_1", "email_address": address, "verification": verification }),
    );
    let verified = text().prop_map(
        |address| json!({ "id": "idn_1", "email_address": address, "verification": { "status": "verified" } }),
    );
    let addresses = vec(prop_oneof![address, verified], 0..3).prop_map(Value::from);
    let id = prop_oneof![3 => select(vec!["user_ada", "user_ben"]).prop_map(Value::from), 1 => value()];
    let times = prop_oneof![any::<i64>(), 0_i64..9].prop_map(Value::from);
    let name =
        select(vec!["first_name", "last_name", "username", "image_url", "has_image", "public_metadata", "deleted"]);
    (kind, id, addresses, times, hash_map(name, value(), 0..7))
        .prop_map(|(kind, id, addresses, updated_at, fields)| {
            let mut data: Map<_, _> = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            let known = [("id", id), ("email_addresses", addresses), ("updated_at", updated_at)];
            data.extend(known.map(|(name, value)| (name.to_owned(), value)));
            data.entry("primary_email_address_id").or_insert("idn_1".into());
            json!({ "type": kind, "object": "event", "data": data })
        })
        .boxed()
}

#[sqlx::test]
async fn any_webhook_signed_with_clerks_secret_is_answered(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let body = prop_oneof![4 => event().prop_map(|event| event.to_string()), 1 => value().prop_map(|value| value.to_string()), 1 => text()];
    try_all(body.boxed(), async |body| send_hook(&state, hook(&body, clock::now().timestamp())).await).await;
}

#[sqlx::test]
async fn a_clerk_webhook_with_a_random_header_is_rejected(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let name = select(vec!["svix-id", "svix-timestamp", "svix-signature"]);
    let sent = prop_oneof![
        bytes(),
        "(v1,[A-Za-z0-9+/=]{0,60} ?){0,3}".prop_map(String::into_bytes),
        any::<i64>().prop_map(|time| time.to_string().into_bytes())
    ];
    try_all((name, sent, event()).boxed(), async |(name, sent, event)| {
        let Ok(sent) = HeaderValue::from_bytes(&sent) else { return 400 };
        let mut hook = hook(&event.to_string(), clock::now().timestamp());
        hook.headers_mut().insert(name, sent);
        let status = send_hook(&state, hook).await;
        assert!(matches!(status, 400 | 429), "{status}");
        status
    })
    .await;
    let people = sqlx::query_scalar!(r#"select count(*) as "count!" from users"#).fetch_one(&db).await.unwrap();
    assert_eq!(people, 0);
}

/// Opens a page that requires sign-in. Checks the redirect and the cookies, and returns the status.
async fn open(
    state: &AppState,
    clerk: &FakeClerk,
    path: &str,
    cookie: Option<Vec<u8>>,
    bearer: Option<Vec<u8>>,
) -> u16 {
    let mut page = Request::get(path).header("accept", "text/html").header("sec-fetch-dest", "document");
    for (name, sent) in [("cookie", cookie), ("authorization", bearer)] {
        let Some(sent) = sent else { continue };
        let Ok(sent) = HeaderValue::from_bytes(&sent) else { return 400 };
        page = page.header(name, sent);
    }
    let Ok(page) = page.body(Body::empty()) else { return 400 };
    let response = crate::boot::router::router(state.clone()).oneshot(page).await.unwrap();
    if let Some(to) = response.headers().get(LOCATION) {
        let to = to.to_str().unwrap();
        let known = [SCHOOL, &clerk.address].iter().any(|host| to.starts_with(&format!("{host}/")));
        assert!(known || to.starts_with('/') && !to.starts_with("//"), "redirects to {to}");
    }
    for cookie in response.headers().get_all("set-cookie") {
        assert!(cookie.as_bytes().starts_with(b"__") && !cookie.as_bytes().starts_with(b"__Host"), "sets {cookie:?}");
    }
    response.status().as_u16()
}

/// A token of three parts with a random header, or random text.
fn token() -> BoxedStrategy<Vec<u8>> {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let alg = select(vec!["RS256", "none", "HS256", "ES256", ""]);
    let head = (alg, select(vec!["ins_1", "ins_9"]), value())
        .prop_map(|(alg, kid, more)| json!({ "alg": alg, "kid": kid, "typ": more }));
    let claim = select(vec!["sub", "sid", "iss", "azp", "exp", "nbf", "iat"]);
    let claims = hash_map(claim, value(), 0..7).prop_map(|claims| json!(claims));
    let part = |of: &Value| BASE64_URL_SAFE_NO_PAD.encode(of.to_string());
    let token = (prop_oneof![head, value()], prop_oneof![claims, value()], "[A-Za-z0-9_-]{0,400}").prop_map(
        move |(head, claims, signature)| format!("{}.{}.{signature}", part(&head), part(&claims)).into_bytes(),
    );
    prop_oneof![3 => token, 1 => "[A-Za-z0-9_.-]{0,200}".prop_map(String::into_bytes), 1 => bytes()].boxed()
}

#[sqlx::test]
async fn a_random_token_signs_nobody_in(db: PgPool) {
    let clerk = FakeClerk::open().await;
    let state = clerk.school(&db).await;
    let name =
        select(vec!["__session", "__client_uat", "__clerk_handshake", "__clerk_db_jwt", "__clerk_redirect_count"]);
    let cookie =
        vec((name, prop_oneof![3 => token(), 1 => any::<i64>().prop_map(|at| at.to_string().into_bytes())]), 0..4)
            .prop_map(|pairs| {
                pairs
                    .iter()
                    .map(|(name, value)| [name.as_bytes(), b"=", value].concat())
                    .collect::<Vec<_>>()
                    .join(&b"; "[..])
            });
    let bearer = proptest::option::weighted(0.3, token().prop_map(|token| [b"Bearer ", &token[..]].concat()));
    try_all((cookie, bearer).boxed(), async |(cookie, bearer)| {
        let status = open(&state, &clerk, "/account", Some(cookie), bearer).await;
        assert!(matches!(status, 302 | 307 | 400), "{status}");
        status
    })
    .await;
}

#[sqlx::test]
async fn any_handshake_sets_only_clerks_cookies_and_redirects_to_no_other_site(db: PgPool) {
    let clerk = FakeClerk::open().await;
    let state = clerk.school(&db).await;
    let name =
        select(vec!["__session", "__client_uat", "__refresh_x", "session", "__Host-session", "theme", "flash", ""]);
    let cookie = (name, text(), select(vec!["", "; Path=/", "; Max-Age=0", "; Domain=example.net"]))
        .prop_map(|(name, value, rest)| format!("{name}={value}{rest}"));
    let payload = vec(prop_oneof![3 => cookie.prop_map(Value::from), 1 => value()], 0..5);
    let payload = prop_oneof![4 => payload.prop_map(|cookies| json!({ "handshake": cookies })), 1 => value()];
    // Signed by Clerk or not, with a random parameter besides.
    let signed = RefCell::new(0);
    try_all((payload, proptest::option::of(token()), text()).boxed(), async |(payload, forged, more)| {
        let sent = forged.unwrap_or_else(|| clerk.key.sign(&clerk.key.head(), &payload).into_bytes());
        let query: String = form_urlencoded::Serializer::new(String::new())
            .append_pair("__clerk_handshake", &String::from_utf8_lossy(&sent))
            .append_pair(&more, &more)
            .finish();
        let status = open(&state, &clerk, &format!("/account?{query}"), None, None).await;
        *signed.borrow_mut() += u64::from(status == 307);
        status
    })
    .await;
    assert!(signed.into_inner() > 0, "a handshake that Clerk signed was followed");
}
