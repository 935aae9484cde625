//! The pages of signing in and up.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    account::{
        hosted_pages::elsewhere,
        password_fields::{CurrentPassword, NewPassword},
    },
    form::FormState,
    load::page,
    paths,
    ui::{AuthCard, Button, Field, Form, FormErrors, Main},
};

/// Where to go after signing in: as typed before, else from the address.
fn next(form: &FormState) -> String {
    let typed = form.value("next");
    if typed.is_empty() { use_query_map().with_untracked(|query| query.get("next").unwrap_or_default()) } else { typed }
}

page!(
    /// `/sign-in`.
    SignInRoute,
    desk,
    sign_in,
    __preload_sign_in
);

fn sign_in() -> impl IntoView {
    let form = FormState::current();
    let next = next(&form);
    match elsewhere("Sign in", paths::SIGN_IN, next.clone()) {
        Some(elsewhere) => Either::Left(elsewhere),
        None => Either::Right(sign_in_here(form, next)),
    }
}

fn sign_in_here(form: FormState, next: String) -> impl IntoView {
    let other = paths::sign_up(&next);
    let refused = !form.messages().is_empty();
    view! {
        <Title text="Sign in" />
        <Main>
            <AuthCard title="Sign in">
                <Form action=paths::SIGN_IN label="Sign in">
                    <FormErrors errors=form.messages() />
                    <input type="hidden" name="next" value=next />
                    <Field label="Email" name="email" kind="email" value=form.value("email") autocomplete="username" required=true />
                    <CurrentPassword label="Password" name="password" autofocus=refused />
                    <Button wide=true>"Sign in"</Button>
                </Form>
                <p>
                    <a href=paths::FORGOT>"Forgot your password?"</a>
                    " · "
                    <a href=paths::SIGN_IN_LINK>"Sign in by email"</a>
                </p>
                <p>"New here? " <a href=other>"Create an account"</a></p>
            </AuthCard>
        </Main>
    }
}

page!(
    /// `/sign-up`.
    SignUpRoute,
    desk,
    sign_up,
    __preload_sign_up
);

fn sign_up() -> impl IntoView {
    let form = FormState::current();
    let next = next(&form);
    match elsewhere("Create an account", paths::SIGN_UP, next.clone()) {
        Some(elsewhere) => Either::Left(elsewhere),
        None => Either::Right(sign_up_here(form, next)),
    }
}

fn sign_up_here(form: FormState, next: String) -> impl IntoView {
    let other = paths::sign_in(&next);
    view! {
        <Title text="Create an account" />
        <Main>
            <AuthCard title="Create an account">
                <Form action=paths::SIGN_UP label="Create an account">
                    <FormErrors errors=form.messages() />
                    <input type="hidden" name="next" value=next />
                    <Field label="Name" name="name" value=form.value("name") error=form.error("name")
                        autofocus=form.error("name").is_some() autocomplete="name" required=true maxlength=100_u32 />
                    <Field
                        label="Email"
                        name="email"
                        kind="email"
                        value=form.value("email")
                        error=form.error("email")
                        autofocus=form.error("email").is_some()
                        autocomplete="username"
                        required=true
                        maxlength=254_u32
                    />
                    <NewPassword label="Password" name="password" error=form.error("password") />
                    <Button wide=true>"Create account"</Button>
                </Form>
                <p>"Have an account? " <a href=other>"Sign in"</a></p>
            </AuthCard>
        </Main>
    }
}
