//! Tokens, right and wrong, and the keys they are verified with.

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

/// A token of the algorithm that a forger chose, keyed with what everybody can read.
fn hs256(issuer: &FakeClerk) -> String {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let head = json!({ "alg": "HS256", "typ": "JWT", "kid": "ins_1" }).to_string();
    let message =
        format!("{}.{}", encode(head.as_bytes()), encode(issuer.claims("user_ada", json!({})).to_string().as_bytes()));
    let mut mac = Hmac::<Sha256>::new_from_slice(issuer.key.pem().as_bytes()).unwrap();
    mac.update(message.as_bytes());
    format!("{message}.{}", encode(&mac.finalize().into_bytes()))
}

fn none(issuer: &FakeClerk) -> String {
    let signed = issuer.key.sign(&json!({ "alg": "none", "kid": "ins_1" }), &issuer.claims("user_ada", json!({})));
    format!("{}.", signed.rsplit_once('.').unwrap().0)
}

fn with(head: Value) -> impl Fn(&FakeClerk) -> String {
    move |issuer| {
        let mut whole = issuer.key.head();
        for (name, value) in head.as_object().unwrap() {
            whole[name] = value.clone();
        }
        issuer.key.sign(&whole, &issuer.claims("user_ada", json!({})))
    }
}

fn says(claims: Value) -> impl Fn(&FakeClerk) -> String {
    move |issuer| issuer.token("user_ada", claims.clone())
}

fn without(claim: &'static str) -> impl Fn(&FakeClerk) -> String {
    move |issuer| {
        let mut claims = issuer.claims("user_ada", json!({}));
        claims.as_object_mut().unwrap().remove(claim);
        issuer.key.sign(&issuer.key.head(), &claims)
    }
}

fn changed(change: impl Fn(String) -> String) -> impl Fn(&FakeClerk) -> String {
    move |issuer| change(issuer.token("user_ada", json!({})))
}

#[rstest]
#[case::of_another_key(|issuer: &FakeClerk| Key::new("ins_1").sign(&issuer.key.head(), &issuer.claims("user_ada", json!({}))))]
#[case::of_a_key_that_is_not_clerks(with(json!({ "kid": "ins_9" })))]
#[case::of_no_key(with(json!({ "kid": null })))]
#[case::not_signed(none)]
#[case::signed_with_the_public_key(hs256)]
#[case::of_an_algorithm_it_does_not_name(with(json!({ "alg": "HS256" })))]
#[case::of_an_unknown_algorithm(with(json!({ "alg": "RS999" })))]
#[case::of_another_issuer(says(json!({ "iss": "https://clerk.evil.example" })))]
#[case::of_no_issuer(without("iss"))]
#[case::for_another_site(says(json!({ "azp": "https://evil.example" })))]
#[case::for_our_site_without_tls(says(json!({ "azp": SCHOOL.replace("https", "http") })))]
#[case::for_no_site(without("azp"))]
#[case::of_nobody(without("sub"))]
#[case::of_a_template(without("sid"))]
#[case::of_a_template_by_its_kind(with(json!({ "cat": "cl_B7d4PD222AAA" })))]
#[case::of_a_machine(with(json!({ "cat": "cl_B7d4PD333AAA" })))]
#[case::without_an_end(without("exp"))]
#[case::without_a_beginning(without("nbf"))]
#[case::with_an_end_that_is_none(says(json!({ "exp": "tomorrow" })))]
#[case::of_a_session_that_is_not_complete(says(json!({ "sts": "pending" })))]
#[case::expired_and_of_another_issuer(says(json!({ "exp": 1_000, "iat": 900, "iss": "https://clerk.evil.example" })))]
#[case::expired_and_for_another_site(says(json!({ "exp": 1_000, "iat": 900, "azp": "https://evil.example" })))]
#[case::truncated(changed(|token| token[..token.len() - 3].into()))]
#[case::cut_to_its_claims(changed(|token| token.rsplit_once('.').unwrap().0.into()))]
#[case::with_a_tail(changed(|token| format!("{token}.x")))]
#[case::larger_than_any(changed(|token| format!("{token}{}", "A".repeat(20_000))))]
#[case::empty(changed(|_| String::new()))]
#[case::no_token(changed(|_| "..".into()))]
#[tokio::test]
async fn a_bad_token_opens_nothing(#[case] forge: impl Fn(&FakeClerk) -> String) {
    let issuer = FakeClerk::open().await;
    let clerk = issuer.clerk();
    let read = clerk.read(&forge(&issuer)).await;
    assert!(matches!(read, Ok(Token::Bad(_))), "{read:?}");
    let right = clerk.read(&issuer.token("user_ada", json!({}))).await;
    assert!(matches!(right, Ok(Token::Good(_))), "{right:?}");
}

