//! Coupon code field, collapsed by default.

use leptos::prelude::*;

use crate::ui::{
    button::{Button, Intent},
    field::Field,
    maybe_text::MaybeText,
};

/// A form that requests `page` with the typed code as a query parameter, so that it works without JavaScript.
#[component]
pub fn CouponCodeForm(
    #[prop(into)] page: String,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: MaybeText,
    /// The effect of the code, or why it has none.
    #[prop(optional, into)]
    note: MaybeText,
) -> impl IntoView {
    let open = !value.is_empty();
    let invalid = error.0.is_some();
    view! {
        <details class="code-form" open=open>
            <summary>"Have a code?"</summary>
            <form method="get" action=page aria-label="Code">
                <Field
                    label="Code"
                    name="code"
                    value=value
                    error=error
                    required=true
                    maxlength=40_u32
                    autocomplete="off"
                    autofocus=invalid
                />
                <Button intent=Intent::Secondary>"Apply"</Button>
                {note.0.map(|note| view! { <p role="status">{note}</p> })}
            </form>
        </details>
    }
}
