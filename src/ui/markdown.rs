//! Markdown editor: a text area with a preview.

use std::future::Future;

use leptos::{html, prelude::*, task::spawn_local};
use wasm_bindgen::JsCast;
use web_sys::HtmlElement;

use crate::{
    error::Result,
    ui::{field::TextArea, form::FormErrors, maybe_text::MaybeText, text::Prose},
};

/// A [`TextArea`] for Markdown. Its button "Preview" shows the rendered text in place of the text area, and requires JavaScript.
#[component]
pub fn MarkdownField<P, F>(
    #[prop(into)] label: String,
    name: &'static str,
    /// Requests the text as HTML from the server.
    preview: P,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    /// The maximum length in characters.
    maxlength: u32,
    /// "Markdown." by default.
    #[prop(optional, into)]
    hint: MaybeText,
    /// Lines shown before it grows; 8 by default.
    #[prop(optional)]
    rows: Option<u32>,
    #[prop(optional, into)] id: MaybeText,
) -> impl IntoView
where
    P: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<String>> + 'static,
{
    let root = NodeRef::<html::Div>::new();
    // `None` while the text area is shown.
    let rendered = RwSignal::new(None::<Result<String>>);
    let pending = RwSignal::new(false);
    let previewing = Signal::derive(move || rendered.with(Option::is_some));
    let toggle = move |()| {
        if pending.get_untracked() {
            return;
        }
        if rendered.with_untracked(Option::is_some) {
            rendered.set(None);
            return;
        }
        let request = preview(current_text(root));
        pending.set(true);
        spawn_local(async move {
            let html = request.await;
            pending.set(false);
            rendered.set(Some(html));
        });
    };
    let hint = MaybeText(Some(hint.0.unwrap_or_else(|| "Markdown.".into())));
    let region = format!("Preview: {label}");
    view! {
        <div class="markdown" node_ref=root>
            <div hidden=move || previewing.get()>
                <TextArea label name value error required maxlength hint rows=rows.unwrap_or(8) id />
            </div>
            <div
                class="markdown-preview"
                role="region"
                aria-label=region
                aria-live="polite"
                hidden=move || !previewing.get()
            >
                {move || rendered.get().map(preview_content)}
            </div>
            <PreviewButton previewing pending toggle=Callback::new(toggle) />
        </div>
    }
}

/// The button that toggles the preview. It appears once JavaScript runs.
#[component]
fn PreviewButton(previewing: Signal<bool>, pending: RwSignal<bool>, toggle: Callback<()>) -> impl IntoView {
    let hydrated = RwSignal::new(false);
    Effect::new(move |_| hydrated.set(true));
    view! {
        <button
            type="button"
            class="btn btn-ghost markdown-turn"
            hidden=move || !hydrated.get()
            aria-pressed=move || previewing.get().to_string()
            aria-busy=move || pending.get().then_some("true")
            on:click=move |_| toggle.run(())
        >
            "Preview"
        </button>
    }
}

fn preview_content(html: Result<String>) -> AnyView {
    match html {
        Ok(html) if html.trim().is_empty() => view! { <p class="field-hint">"Nothing to preview yet."</p> }.into_any(),
        Ok(html) => view! { <Prose html /> }.into_any(),
        Err(error) => view! { <FormErrors errors=vec![error.to_string()] /> }.into_any(),
    }
}

/// Returns the text in the text area, also when the browser restored it without an event.
fn current_text(root: NodeRef<html::Div>) -> String {
    let area = root.get_untracked().and_then(|root| root.query_selector("textarea").ok().flatten());
    area.and_then(|area| js_sys::Reflect::get(area.unchecked_ref::<HtmlElement>(), &"value".into()).ok())
        .and_then(|value| value.as_string())
        .unwrap_or_default()
}
