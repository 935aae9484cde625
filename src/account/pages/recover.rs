//! The pages `/forgot-password` and `/sign-in/link`, which request a link by mail.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    account::{hosted_pages::hosted_sign_in, pages::parts::DevelopmentLink},
    form::FormState,
    load::page,
    paths,
    ui::{AuthCard, Button, Field, Form, FormErrors, Main, Notice},
};

page!(
    /// `/forgot-password`.
    ForgotRoute,
    account,
    forgot,
    __preload_forgot
);

fn forgot() -> impl IntoView {
    local_or_hosted(|| {
        view! {
            <RequestLink
                title="Forgot your password?"
                lead="Enter your email address. We send you a link to choose a new password."
                action=paths::FORGOT_PASSWORD
            />
        }
    })
}

page!(
    /// `/sign-in/link`.
    SignInLinkRoute,
    account,
    sign_in_link,
    __preload_sign_in_link
);

fn sign_in_link() -> impl IntoView {
    local_or_hosted(|| {
        view! {
            <RequestLink
                title="Sign in by email"
                lead="Enter your email address. We send you a link that signs you in without a password."
                action=paths::SIGN_IN_LINK
            />
        }
    })
}

/// Returns a page for local accounts, or the link to Clerk's sign-in page.
fn local_or_hosted<V: IntoView + 'static>(page: impl FnOnce() -> V) -> impl IntoView {
    match hosted_sign_in("Sign in", paths::SIGN_IN, String::new()) {
        Some(hosted) => Either::Left(hosted),
        None => Either::Right(page()),
    }
}

/// A form for an email address. Its response does not reveal whether there is an account with the address.
#[component]
fn RequestLink(title: &'static str, lead: &'static str, action: &'static str) -> impl IntoView {
    let form = FormState::current();
    let (email, error) = (form.value("email"), form.error("email"));
    let requested = !form.value("requested").is_empty() && error.is_none();
    let content = if requested {
        Either::Left(view! {
            <Notice>
                "If there is an account for " {email}
                ", we have sent a link to that address. It may take a minute. Check your spam folder too."
            </Notice>
            <DevelopmentLink link=form.value("link") />
            <p>
                <a href=action rel="external">
                    "Try another address"
                </a>
            </p>
        })
    } else {
        Either::Right(view! {
            <Form action=action label=title>
                <FormErrors errors=form.messages() />
                <Field
                    label="Email"
                    name="email"
                    kind="email"
                    value=email
                    error=error
                    autocomplete="username"
                    required=true
                    maxlength=254_u32
                />
                <Button wide=true>"Send the link"</Button>
            </Form>
        })
    };
    view! {
        <Title text=title />
        <Main>
            <AuthCard title lead>
                {content}
                <p>
                    <a href=paths::SIGN_IN>"Sign in"</a>
                </p>
            </AuthCard>
        </Main>
    }
}
