//! Components that several pages of an account share.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    frame::frame,
    load::ErrorPage,
    paths,
    ui::{AuthCard, Main, Notice},
};

/// A settings form on a page of its own. Visitors sign in first.
#[component]
pub fn SettingsForm(title: &'static str, lead: String, children: Children) -> impl IntoView {
    let content = match frame().viewer.signed_in() {
        Err(error) => Either::Left(view! { <ErrorPage error=error /> }),
        Ok(_) => Either::Right(view! {
            <AuthCard title lead>
                {children()}
                <p>
                    <a href=paths::FORGOT_PASSWORD>"Forgot your password?"</a>
                </p>
                <p>
                    <a href=paths::ACCOUNT>"Back to your account"</a>
                </p>
            </AuthCard>
        }),
    };
    view! {
        <Title text=title />
        <Main>{content}</Main>
    }
}

/// The link of a mail, on a development server without a mail server.
#[component]
pub fn DevelopmentLink(link: String) -> impl IntoView {
    (!link.is_empty()).then(|| {
        view! {
            <Notice>
                "No mail server is configured. On this development server, you can " <a href=link rel="external">
                    "open the link of the mail"
                </a> " here."
            </Notice>
        }
    })
}
