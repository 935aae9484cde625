//! Dialogs: a question that is answered before anything else. They need JavaScript.

use leptos::{html, prelude::*, wasm_bindgen::JsCast};

use crate::ui::{
    button::{Button, Intent},
    icon::Icon,
    page::Row,
};

/// What a dialog ends with: `children` do what it asks about, beside them the way out.
#[component]
pub fn Answers(
    open: RwSignal<bool>,
    children: Children,
    /// What the way out is called; "Cancel" unless said otherwise.
    #[prop(optional)]
    otherwise: &'static str,
) -> impl IntoView {
    let otherwise = if otherwise.is_empty() { "Cancel" } else { otherwise };
    view! {
        <Row>
            {children()}
            <Button kind="button" intent=Intent::Quiet on:click=move |_| open.set(false)>
                {otherwise}
            </Button>
        </Row>
    }
}

/// Where one begins to answer: the first field, where there is one, and not the button that closes.
fn focus_first(dialog: &web_sys::HtmlDialogElement) {
    const FIELDS: &str = ".dialog-body :is(input:not([type=hidden]), textarea, select)";
    if let Some(field) =
        dialog.query_selector(FIELDS).ok().flatten().and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok())
    {
        // It fails only for an element that has left the page.
        let _ = field.focus();
    }
}

/// A modal question. The browser's own `<dialog>` keeps the focus inside, gives it back, and closes on Escape.
#[component]
pub fn Dialog(
    open: RwSignal<bool>,
    #[prop(into)] title: String,
    children: Children,
    /// For a form with a video and text in it.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let dialog = NodeRef::<html::Dialog>::new();
    Effect::new(move |_| {
        let Some(dialog) = dialog.get() else { return };
        match (open.get(), dialog.open()) {
            // It fails only on a dialog that has left the page.
            (true, false) => {
                drop(dialog.show_modal());
                focus_first(&dialog);
            }
            (false, true) => dialog.close(),
            _ => {}
        }
    });
    let name = title.clone();
    // A click beside it must not take away what was written in it.
    let closed_by = if wide { "closerequest" } else { "any" };
    view! {
        <dialog node_ref=dialog class="dialog" class:dialog-wide=wide aria-label=name closedby=closed_by on:close=move |_| open.set(false)>
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
