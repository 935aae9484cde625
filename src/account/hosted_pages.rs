//! Links to the pages that Clerk hosts, for schools with accounts at Clerk.

use crate::{
    frame::frame,
    paths,
    ui::{AuthCard, LinkButton, Main},
    users::identity_provider::IdentityProvider,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// Returns the sign-in or sign-up page of a school with accounts at Clerk: a link to Clerk's page, and a place for Clerk's component.
/// The server redirects most requests to Clerk; this page is for those who follow a link in an open page. `None` for local accounts.
pub fn hosted_sign_in(title: &'static str, path: &'static str, next: String) -> Option<impl IntoView> {
    let provider = frame().identity_provider;
    let href = provider.hosted_url(path, &next)?;
    let has_script = matches!(provider, IdentityProvider::Clerk { script: true, .. });
    let component =
        has_script.then(|| view! { <div data-clerk=path data-next=paths::safe_redirect(&next).to_owned()></div> });
    Some(view! {
        <Title text=title />
        <Main>
            <AuthCard title=title lead="You sign in at Clerk, and return here afterwards.">
                {component}
                <LinkButton href external=true wide=true>
                    "Continue to Clerk"
                </LinkButton>
            </AuthCard>
        </Main>
    })
}

/// Returns the link to the account page at Clerk. `None` for local accounts.
pub fn hosted_account() -> Option<impl IntoView> {
    let href = frame().identity_provider.hosted_url("/user", paths::ACCOUNT)?;
    Some(view! {
        <p>
            "Your name, address and password are stored at Clerk. " <a href=href rel="external">
                "Change them there"
            </a>
        </p>
    })
}
