//! Tokens: what Clerk signs. A session token says who somebody is, for a minute; a handshake brings the cookies of a new one.
//!
//! <https://clerk.com/docs/guides/sessions/session-tokens>

use chrono::{DateTime, Utc};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;

use crate::identity::clerk::rs256;

/// How far clocks may differ, in seconds. Clerk's own libraries allow as much.
pub const LEEWAY: i64 = 5;

/// A token is a few hundred bytes; a handshake carries one, with its cookies.
const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// What a session token says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// Clerk's id of the person.
    pub sub: String,
    /// Clerk's id of the session. Tokens made by templates have none, and outlive it.
    pub sid: String,
    pub exp: i64,
    pub iat: i64,
    /// The origin that the token was made for.
    #[serde(default)]
    azp: String,
    /// `pending` while Clerk still wants something of the person.
    #[serde(default)]
    sts: String,
}

/// What a token turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    Good(Claims),
    /// Right in all else: Clerk may have a newer one.
    Expired(Claims),
    /// By our clock, not made yet. A new one will be.
    Early,
    Bad(&'static str),
}

/// Whose tokens are believed, and made for whom.
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub origin: &'a str,
    pub now: DateTime<Utc>,
}

/// The id of the key that a token names. `None` when it is not for us to read.
pub fn key_id(token: &str) -> Option<String> {
    head(token).and_then(|head| head.kid)
}

/// The head of a token that may be a session's. Clerk marks what it signs by kind; an older token has no mark, and an instance
/// may mark all its kinds alike.
fn head(token: &str) -> Option<Header> {
    const SESSION: &str = "cl_B7d4PD111AAA";
    const ANY: &str = "cl_I7d4PD111III";
    if token.len() > MAX_TOKEN_BYTES {
        return None;
    }
    let head = decode_header(token).ok().filter(|head| head.alg == Algorithm::RS256)?;
    let kind = head.extras.get::<String>("cat").ok()?;
    kind.is_none_or(|kind| kind == SESSION || kind == ANY).then_some(head)
}

/// Reads a session token.
pub fn read(token: &str, key: &DecodingKey, expected: &Expected<'_>) -> Token {
    let claims = match open(token, key, expected.issuer, true) {
        Ok(claims) => Token::Good(claims),
        Err(ErrorKind::ExpiredSignature) => match open(token, key, expected.issuer, false) {
            Ok(claims) => Token::Expired(claims),
            Err(_) => return Token::Bad("not as a token of Clerk's is"),
        },
        Err(ErrorKind::ImmatureSignature) => return Token::Early,
        Err(ErrorKind::InvalidIssuer) => return Token::Bad("of another issuer"),
        Err(_) => return Token::Bad("not signed by Clerk"),
    };
    let (Token::Good(said) | Token::Expired(said)) = &claims else { return claims };
    if said.azp != expected.origin {
        return Token::Bad("made for another site");
    }
    if said.iat > expected.now.timestamp() + LEEWAY {
        return Token::Early;
    }
    if said.sts == "pending" {
        return Token::Bad("of a session that is not complete");
    }
    claims
}

fn open(token: &str, key: &DecodingKey, issuer: &str, in_time: bool) -> Result<Claims, ErrorKind> {
    if head(token).is_none() {
        return Err(ErrorKind::InvalidToken);
    }
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_required_spec_claims(&["exp", "iss", "nbf", "sub"]);
    rules.set_issuer(&[issuer]);
    rules.leeway = LEEWAY.unsigned_abs();
    rules.validate_exp = in_time;
    rules.validate_nbf = true;
    // Clerk names the site in `azp`, and an audience only where somebody made one up.
    rules.validate_aud = false;
    rs256::install();
    decode(token, key, &rules).map(|token| token.claims).map_err(jsonwebtoken::errors::Error::into_kind)
}

/// The cookies that a handshake brings, as `Set-Cookie` has them.
pub fn handshake(token: &str, key: &DecodingKey) -> Option<Vec<String>> {
    #[derive(Deserialize)]
    struct Brought {
        handshake: Vec<String>,
    }
    head(token)?;
    let mut rules = Validation::new(Algorithm::RS256);
    // It has no date, or one that is looked at; what it brings has one in any case.
    rules.set_required_spec_claims::<&str>(&[]);
    rules.leeway = LEEWAY.unsigned_abs();
    rules.validate_aud = false;
    rs256::install();
    decode::<Brought>(token, key, &rules).ok().map(|token| token.claims.handshake)
}
