//! The menu in the header, which depends on the viewer.

use leptos::{either::Either, prelude::*};

use crate::{
    frame::frame,
    paths,
    ui::{Button, Form, Intent, NavLink},
};

/// The links of the header: for visitors to sign in, for users to their courses and account.
#[component]
pub fn Menu() -> impl IntoView {
    let frame = frame();
    let (viewer, external) = (frame.viewer, frame.identity_provider.is_external());
    if viewer.user().is_none() {
        return Either::Left(view! {
            <NavLink href=paths::SIGN_IN external=external>
                "Sign in"
            </NavLink>
            <NavLink href=paths::SIGN_UP external=external>
                "Sign up"
            </NavLink>
        });
    }
    Either::Right(view! {
        <NavLink href=paths::COURSES>"My courses"</NavLink>
        <NavLink href=paths::PURCHASES>"Purchases"</NavLink>
        {viewer.is_admin().then(|| view! { <NavLink href=paths::ADMIN>"Admin"</NavLink> })}
        <NavLink href=paths::ACCOUNT>"Account"</NavLink>
        <Form action=paths::SIGN_OUT>
            <Button intent=Intent::Quiet>"Sign out"</Button>
        </Form>
    })
}
