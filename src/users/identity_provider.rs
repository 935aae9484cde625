//! Accounts: where people have theirs, and so where they sign in. It is told with every page.

use serde::{Deserialize, Serialize};

use crate::paths;

/// Where people have their accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityProvider {
    /// Here.
    #[default]
    Local,
    /// At Clerk, whose pages are at `portal` and lead back to `origin`. With its `script` one signs in within our own page.
    Clerk { portal: String, origin: String, script: bool },
}

impl IdentityProvider {
    /// Whether signing in leads out of the application, so that the browser itself has to open it.
    pub const fn is_external(&self) -> bool {
        matches!(self, Self::Clerk { .. })
    }

    /// Clerk's page for one of ours, `path`, that leads back to `next`. Nothing where accounts are here.
    pub fn hosted_url(&self, path: &str, next: &str) -> Option<String> {
        let Self::Clerk { portal, origin, .. } = self else { return None };
        let back = format!("{origin}{}", paths::safe_redirect(next));
        Some(paths::query(&format!("{portal}{path}"), &[("redirect_url", back)]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clerks_page_leads_back_to_where_one_was() {
        assert_eq!(IdentityProvider::Local.hosted_url(paths::SIGN_IN, "/courses"), None);
        let (portal, origin) = ("https://accounts.example.com".into(), "https://example.com".into());
        let clerk = IdentityProvider::Clerk { portal, origin, script: false };
        let sign_in = |next| clerk.hosted_url(paths::SIGN_IN, next).unwrap();
        assert_eq!(
            sign_in("/products/a/purchase?code=x"),
            "https://accounts.example.com/sign-in?redirect_url=https%3A%2F%2Fexample.com%2Fproducts%2Fa%2Fpurchase%3Fcode%3Dx"
        );
        assert_eq!(sign_in("//evil.example"), sign_in("/"), "and nowhere else");
    }
}
