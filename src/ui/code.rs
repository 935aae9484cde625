//! A code that somebody has: folded away until it is asked for.

use leptos::prelude::*;

use crate::ui::{
    button::{Button, Intent},
    field::Field,
    words::Words,
};

/// Asks for `page` again with the code that was typed. It is a plain form, so it works without JavaScript.
#[component]
pub fn CodeForm(
    #[prop(into)] page: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: Words,
    /// What the code does, or why not.
    #[prop(optional, into)]
    note: Words,
) -> impl IntoView {
    let open = !value.is_empty();
    let refused = error.0.is_some();
    view! {
        <details class="code-form" open=open>
            <summary>"Have a code?"</summary>
            <form method="get" action=page aria-label="Code">
                <Field label="Code" name="code" value=value error=error required=true maxlength=40_u32 autocomplete="off" autofocus=refused />
                <Button intent=Intent::Secondary>"Apply"</Button>
                {note.0.map(|note| view! { <p role="status">{note}</p> })}
            </form>
        </details>
    }
}

/// A number of a row of a form that is a table: its `name` says of which row, `label` says it to screen readers.
#[component]
pub fn FigureField(
    #[prop(into)] name: String,
    #[prop(into)] label: String,
    #[prop(into)] value: String,
    #[prop(optional, into)] error: Words,
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
        {error.0.map(|error| view! { <p class="field-error" id=error_id>{error}</p> })}
    }
}

/// Yes or no, in a row of a form that is a table.
#[component]
pub fn CheckCell(#[prop(into)] name: String, #[prop(into)] label: String, checked: bool) -> impl IntoView {
    view! { <input type="checkbox" class="checkbox" name=name value="on" aria-label=label checked=checked /> }
}
