//! Form fields for table cells, without a visible label.

use leptos::prelude::*;

use crate::ui::maybe_text::MaybeText;

/// A number input in a table of form fields. Its `name` identifies the row to the server, its `label` to screen readers.
#[component]
pub fn NumberCell(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] error: MaybeText,
) -> impl IntoView {
    let id = format!("field-{name}");
    let error_id = format!("{id}-error");
    let described = error.0.is_some().then(|| error_id.clone());
    view! {
        <input
            class="input figure-field"
            id=id
            name=name
            value=value
            inputmode="numeric"
            autocomplete="off"
            maxlength="10"
            aria-label=label
            aria-invalid=error.0.is_some().then_some("true")
            aria-describedby=described
        />
        {error
            .0
            .map(|error| {
                view! {
                    <p class="field-error" id=error_id>
                        {error}
                    </p>
                }
            })}
    }
}

/// A checkbox in a table of form fields.
#[component]
pub fn CheckCell(#[prop(into)] name: String, #[prop(into)] label: String, checked: bool) -> impl IntoView {
    view! { <input type="checkbox" class="checkbox" name=name value="on" aria-label=label checked=checked /> }
}
