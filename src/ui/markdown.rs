//! Markdown, while it is written: the text, and how it will look.

use std::future::Future;

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    error::Result,
    ui::{field::TextArea, form::FormErrors, text::Written, words::Words},
};

/// As [`TextArea`], for Markdown. "Preview" shows in its place what `preview` makes of it, and needs JavaScript.
#[component]
pub fn MarkdownField<P, F>(
    #[prop(into)] label: String,
    name: &'static str,
    /// Asks the server for the text as HTML.
    preview: P,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: Words,
    #[prop(optional)] required: bool,
    /// The most characters it may have.
    maxlength: u32,
    /// "Markdown." unless said otherwise.
    #[prop(optional, into)]
    hint: Words,
    /// Lines shown before it grows; 8 unless said otherwise.
    #[prop(optional)]
    rows: Option<u32>,
    #[prop(optional, into)] id: Words,
) -> impl IntoView
where
    P: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String>> + 'static,
{
    let here = NodeRef::<html::Div>::new();
    // `None` while one writes.
    let shown = RwSignal::new(None::<Result<String>>);
    let (pending, ready) = (RwSignal::new(false), RwSignal::new(false));
    Effect::new(move |_| ready.set(true));
    let seen = move || shown.with(Option::is_some);
    let turn = move |_| {
        if pending.get_untracked() {
            return;
        }
        if shown.with_untracked(Option::is_some) {
            shown.set(None);
            return;
        }
        let coming = preview(typed(here));
        pending.set(true);
        spawn_local(async move {
            let html = coming.await;
            pending.set(false);
            shown.set(Some(html));
        });
    };
    let hint = Words(Some(hint.0.unwrap_or_else(|| "Markdown.".into())));
    let page = move || {
        shown.get().map(|html| match html {
            Ok(html) if html.trim().is_empty() => {
                view! { <p class="field-hint">"Nothing is written yet."</p> }.into_any()
            }
            Ok(html) => view! { <Written html /> }.into_any(),
            Err(error) => view! { <FormErrors errors=vec![error.to_string()] /> }.into_any(),
        })
    };
    let named = format!("Preview: {label}");
    view! {
        <div class="markdown" node_ref=here>
            <div hidden=seen>
                <TextArea label name value error required maxlength hint rows=rows.unwrap_or(8) id />
            </div>
            <div class="markdown-preview" role="region" aria-label=named aria-live="polite" hidden=move || !seen()>
                {page}
            </div>
            <button
                type="button"
                class="btn btn-ghost markdown-turn"
                hidden=move || !ready.get()
                aria-pressed=move || seen().to_string()
                aria-busy=move || pending.get().then_some("true")
                on:click=turn
            >
                "Preview"
            </button>
        </div>
    }
}

/// What stands in the textarea now: also what the browser put back there without a word.
fn typed(here: NodeRef<html::Div>) -> String {
    let area = here.get_untracked().and_then(|here| here.query_selector("textarea").ok().flatten());
    area.and_then(|area| js_sys::Reflect::get(area.unchecked_ref::<HtmlElement>(), &"value".into()).ok())
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}
