//! Session tokens of Clerk, valid and invalid, and the keys that verify them.

use hmac::{Hmac, KeyInit, Mac};
use rstest::rstest;
use serde_json::{Value, json};
use sha2::Sha256;

use crate::{
    error::Error,
    identity::clerk::{Clerk, token::Token},
    platform::clock,
    tests::fake_clerk::{FakeClerk, Key, test_browser::SCHOOL},
};

fn now() -> i64 {
    clock::now().timestamp()
}

/// A forged token: signed by HMAC with the public key, which everybody can read.
fn hs256(fake: &FakeClerk) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let head = json!({ "alg": "HS256", "typ": "JWT", "kid": "ins_1" }).to_string();
    let message =
        format!("{}.{}", encode(head.as_bytes()), encode(fake.claims("user_ada", json!({})).to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(fake.key.pem().as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", encode(&mac.finalize().into_bytes()))
}

fn none(fake: &FakeClerk) -> String {
    let signed = fake.key.sign(&json!({ "alg": "none", "kid": "ins_1" }), &fake.claims("user_ada", json!({})));
    format!("{}.", signed.rsplit_once('.').unwrap().0)
}

fn with_header(head: Value) -> impl Fn(&FakeClerk) -> String {
    move |fake| {
        let mut header = fake.key.head();
        for (name, value) in head.as_object().unwrap() {
            header[name] = value.clone();
        }
        fake.key.sign(&header, &fake.claims("user_ada", json!({})))
    }
}

fn with_claims(claims: Value) -> impl Fn(&FakeClerk) -> String {
    move |fake| fake.token("user_ada", claims.clone())
}

fn without(claim: &'static str) -> impl Fn(&FakeClerk) -> String {
    move |fake| {
        let mut claims = fake.claims("user_ada", json!({}));
        claims.as_object_mut().unwrap().remove(claim);
        fake.key.sign(&fake.key.head(), &claims)
    }
}

fn changed(change: impl Fn(String) -> String) -> impl Fn(&FakeClerk) -> String {
    move |fake| change(fake.token("user_ada", json!({})))
}

#[rstest]
#[case::of_another_key(|fake: &FakeClerk| Key::new("ins_1").sign(&fake.key.head(), &fake.claims("user_ada", json!({}))))]
#[case::of_a_key_that_is_not_clerks(with_header(json!({ "kid": "ins_9" })))]
#[case::of_no_key(with_header(json!({ "kid": null })))]
#[case::not_signed(none)]
#[case::signed_with_the_public_key(hs256)]
#[case::of_an_algorithm_it_does_not_name(with_header(json!({ "alg": "HS256" })))]
#[case::of_an_unknown_algorithm(with_header(json!({ "alg": "RS999" })))]
#[case::of_another_issuer(with_claims(json!({ "iss": "https://clerk.evil.example" })))]
#[case::of_no_issuer(without("iss"))]
#[case::for_another_site(with_claims(json!({ "azp": "https://evil.example" })))]
#[case::for_our_site_without_tls(with_claims(json!({ "azp": SCHOOL.replace("https", "http") })))]
#[case::for_no_site(without("azp"))]
#[case::of_nobody(without("sub"))]
#[case::of_a_template(without("sid"))]
#[case::of_a_template_by_its_kind(with_header(json!({ "cat": "cl_B7d4PD222AAA" })))]
#[case::of_a_machine(with_header(json!({ "cat": "cl_B7d4PD333AAA" })))]
#[case::without_an_end(without("exp"))]
#[case::without_a_beginning(without("nbf"))]
#[case::with_an_end_that_is_none(with_claims(json!({ "exp": "tomorrow" })))]
#[case::of_a_session_that_is_not_complete(with_claims(json!({ "sts": "pending" })))]
#[case::expired_and_of_another_issuer(with_claims(json!({ "exp": 1_000, "iat": 900, "iss": "https://clerk.evil.example" })))]
#[case::expired_and_for_another_site(with_claims(json!({ "exp": 1_000, "iat": 900, "azp": "https://evil.example" })))]
#[case::truncated(changed(|token| token[..token.len() - 3].into()))]
#[case::cut_to_its_claims(changed(|token| token.rsplit_once('.').unwrap().0.into()))]
#[case::with_a_tail(changed(|token| format!("{token}.x")))]
#[case::larger_than_any(changed(|token| format!("{token}{}", "A".repeat(20_000))))]
#[case::empty(changed(|_| String::new()))]
#[case::no_token(changed(|_| "..".into()))]
#[tokio::test]
async fn an_invalid_token_is_rejected(#[case] forge: impl Fn(&FakeClerk) -> String) {
    let fake = FakeClerk::open().await;
    let clerk = fake.clerk();
    let read = clerk.read(&forge(&fake)).await;
    assert!(matches!(read, Ok(Token::Invalid(_))), "{read:?}");
    let right = clerk.read(&fake.token("user_ada", json!({}))).await;
    assert!(matches!(right, Ok(Token::Valid(_))), "{right:?}");
}

#[rstest]
#[case::just_made(0, 0, 60, "valid")]
#[case::by_a_clock_a_little_ahead(4, 4, 64, "valid")]
#[case::ended_a_moment_ago(-64, -64, -4, "valid")]
#[case::ended(-70, -70, -10, "expired")]
#[case::from_the_future(0, 60, 120, "not yet valid")]
#[case::made_in_the_future(60, 0, 120, "not yet valid")]
#[tokio::test]
async fn a_token_is_valid_only_within_its_times(
    #[case] iat: i64,
    #[case] nbf: i64,
    #[case] exp: i64,
    #[case] expected: &str,
) {
    let fake = FakeClerk::open().await;
    let claims = json!({ "iat": now() + iat, "nbf": now() + nbf, "exp": now() + exp });
    let read = fake.clerk().read(&fake.token("user_ada", claims)).await.unwrap();
    let result = match read {
        Token::Valid(_) => "valid",
        Token::Expired(_) => "expired",
        Token::NotYetValid => "not yet valid",
        Token::Invalid(_) => "invalid",
    };
    assert_eq!(result, expected);
}

async fn is_valid(clerk: &Clerk, token: &str) -> Result<bool, Error> {
    clerk.read(token).await.map(|read| matches!(read, Token::Valid(_)))
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_a_new_one() {
    let mut fake = FakeClerk::open().await;
    let clerk = fake.clerk();
    let old = fake.token("user_ada", json!({}));
    for _ in 0..3 {
        assert_eq!(is_valid(&clerk, &old).await, Ok(true));
    }
    assert_eq!(fake.requests(), 1);
    fake.rotate();
    let new = fake.token("user_ada", json!({}));
    assert_eq!(is_valid(&clerk, &new).await, Ok(false), "keys are fetched at most once a second");
    assert_eq!(fake.requests(), 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(is_valid(&clerk, &new).await, Ok(true));
    assert_eq!(is_valid(&clerk, &old).await, Ok(false), "a key that Clerk withdrew");
    assert_eq!(fake.requests(), 2, "an unknown key does not cause another fetch at once");
}

#[tokio::test]
async fn cached_keys_verify_during_an_outage_of_clerk() {
    let fake = FakeClerk::open().await;
    let (known, new) = (fake.clerk(), fake.clerk());
    let token = fake.token("user_ada", json!({}));
    assert_eq!(is_valid(&known, &token).await, Ok(true));
    fake.set_unavailable(true);
    assert_eq!(is_valid(&known, &token).await, Ok(true));
    assert_eq!(is_valid(&new, &token).await, Err(Error::Unavailable), "the student is not treated as a visitor");
    assert_eq!(is_valid(&new, &token).await, Err(Error::Unavailable));
}

#[tokio::test]
async fn a_configured_key_verifies_without_clerk() {
    let fake = FakeClerk::open().await;
    fake.set_unavailable(true);
    let mut clerk = fake.clerk();
    clerk.keys = crate::identity::clerk::jwks::Keys::new(Some(&fake.key.pem())).unwrap();
    assert_eq!(is_valid(&clerk, &fake.token("user_ada", json!({}))).await, Ok(true));
    let forged = Key::new("ins_1").sign(&fake.key.head(), &fake.claims("user_ada", json!({})));
    assert_eq!(is_valid(&clerk, &forged).await, Ok(false));
    assert_eq!(fake.requests(), 0);
}
