//! Password fields with the attributes that browsers and password managers expect. A page never shows a typed password again.

use leptos::prelude::*;

use crate::ui::{Field, MaybeText};

/// A field for a new password.
#[component]
pub fn NewPassword(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] error: MaybeText,
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

/// A field for the current password.
#[component]
pub fn CurrentPassword(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] autofocus: bool,
) -> impl IntoView {
    view! { <Field label name kind="password" error autofocus autocomplete="current-password" required=true /> }
}
