//! The identity provider as pages know it: where users sign in. It is sent with every page.

use serde::{Deserialize, Serialize};

use crate::paths;

/// Where users have their accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityProvider {
    /// Local accounts.
    #[default]
    Local,
    /// Accounts at Clerk. Its pages are at `portal` and redirect back to `origin`; with `script`, its form is inside our own page.
    Clerk { portal: String, origin: String, script: bool },
}

impl IdentityProvider {
    /// Returns whether the sign-in page is another site's, which the browser has to load as a whole.
    pub const fn is_external(&self) -> bool {
        matches!(self, Self::Clerk { .. })
    }

    /// Returns the URL of Clerk's page in place of ours at `path`, which redirects to `next`. `None` for local accounts.
    pub fn hosted_url(&self, path: &str, next: &str) -> Option<String> {
        let Self::Clerk { portal, origin, .. } = self else { return None };
        let redirect_url = format!("{origin}{}", paths::safe_redirect(next));
        Some(paths::query(&format!("{portal}{path}"), &[("redirect_url", redirect_url)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clerks_page_redirects_to_the_page_before() {
        assert_eq!(IdentityProvider::Local.hosted_url(paths::SIGN_IN, "/courses"), None);
        let (portal, origin) = ("https://accounts.example.com".into(), "https://example.com".into());
        let clerk = IdentityProvider::Clerk { portal, origin, script: false };
        let sign_in = |next| clerk.hosted_url(paths::SIGN_IN, next).unwrap();
        assert_eq!(
            sign_in("/products/a/purchase?code=x"),
            "https://accounts.example.com/sign-in?redirect_url=https%3A%2F%2Fexample.com%2Fproducts%2Fa%2Fpurchase%3Fcode%3Dx"
        );
        assert_eq!(sign_in("//evil.example"), sign_in("/"), "and to no other site");
    }
}
