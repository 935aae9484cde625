//! Fields for passwords, as browsers and their keepers of passwords know them. What was typed never comes back.

use leptos::prelude::*;

use crate::ui::{Field, Words};

/// A password that is to be.
#[component]
pub fn NewPassword(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] error: Words,
) -> impl IntoView {
    let autofocus = error.0.is_some();
    view! {
        <Field
            label
            name
            kind="password"
            error
            autofocus
            autocomplete="new-password"
            required=true
            hint="At least 12 characters, or 8 that are hard to guess."
        />
    }
}

/// The password that somebody has.
#[component]
pub fn CurrentPassword(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] error: Words,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    view! { <Field label name kind="password" error autofocus autocomplete="current-password" required=true /> }
}
