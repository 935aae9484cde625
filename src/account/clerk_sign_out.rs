//! Sign-out of users with accounts at Clerk. They sign in on Clerk's pages, and sign out on ours.

use axum::{extract::Request, response::Response};
use http::header::SET_COOKIE;

use crate::{
    identity::clerk::{
        Clerk,
        handshake::{CLIENT_UAT, HANDSHAKE, SESSION},
    },
    paths,
    platform::response,
    server::state::AppState,
};

/// Ends the session at Clerk and deletes its cookies. When Clerk is not available, the session stays active and the page says so.
pub async fn sign_out(state: &AppState, clerk: &Clerk, request: Request) -> Response {
    let mut response = response::see_other(paths::HOME);
    if clerk.end_session(request.headers()).await.is_err() {
        return response::with_flash(
            response,
            &state.config,
            "You are still signed in, because Clerk is not responding. Try again in a moment.",
        );
    }
    for cookie in clerk.deleted_cookies() {
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

impl Clerk {
    /// Returns `Set-Cookie` values that delete Clerk's cookies: those of our host, and those of the domain that a production instance
    /// shares with us.
    fn deleted_cookies(&self) -> Vec<String> {
        let domain = self.config.frontend.strip_prefix("https://clerk.").filter(|_| !self.config.development);
        let scopes = [Some(String::new()), domain.map(|domain| format!("; Domain={domain}"))];
        let scopes = scopes.into_iter().flatten();
        scopes
            .flat_map(|scope| [SESSION, CLIENT_UAT, HANDSHAKE].map(|name| format!("{name}=; Path=/; Max-Age=0{scope}")))
            .collect()
    }
}
