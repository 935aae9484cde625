//! Authenticates a request with Clerk's session token, or redirects the browser to Clerk for a new one.
//!
//! An expired token is never accepted. A page request is redirected to Clerk, and returns with a new token. A form post or a click in
//! an open page cannot be redirected; it is accepted when Clerk says that the session is still active, because without Clerk's script
//! no token is renewed between two pages.

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

/// An expired token identifies its session for this long.
const MAX_EXPIRED_SECONDS: i64 = 12 * 60 * 60;

impl Clerk {
    /// Authenticates a request.
    pub async fn authenticate(&self, db: &PgPool, request: &RequestParts<'_>) -> AuthOutcome {
        let outcome = match bearer_token(request.headers) {
            Some(token) => self.authenticate_bearer(db, token).await.map(AuthOutcome::continue_as),
            None => self.authenticate_browser(db, request).await,
        };
        match outcome.unwrap_or_else(|error| AuthOutcome::Continue { viewer: Err(error), cookies: Vec::new() }) {
            AuthOutcome::Continue { viewer: Ok(viewer), cookies } if request.is_page() => {
                self.redirect_sign_in_page(request, viewer, cookies)
            }
            outcome => outcome,
        }
    }

    /// Authenticates a program by the token in its `Authorization` header. It is never redirected, and its cookies are ignored.
    async fn authenticate_bearer(&self, db: &PgPool, token: &str) -> Result<Viewer> {
        match self.read(token).await? {
            Token::Valid(claims) => self.viewer(db, &claims).await,
            _ => Ok(Viewer::Visitor),
        }
    }

    /// Authenticates a browser by its cookies.
    async fn authenticate_browser(&self, db: &PgPool, request: &RequestParts<'_>) -> Result<AuthOutcome> {
        let (page, development) = (request.is_page(), self.config.development);
        let mut session = request.session_token();
        if let Some(handshake) = request.handshake_token(development).filter(|_| page)
            && let Some(cookies) = self.read_handshake(&handshake).await?
        {
            if development {
                return Ok(redirect(
                    &format!("{}{}", self.origin, request.path_without_clerk()),
                    self.set_cookies(&cookies),
                ));
            }
            session = handshake::session_token_in(&cookies);
            let viewer = match self.read_session(session.as_deref()).await? {
                Some(Token::Valid(claims)) => self.viewer(db, &claims).await?,
                _ => Viewer::Visitor,
            };
            return Ok(AuthOutcome::Continue { viewer: Ok(viewer), cookies: self.set_cookies(&cookies) });
        }
        let token = self.read_session(session.as_deref()).await?;
        let viewer = match (request.handshake_reason(development, token.as_ref()), token) {
            (Some(reason), _) if page && request.handshake_count() < handshake::MAX_HANDSHAKES => {
                let count = count_cookie(request.handshake_count() + 1);
                return Ok(redirect(
                    &request.handshake_url(&self.config, &self.origin, reason),
                    count.into_iter().collect(),
                ));
            }
            (None, Some(Token::Valid(claims))) => self.viewer(db, &claims).await?,
            (Some("session-token-expired"), Some(Token::Expired(claims))) if !page => {
                let recent = claims.exp + MAX_EXPIRED_SECONDS > clock::now().timestamp();
                if recent && self.is_session_active(&claims).await? {
                    self.viewer(db, &claims).await?
                } else {
                    Viewer::Visitor
                }
            }
            (Some(reason), _) if page => {
                tracing::warn!(
                    reason,
                    "Handshakes with Clerk did not yield a valid token; check that the configured keys are of one instance"
                );
                Viewer::Visitor
            }
            _ => Viewer::Visitor,
        };
        Ok(AuthOutcome::continue_as(viewer))
    }

    /// Reads the session token of a request that may have none.
    async fn read_session(&self, session: Option<&str>) -> Result<Option<Token>> {
        match session {
            Some(session) => self.read(session).await.map(Some),
            None => Ok(None),
        }
    }

    /// Returns the cookies in a handshake; `None` when Clerk did not sign it.
    async fn read_handshake(&self, handshake: &str) -> Result<Option<Vec<String>>> {
        let Some(key) = self.find_key(handshake).await? else { return Ok(None) };
        let cookies = token::read_handshake(handshake, &key);
        if cookies.is_none() {
            tracing::warn!("Rejected a handshake that Clerk did not sign");
        }
        Ok(cookies)
    }

    /// Returns `Set-Cookie` headers for Clerk's cookies. Without Clerk's script no script needs the token, so its cookie becomes `HttpOnly`.
    fn set_cookies(&self, cookies: &[String]) -> Vec<HeaderValue> {
        let http_only = |cookie: &String| {
            let token =
                cookie.starts_with(SESSION) && !self.config.js && !cookie.to_ascii_lowercase().contains("httponly");
            if token { format!("{cookie}; HttpOnly") } else { cookie.clone() }
        };
        cookies
            .iter()
            .filter(|cookie| handshake::is_clerk_cookie(cookie))
            .filter_map(|cookie| http_only(cookie).parse().ok())
            .collect()
    }

    /// Redirects from our sign-in and sign-up pages: a visitor to Clerk's page, a user to the page they came from. Other pages are handled.
    fn redirect_sign_in_page(
        &self,
        request: &RequestParts<'_>,
        viewer: Viewer,
        mut cookies: Vec<HeaderValue>,
    ) -> AuthOutcome {
        let path = request.uri.path();
        if path != paths::SIGN_IN && path != paths::SIGN_UP {
            // A user who is signed in is in no redirect loop.
            if viewer.user().is_some() && request.handshake_count() > 0 {
                cookies.extend(count_cookie(0));
            }
            return AuthOutcome::Continue { viewer: Ok(viewer), cookies };
        }
        let next = request.query("next").unwrap_or_default();
        if viewer.user().is_some() {
            return redirect(paths::safe_redirect(&next), cookies);
        }
        // Clerk's portal redirects back at once when the browser is signed in there. A user whom we do not accept, because they were
        // deleted or our keys are of another instance, would return at once: the page with a link ends that loop.
        if self.config.js || request.handshake_count() >= handshake::MAX_HANDSHAKES {
            return AuthOutcome::Continue { viewer: Ok(viewer), cookies };
        }
        cookies.extend(count_cookie(request.handshake_count() + 1));
        redirect(&self.provider().hosted_url(path, &next).unwrap_or_default(), cookies)
    }
}

/// Returns the token of an `Authorization` header.
fn bearer_token(headers: &HeaderMap) -> Option<&str> {
    let sent = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = sent.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the cookie that counts the redirects to Clerk for some seconds; 0 deletes it.
fn count_cookie(count: u8) -> Option<HeaderValue> {
    let max_age = if count == 0 { 0 } else { handshake::COUNT_SECONDS };
    format!("{}={count}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age}", handshake::COUNT).parse().ok()
}

/// Redirects a page request. The response must not be cached, because the next visit may be handled.
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
