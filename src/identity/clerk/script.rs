//! Clerk's script: with it, one signs in within our own page. It is loaded there and nowhere else, and only there may a page talk
//! to Clerk. And what our pages' policy allows for Clerk, with the script and without.
//!
//! <https://clerk.com/docs/guides/secure/best-practices/csp-headers>

use http::{HeaderMap, HeaderValue, header::CONTENT_SECURITY_POLICY, request::Parts};
use leptos::prelude::use_context;

use crate::{paths, platform::config::clerk::ClerkConfig};

/// The version whose components come with it.
const SCRIPT: &str = "/npm/@clerk/clerk-js@5/dist/clerk.browser.js";
/// Where it is shown that somebody is not a program.
const CHALLENGES: &str = "https://challenges.cloudflare.com";

/// What a page needs to load it.
pub struct Script {
    pub src: String,
    pub publishable_key: String,
}

/// The script of a page, where it has one.
pub fn on(config: Option<&ClerkConfig>, path: &str) -> Option<Script> {
    let config = config.filter(|config| config.js && (path == paths::SIGN_IN || path == paths::SIGN_UP))?;
    Some(Script { src: format!("{}{SCRIPT}", config.frontend), publishable_key: config.publishable_key.clone() })
}

/// The script of the page that is rendered.
pub fn of_page(config: Option<&ClerkConfig>) -> Option<Script> {
    on(config, use_context::<Parts>()?.uri.path())
}

/// Lets a page lead to Clerk: a form that is sent may end there, with a token that is old by then. A page that has the script may
/// talk to Clerk too.
pub fn widen(headers: &mut HeaderMap, config: Option<&ClerkConfig>, path: &str) {
    if let (Some(policy), Some(config)) = (headers.get(CONTENT_SECURITY_POLICY), config)
        && let Some(policy) = allow(policy, config, on(Some(config), path).is_some())
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

fn allow(policy: &HeaderValue, config: &ClerkConfig, script: bool) -> Option<HeaderValue> {
    let ClerkConfig { frontend, portal, .. } = config;
    let mut directives: Vec<String> = policy.to_str().ok()?.split(';').map(|one| one.trim().to_owned()).collect();
    let mut add = |name: &str, hosts: &str| match directives.iter_mut().find(|one| one.split(' ').next() == Some(name))
    {
        Some(directive) => *directive = format!("{directive} {hosts}"),
        None => directives.push(format!("{name} {hosts}")),
    };
    add("form-action", &format!("{frontend} {portal}"));
    if script {
        add("connect-src", frontend);
        add("frame-src", CHALLENGES);
        add("worker-src", "'self' blob:");
        // Its components write their styles into the page, without a nonce.
        add("style-src", "'unsafe-inline'");
    }
    directives.join("; ").parse().ok()
}
