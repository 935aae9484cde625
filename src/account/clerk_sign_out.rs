//! The way out: signing in and up is done on Clerk's pages, signing out on ours.

use axum::{extract::Request, response::Response};
use http::header::SET_COOKIE;

use crate::{
    identity::clerk::{
        Clerk,
        handshake::{self, CLIENT_UAT, SESSION},
    },
    paths,
    platform::response,
    server::state::AppState,
};

/// Ends the session at Clerk and here. When Clerk does not answer, it goes on, and that is said.
pub async fn sign_out(state: &AppState, clerk: &Clerk, request: Request) -> Response {
    let mut response = response::see_other(paths::HOME);
    if clerk.end_session(request.headers()).await.is_err() {
        return response::with_flash(
            response,
            &state.config,
            "You are still signed in: Clerk does not answer. Try again in a moment.",
        );
    }
    for cookie in clerk.forgotten() {
        if let Ok(cookie) = cookie.parse() {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

impl Clerk {
    /// Clerk's cookies, taken away: ours, and those of the domain that a production instance shares with us.
    fn forgotten(&self) -> Vec<String> {
        let domain = self.config.frontend.strip_prefix("https://clerk.").filter(|_| !self.config.development);
        let scopes = [Some(String::new()), domain.map(|domain| format!("; Domain={domain}"))];
        let scopes = scopes.into_iter().flatten();
        scopes
            .flat_map(|scope| {
                [SESSION, CLIENT_UAT, handshake::COOKIE].map(|name| format!("{name}=; Path=/; Max-Age=0{scope}"))
            })
            .collect()
    }
}
