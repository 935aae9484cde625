//! The page `/account/link`, where a link of a mail is used.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    account::{LinkPurpose, OpenLink, api, password_fields::NewPassword},
    error::Error,
    form::FormState,
    load::{Loaded, load, page},
    paths,
    ui::{AuthCard, Button, Form, FormErrors, Main, SkeletonPage},
};

page!(
    /// `/account/link`: confirms the use of the link that this browser opened.
    LinkRoute,
    account,
    link,
    __preload_link
);

fn link() -> impl IntoView {
    let form = FormState::current();
    let link = load(
        || (),
        async |()| match api::get_open_link().await {
            Ok(link) => Ok(Some(link)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        },
    );
    view! {
        <Title text="Your link" />
        <Main>
            <Loaded from=link skeleton=|| view! { <SkeletonPage /> } let:link>
                <UseLink link form=form.clone() />
            </Loaded>
        </Main>
    }
}

#[component]
fn UseLink(link: Option<OpenLink>, form: FormState) -> impl IntoView {
    let Some(OpenLink { purpose, address }) = link else {
        return Either::Left(view! {
            <AuthCard title="This link no longer works" lead="It was already used, or it has expired.">
                <p>
                    <a href=paths::FORGOT_PASSWORD>"Choose a new password"</a>
                </p>
                <p>
                    <a href=paths::SIGN_IN_LINK>"Get another link to sign in"</a>
                </p>
            </AuthCard>
        });
    };
    let (title, button) = match purpose {
        LinkPurpose::Confirm | LinkPurpose::ChangeAddress => ("Confirm your address", "Confirm address"),
        LinkPurpose::Reset => ("Choose a new password", "Change password"),
        LinkPurpose::SignIn => ("Sign in", "Sign in"),
    };
    let password = (purpose == LinkPurpose::Reset).then(|| {
        let error = form.error("password");
        view! {
            <input type="hidden" name="email" value=address.clone() autocomplete="username" />
            <NewPassword label="New password" name="password" error=error />
        }
    });
    Either::Right(view! {
        <AuthCard title lead=address.clone()>
            <Form action=paths::ACCOUNT_LINK label=title>
                <FormErrors errors=form.messages() />
                {password}
                <Button wide=true>{button}</Button>
            </Form>
        </AuthCard>
    })
}
