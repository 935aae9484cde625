//! Accounts: where people have theirs, and so where they sign in. It is told with every page.

use leptos::prelude::*;
use leptos_meta::Title;
use serde::{Deserialize, Serialize};

use crate::{
    app::frame,
    paths,
    ui::{AuthCard, LinkButton, Main},
};

/// Where people have their accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accounts {
    /// Here.
    #[default]
    Local,
    /// At Clerk, whose pages are at `portal` and lead back to `origin`. With its `script` one signs in within our own page.
    Clerk { portal: String, origin: String, script: bool },
}

impl Accounts {
    /// Whether signing in leads out of the application, so that the browser itself has to open it.
    pub const fn leave(&self) -> bool {
        matches!(self, Self::Clerk { .. })
    }

    /// Clerk's page for one of ours, `path`, that leads back to `next`. Nothing where accounts are here.
    pub fn elsewhere(&self, path: &str, next: &str) -> Option<String> {
        let Self::Clerk { portal, origin, .. } = self else { return None };
        let back = format!("{origin}{}", paths::own(next));
        Some(paths::query(&format!("{portal}{path}"), &[("redirect_url", back)]))
    }
}

/// A page of signing in or up, where accounts are elsewhere: the way there, and room for Clerk's component. The server sends most
/// people there at once, and shows this to those who come by a link in a page that is open.
pub fn elsewhere(title: &'static str, path: &'static str, next: String) -> Option<impl IntoView> {
    let accounts = frame().accounts;
    let href = accounts.elsewhere(path, &next)?;
    let script = matches!(accounts, Accounts::Clerk { script: true, .. });
    let room = script.then(|| view! { <div data-clerk=path data-next=paths::own(&next).to_owned()></div> });
    Some(view! {
        <Title text=title />
        <Main>
            <AuthCard title=title lead="You have your account at Clerk, and come back here from there.">
                {room} <LinkButton href external=true wide=true>"Continue to Clerk"</LinkButton>
            </AuthCard>
        </Main>
    })
}

/// The way to one's account at Clerk, for the page of an account. Nothing where it is here.
pub fn manage() -> Option<impl IntoView> {
    let href = frame().accounts.elsewhere("/user", paths::ACCOUNT)?;
    Some(view! {
        <p>
            "Your name, address and password are kept by Clerk. "
            <a href=href rel="external">"Change them there"</a>
        </p>
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clerks_page_leads_back_to_where_one_was() {
        assert_eq!(Accounts::Local.elsewhere(paths::SIGN_IN, "/courses"), None);
        let (portal, origin) = ("https://accounts.example.com".into(), "https://example.com".into());
        let clerk = Accounts::Clerk { portal, origin, script: false };
        let sign_in = |next| clerk.elsewhere(paths::SIGN_IN, next).unwrap();
        assert_eq!(
            sign_in("/products/a/purchase?code=x"),
            "https://accounts.example.com/sign-in?redirect_url=https%3A%2F%2Fexample.com%2Fproducts%2Fa%2Fpurchase%3Fcode%3Dx"
        );
        assert_eq!(sign_in("//evil.example"), sign_in("/"), "and nowhere else");
    }
}
