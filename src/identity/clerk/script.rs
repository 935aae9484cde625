//! Clerk's script, which shows the sign-in form inside our own page, and what the content security policy allows for Clerk. Only the
//! sign-in and sign-up pages load the script, and only they may connect to Clerk.
//!
//! <https://clerk.com/docs/guides/secure/best-practices/csp-headers>

use http::{HeaderMap, HeaderValue, header::CONTENT_SECURITY_POLICY, request::Parts};
use leptos::prelude::use_context;

use crate::{paths, platform::config::clerk::ClerkConfig};

/// The path of the script. Version 5 includes the components.
const SCRIPT: &str = "/npm/@clerk/clerk-js@5/dist/clerk.browser.js";
/// The host of the bot check.
const CHALLENGES: &str = "https://challenges.cloudflare.com";

/// The attributes of the script tag.
pub struct Script {
    pub src: String,
    pub publishable_key: String,
}

/// Returns the script of the page at `path`, if it has one.
fn for_path(config: Option<&ClerkConfig>, path: &str) -> Option<Script> {
    let config = config.filter(|config| config.js && (path == paths::SIGN_IN || path == paths::SIGN_UP))?;
    Some(Script { src: format!("{}{SCRIPT}", config.frontend), publishable_key: config.publishable_key.clone() })
}

/// Returns the script of the page that is rendered, if it has one.
pub fn for_current_page(config: Option<&ClerkConfig>) -> Option<Script> {
    for_path(config, use_context::<Parts>()?.uri.path())
}

/// Extends a page's content security policy for Clerk: a form post with an expired token may be redirected there. A page with the script
/// may also connect to Clerk.
pub fn extend_policy(headers: &mut HeaderMap, config: Option<&ClerkConfig>, path: &str) {
    if let (Some(policy), Some(config)) = (headers.get(CONTENT_SECURITY_POLICY), config)
        && let Some(policy) = with_clerk(policy, config, for_path(Some(config), path).is_some())
    {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
}

/// Returns `policy` with the sources for Clerk.
fn with_clerk(policy: &HeaderValue, config: &ClerkConfig, script: bool) -> Option<HeaderValue> {
    let ClerkConfig { frontend, portal, .. } = config;
    let mut directives: Vec<String> =
        policy.to_str().ok()?.split(';').map(|directive| directive.trim().to_owned()).collect();
    let mut add = |name: &str, hosts: &str| match directives
        .iter_mut()
        .find(|directive| directive.split(' ').next() == Some(name))
    {
        Some(directive) => *directive = format!("{directive} {hosts}"),
        None => directives.push(format!("{name} {hosts}")),
    };
    add("form-action", &format!("{frontend} {portal}"));
    if script {
        add("connect-src", frontend);
        add("frame-src", CHALLENGES);
        add("worker-src", "'self' blob:");
        // The components add inline styles to the page, without a nonce.
        add("style-src", "'unsafe-inline'");
    }
    directives.join("; ").parse().ok()
}
