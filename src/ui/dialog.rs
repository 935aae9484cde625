//! Modal dialogs. They require JavaScript.

use leptos::{html, prelude::*, wasm_bindgen::JsCast};

use crate::ui::{
    button::{Button, Intent},
    icon::Icon,
    page::Row,
};

/// The buttons at the end of a dialog: `children` are its actions, followed by a button that closes it.
#[component]
pub fn DialogActions(
    open: RwSignal<bool>,
    children: Children,
    /// The label of the button that closes the dialog; "Cancel" by default.
    #[prop(optional)]
    cancel_label: &'static str,
) -> impl IntoView {
    let cancel_label = if cancel_label.is_empty() { "Cancel" } else { cancel_label };
    view! {
        <Row>
            {children()} <Button kind="button" intent=Intent::Quiet on:click=move |_| open.set(false)>
                {cancel_label}
            </Button>
        </Row>
    }
}

/// Focuses the first field, where there is one, instead of the button that closes the dialog.
fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    const FIELDS: &str = ".dialog-body :is(input:not([type=hidden]), textarea, select)";
    if let Some(field) =
        dialog.query_selector(FIELDS).ok().flatten().and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // It fails only for an element that is no longer in the page.
        let _ = field.focus();
    }
}

/// A modal dialog. The browser's `<dialog>` traps the focus, restores it when closed, and closes on Escape.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: String,
    children: Children,
    /// For a large form. A click outside does not close it.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // It fails only for a dialog that is no longer in the page.
            (true, false) => {
                drop(dialog.show_modal());
                focus_first(&dialog);
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let name = title.clone();
    // A click outside must not discard what was typed in a large form.
    let closed_by = if wide { "closerequest" } else { "any" };
    view! {
        <dialog
            node_ref=dialog
            class="dialog"
            class:dialog-wide=wide
            aria-label=name
            closedby=closed_by
            on:close=move |_| open.set(false)
        >
            <div class="dialog-head">
                <h2>{title}</h2>
                <button type="button" class="icon-button" on:click=move |_| open.set(false)>
                    <Icon icon=icondata_lu::LuX label="Close" />
                </button>
            </div>
            <div class="dialog-body">{children()}</div>
        </dialog>
    }
}