#[rstest]
#[case::just_made(0, 0, 60, "good")]
#[case::by_a_clock_a_little_ahead(4, 4, 64, "good")]
#[case::ended_a_moment_ago(-64, -64, -4, "good")]
#[case::ended(-70, -70, -10, "expired")]
#[case::from_the_future(0, 60, 120, "early")]
#[case::made_in_the_future(60, 0, 120, "early")]
#[tokio::test]
async fn a_token_has_its_time(#[case] iat: i64, #[case] nbf: i64, #[case] exp: i64, #[case] is: &str) {
    let issuer = FakeClerk::open().await;
    let claims = json!({ "iat": now() + iat, "nbf": now() + nbf, "exp": now() + exp });
    let read = issuer.clerk().read(&issuer.token("user_ada", claims)).await.unwrap();
    let word = match read {
        Token::Good(_) => "good",
        Token::Expired(_) => "expired",
        Token::Early => "early",
        Token::Bad(_) => "bad",
    };
    assert_eq!(word, is);
}

async fn is_good(clerk: &Clerk, token: &str) -> Result<bool, Error> {
    clerk.read(token).await.map(|read| matches!(read, Token::Good(_)))
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_for_one_that_is_new() {
    let mut issuer = FakeClerk::open().await;
    let clerk = issuer.clerk();
    let old = issuer.token("user_ada", json!({}));
    for _ in 0..3 {
        assert_eq!(is_good(&clerk, &old).await, Ok(true));
    }
    assert_eq!(issuer.asked(), 1);
    issuer.rotate();
    let new = issuer.token("user_ada", json!({}));
    assert_eq!(is_good(&clerk, &new).await, Ok(false), "Clerk was asked a moment ago");
    assert_eq!(issuer.asked(), 1);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    assert_eq!(is_good(&clerk, &new).await, Ok(true));
    assert_eq!(is_good(&clerk, &old).await, Ok(false), "a key that Clerk withdrew");
    assert_eq!(issuer.asked(), 2, "and whatever else tokens name, it is not asked again at once");
}

#[tokio::test]
async fn while_clerk_is_away_what_is_known_still_does() {
    let issuer = FakeClerk::open().await;
    let (known, new) = (issuer.clerk(), issuer.clerk());
    let token = issuer.token("user_ada", json!({}));
    assert_eq!(is_good(&known, &token).await, Ok(true));
    issuer.set_away(true);
    assert_eq!(is_good(&known, &token).await, Ok(true));
    assert_eq!(is_good(&new, &token).await, Err(Error::Unavailable), "nobody is taken for a visitor because of it");
    assert_eq!(is_good(&new, &token).await, Err(Error::Unavailable));
}

#[tokio::test]
async fn a_key_in_the_configuration_needs_no_clerk() {
    let issuer = FakeClerk::open().await;
    issuer.set_away(true);
    let mut clerk = issuer.clerk();
    clerk.keys = crate::identity::clerk::jwks::Keys::new(Some(&issuer.key.pem())).unwrap();
    assert_eq!(is_good(&clerk, &issuer.token("user_ada", json!({}))).await, Ok(true));
    let forged = Key::new("ins_1").sign(&issuer.key.head(), &issuer.claims("user_ada", json!({})));
    assert_eq!(is_good(&clerk, &forged).await, Ok(false));
    assert_eq!(issuer.asked(), 0);
}
