//! Arrivals: somebody asks for something, and it is found out who. They are let in as who they are, or sent to Clerk first.
//!
//! An expired token is never believed. A page is asked for again by way of Clerk. What cannot be sent elsewhere and come back, a
//! form that was filled in for ten minutes or a click in a page that was open as long, is let in when Clerk itself says that the
//! session goes on. Without Clerk's script nobody else renews a token between two pages.

use axum::response::{IntoResponse, Response};
use http::{
    HeaderMap, HeaderValue, StatusCode,
    header::{AUTHORIZATION, CACHE_CONTROL, LOCATION, SET_COOKIE},
};
use sqlx::PgPool;

use crate::{
    error::Result,
    identity::{
        authentication::AuthOutcome,
        clerk::{
            Clerk,
            handshake::{self, RequestParts, SESSION},
            token::{self, Token},
        },
    },
    paths,
    platform::clock,
    users::Viewer,
};

/// So long after its end, in seconds, a token still says which session it was of.
const WORKDAY: i64 = 12 * 60 * 60;

impl Clerk {
    /// Finds out who sends a request.
    pub async fn authenticate(&self, db: &PgPool, asked: &RequestParts<'_>) -> AuthOutcome {
        let known = match bearer(asked.headers) {
            Some(token) => self.authenticate_bearer(db, token).await.map(AuthOutcome::of),
            None => self.authenticate_browser(db, asked).await,
        };
        match known.unwrap_or_else(|error| AuthOutcome::Continue { viewer: Err(error), cookies: Vec::new() }) {
            AuthOutcome::Continue { viewer: Ok(viewer), cookies } if asked.is_page() => {
                self.redirect_to_handshake(asked, viewer, cookies)
            }
            arrival => arrival,
        }
    }

    /// A program with a token in its header. It is sent nowhere, and whatever cookies it has do not count.
    async fn authenticate_bearer(&self, db: &PgPool, token: &str) -> Result<Viewer> {
        match self.read(token).await? {
            Token::Good(claims) => self.viewer(db, &claims).await,
            _ => Ok(Viewer::Visitor),
        }
    }

    /// A browser, with its cookies.
    async fn authenticate_browser(&self, db: &PgPool, asked: &RequestParts<'_>) -> Result<AuthOutcome> {
        let (page, development) = (asked.is_page(), self.config.development);
        let mut session = asked.session();
        if let Some(sent) = asked.brought(development).filter(|_| page)
            && let Some(cookies) = self.brought(&sent).await?
        {
            if development {
                return Ok(redirect(&format!("{}{}", self.origin, asked.clean()), self.keep(&cookies)));
            }
            session = handshake::session_of(&cookies);
            let viewer = match self.reads(session.as_deref()).await? {
                Some(Token::Good(claims)) => self.viewer(db, &claims).await?,
                _ => Viewer::Visitor,
            };
            return Ok(AuthOutcome::Continue { viewer: Ok(viewer), cookies: self.keep(&cookies) });
        }
        let token = self.reads(session.as_deref()).await?;
        let viewer = match (asked.reason(development, token.as_ref()), token) {
            (Some(reason), _) if page && asked.count() < handshake::MAX_HANDSHAKES => {
                let count = count(asked.count() + 1);
                return Ok(redirect(&asked.way(&self.config, &self.origin, reason), count.into_iter().collect()));
            }
            (None, Some(Token::Good(claims))) => self.viewer(db, &claims).await?,
            (Some("session-token-expired"), Some(Token::Expired(claims))) if !page => {
                let lately = claims.exp + WORKDAY > clock::now().timestamp();
                if lately && self.goes_on(&claims).await? { self.viewer(db, &claims).await? } else { Viewer::Visitor }
            }
            (Some(reason), _) if page => {
                tracing::warn!(
                    reason,
                    "A browser was sent to Clerk and back, and nothing came of it; do the keys belong together?"
                );
                Viewer::Visitor
            }
            _ => Viewer::Visitor,
        };
        Ok(AuthOutcome::of(viewer))
    }

    async fn reads(&self, session: Option<&str>) -> Result<Option<Token>> {
        match session {
            Some(session) => self.read(session).await.map(Some),
            None => Ok(None),
        }
    }

    /// The cookies that a handshake brings; nothing when it is not Clerk's.
    async fn brought(&self, sent: &str) -> Result<Option<Vec<String>>> {
        let Some(key) = self.key(sent).await? else { return Ok(None) };
        let cookies = token::handshake(sent, &key);
        if cookies.is_none() {
            tracing::warn!("Refused a handshake that Clerk did not sign");
        }
        Ok(cookies)
    }

    /// Cookies as Clerk made them. Unless its script runs here, no script needs the token.
    fn keep(&self, cookies: &[String]) -> Vec<HeaderValue> {
        let hidden = |cookie: &String| {
            let token =
                cookie.starts_with(SESSION) && !self.config.js && !cookie.to_ascii_lowercase().contains("httponly");
            if token { format!("{cookie}; HttpOnly") } else { cookie.clone() }
        };
        cookies
            .iter()
            .filter(|cookie| handshake::is_clerks(cookie))
            .filter_map(|cookie| hidden(cookie).parse().ok())
            .collect()
    }

    /// Leads whoever opens our pages of signing in or up to Clerk's, and those who did so already to where they were.
    fn redirect_to_handshake(
        &self,
        asked: &RequestParts<'_>,
        viewer: Viewer,
        mut cookies: Vec<HeaderValue>,
    ) -> AuthOutcome {
        let path = asked.uri.path();
        if path != paths::SIGN_IN && path != paths::SIGN_UP {
            // Whoever sees a page as who they are goes in no circle.
            if viewer.user().is_some() && asked.count() > 0 {
                cookies.extend(count(0));
            }
            return AuthOutcome::Continue { viewer: Ok(viewer), cookies };
        }
        let next = asked.query("next").unwrap_or_default();
        if viewer.user().is_some() {
            return redirect(paths::safe_redirect(&next), cookies);
        }
        // Clerk's portal sends back at once whoever is signed in there. Somebody who is nobody here, because they were deleted or our
        // keys are of another instance, would come again at once: they get a page with a link, and stop there.
        if self.config.js || asked.count() >= handshake::MAX_HANDSHAKES {
            return AuthOutcome::Continue { viewer: Ok(viewer), cookies };
        }
        cookies.extend(count(asked.count() + 1));
        redirect(&self.provider().hosted_url(path, &next).unwrap_or_default(), cookies)
    }
}

/// The token of an `Authorization` header, when it has one.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = sent.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Remembers for a moment how often a browser was sent to Clerk; 0 forgets it.
fn count(count: u8) -> Option<HeaderValue> {
    let (name, lasts) = (handshake::COUNT, if count == 0 { 0 } else { handshake::REMEMBERED });
    format!("{name}={count}; Path=/; HttpOnly; SameSite=Lax; Max-Age={lasts}").parse().ok()
}

/// Sends a page elsewhere. Nobody may keep that answer: the next visit is another.
fn redirect(to: &str, cookies: Vec<HeaderValue>) -> AuthOutcome {
    let Ok(to) = HeaderValue::from_str(to) else {
        return AuthOutcome::Redirect(StatusCode::INTERNAL_SERVER_ERROR.into_response());
    };
    let headers = [(LOCATION, to), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    let mut response: Response = (StatusCode::TEMPORARY_REDIRECT, headers).into_response();
    for cookie in cookies {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    AuthOutcome::Redirect(response)
}
