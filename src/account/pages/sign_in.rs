//! The pages `/sign-in` and `/sign-up`.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    account::{
        hosted_pages::hosted_sign_in,
        password_fields::{CurrentPassword, NewPassword},
    },
    form::FormState,
    load::page,
    paths,
    ui::{AuthCard, Button, Field, Form, FormErrors, Main},
};

/// Returns the page to open after signing in: that of the submitted form, else that of the query string.
fn next_page(form: &FormState) -> String {
    let submitted = form.value("next");
    if submitted.is_empty() {
        use_query_map().with_untracked(|query| query.get("next").unwrap_or_default())
    } else {
        submitted
    }
}

page!(
    /// `/sign-in`.
    SignInRoute,
    account,
    sign_in,
    __preload_sign_in
);

fn sign_in() -> impl IntoView {
    let form = FormState::current();
    let next = next_page(&form);
    match hosted_sign_in("Sign in", paths::SIGN_IN, next.clone()) {
        Some(hosted) => Either::Left(hosted),
        None => Either::Right(local_sign_in(form, next)),
    }
}

fn local_sign_in(form: FormState, next: String) -> impl IntoView {
    let sign_up = paths::sign_up(&next);
    let rejected = !form.messages().is_empty();
    view! {
        <Title text="Sign in" />
        <Main>
            <AuthCard title="Sign in">
                <Form action=paths::SIGN_IN label="Sign in">
                    <FormErrors errors=form.messages() />
                    <input type="hidden" name="next" value=next />
                    <Field
                        label="Email"
                        name="email"
                        kind="email"
                        value=form.value("email")
                        autocomplete="username"
                        required=true
                    />
                    <CurrentPassword label="Password" name="password" autofocus=rejected />
                    <Button wide=true>"Sign in"</Button>
                </Form>
                <p>
                    <a href=paths::FORGOT_PASSWORD>"Forgot your password?"</a>
                    " · "
                    <a href=paths::SIGN_IN_LINK>"Sign in by email"</a>
                </p>
                <p>"New here? " <a href=sign_up>"Create an account"</a></p>
            </AuthCard>
        </Main>
    }
}

page!(
    /// `/sign-up`.
    SignUpRoute,
    account,
    sign_up,
    __preload_sign_up
);

fn sign_up() -> impl IntoView {
    let form = FormState::current();
    let next = next_page(&form);
    match hosted_sign_in("Create an account", paths::SIGN_UP, next.clone()) {
        Some(hosted) => Either::Left(hosted),
        None => Either::Right(local_sign_up(form, next)),
    }
}

fn local_sign_up(form: FormState, next: String) -> impl IntoView {
    let sign_in = paths::sign_in(&next);
    view! {
        <Title text="Create an account" />
        <Main>
            <AuthCard title="Create an account">
                <Form action=paths::SIGN_UP label="Create an account">
                    <FormErrors errors=form.messages() />
                    <input type="hidden" name="next" value=next />
                    <Field
                        label="Name"
                        name="name"
                        value=form.value("name")
                        error=form.error("name")
                        autofocus=form.error("name").is_some()
                        autocomplete="name"
                        required=true
                        maxlength=100_u32
                    />
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
                <p>"Have an account? " <a href=sign_in>"Sign in"</a></p>
            </AuthCard>
        </Main>
    }
}
