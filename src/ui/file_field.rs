//! File input.

use leptos::prelude::*;

use crate::ui::{field::Described, maybe_text::MaybeText};

/// A file input for the media types in `accept`.
#[component]
pub fn FileField(
    #[prop(into)] label: String,
    name: &'static str,
    accept: &'static str,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
) -> impl IntoView {
    let described = Described::new(MaybeText::default(), name, hint, error);
    let control = view! {
        <input
            type="file"
            class="file"
            id=described.id.clone()
            name=name
            accept=accept
            aria-invalid=described.invalid()
            aria-describedby=described.by()
        />
    };
    described.wrap(label, false, control)
}
