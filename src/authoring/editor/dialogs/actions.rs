//! The buttons below the form of a dialog.

use leptos::prelude::*;

use crate::ui::{Button, DialogActions, Intent};

/// The button that submits the form, a second one that submits it and opens the `next` form, and Cancel.
#[component]
pub fn FormActions(
    open: RwSignal<bool>,
    label: &'static str,
    #[prop(optional)] next: Option<&'static str>,
) -> impl IntoView {
    view! {
        <DialogActions open>
            <Button>{label}</Button>
            {next
                .map(|next| {
                    view! {
                        <Button intent=Intent::Secondary name="then" value="next">
                            {next}
                        </Button>
                    }
                })}
        </DialogActions>
    }
}
