//! Links to the pages that Clerk hosts, where accounts are Clerk's.

use crate::{
    frame::frame,
    paths,
    ui::{AuthCard, LinkButton, Main},
    users::identity_provider::IdentityProvider,
};
use leptos::prelude::*;
use leptos_meta::Title;

/// A page of signing in or up, where accounts are elsewhere: the way there, and room for Clerk's component. The server sends most
/// people there at once, and shows this to those who come by a link in a page that is open.
pub fn elsewhere(title: &'static str, path: &'static str, next: String) -> Option<impl IntoView> {
    let accounts = frame().identity_provider;
    let href = accounts.hosted_url(path, &next)?;
    let script = matches!(accounts, IdentityProvider::Clerk { script: true, .. });
    let room = script.then(|| view! { <div data-clerk=path data-next=paths::safe_redirect(&next).to_owned()></div> });
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
    let href = frame().identity_provider.hosted_url("/user", paths::ACCOUNT)?;
    Some(view! {
        <p>
            "Your name, address and password are kept by Clerk. "
            <a href=href rel="external">"Change them there"</a>
        </p>
    })
}
