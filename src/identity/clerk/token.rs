//! Clerk's signed tokens: session tokens, which identify a user for a minute, and handshakes, which contain the cookies of a new session
//! token.
//!
//! <https://clerk.com/docs/guides/sessions/session-tokens>

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;

use crate::identity::clerk::rs256;

/// The allowed difference of clocks, as in Clerk's own libraries.
const LEEWAY_SECONDS: i64 = 5;

/// The largest token. A session token has a few hundred bytes; a handshake contains one, with its cookies.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The claims of a session token.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Clerk's id of the user.
    pub sub: String,
    /// Clerk's id of the session. Tokens from templates have none, and may outlive the session.
    pub sid: String,
    pub exp: i64,
    pub iat: i64,
    /// The origin for which the token was issued.
    #[serde(default)]
    azp: String,
    /// `pending` while the user still has to complete a step at Clerk.
    #[serde(default)]
    sts: String,
}

/// The result of verifying a session token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Valid(Claims),
    /// Expired and otherwise valid: Clerk may have a newer one.
    Expired(Claims),
    /// Issued in the future by our clock. A new one will be valid.
    NotYetValid,
    /// Invalid, with the reason for the log.
    Invalid(&'static str),
}

/// The issuer and the origin that a token must have.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub origin: &'a str,
    pub now: DateTime<Utc>,
}

/// Returns the id of the key that a token names. `None` when it is no session token.
pub fn key_id(token: &str) -> Option<String> {
    session_header(token).and_then(|header| header.kid)
}

/// Returns the header of a token that may be a session token. Clerk marks the kind of a token in `cat`; an older token has no mark, and an
/// instance may mark all kinds alike.
fn session_header(token: &str) -> Option<Header> {
    const SESSION: &str = "cl_B7d4PD111AAA";
    const ANY: &str = "cl_I7d4PD111III";
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let header = decode_header(token).ok().filter(|header| header.alg == Algorithm::RS256)?;
    let kind = header.extras.get::<String>("cat").ok()?;
    kind.is_none_or(|kind| kind == SESSION || kind == ANY).then_some(header)
}

/// Verifies a session token.
pub fn read(token: &str, key: &DecodingKey, expected: &Expected<'_>) -> Token {
    let token = match decode_claims(token, key, expected.issuer, true) {
        Ok(claims) => Token::Valid(claims),
        Err(ErrorKind::ExpiredSignature) => match decode_claims(token, key, expected.issuer, false) {
            Ok(claims) => Token::Expired(claims),
            Err(_) => return Token::Invalid("not a session token of Clerk"),
        },
        Err(ErrorKind::ImmatureSignature) => return Token::NotYetValid,
        Err(ErrorKind::InvalidIssuer) => return Token::Invalid("of another issuer"),
        Err(_) => return Token::Invalid("not signed by Clerk"),
    };
    let (Token::Valid(content) | Token::Expired(content)) = &token else { return token };
    if content.azp != expected.origin {
        return Token::Invalid("made for another site");
    }
    if content.iat > expected.now.timestamp() + LEEWAY_SECONDS {
        return Token::NotYetValid;
    }
    if content.sts == "pending" {
        return Token::Invalid("of a session that is not complete");
    }
    token
}

/// Decodes a token and checks its signature, issuer and, if `check_expiry`, its expiry.
fn decode_claims(token: &str, key: &DecodingKey, issuer: &str, check_expiry: bool) -> Result<Claims, ErrorKind> {
    if session_header(token).is_none() {
        return Err(ErrorKind::InvalidToken);
    }
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_required_spec_claims(&["exp", "iss", "nbf", "sub"]);
    rules.set_issuer(&[issuer]);
    rules.leeway = LEEWAY_SECONDS.unsigned_abs();
    rules.validate_exp = check_expiry;
    rules.validate_nbf = true;
    // Clerk has the site in `azp`; an audience exists only in custom templates.
    rules.validate_aud = false;
    rs256::install();
    decode(token, key, &rules).map(|token| token.claims).map_err(jsonwebtoken::errors::Error::into_kind)
}

/// Returns the cookies in a handshake, as the values of `Set-Cookie` headers.
pub fn read_handshake(token: &str, key: &DecodingKey) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Handshake {
        handshake: Vec<String>,
    }
    session_header(token)?;
    let mut rules = Validation::new(Algorithm::RS256);
    // A handshake may have no expiry; the session token in it always has one.
    rules.set_required_spec_claims::<&str>(&[]);
    rules.leeway = LEEWAY_SECONDS.unsigned_abs();
    rules.validate_aud = false;
    rs256::install();
    decode::<Handshake>(token, key, &rules).ok().map(|token| token.claims.handshake)
}
