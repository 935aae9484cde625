//! Disclosure: what folds away, with the browser's own element.

use leptos::prelude::*;

use crate::ui::{icon::Icon, words::Words};

/// Something that can be opened, with a word `aside` about what is in it.
#[component]
pub fn Accordion(
    #[prop(into)] summary: String,
    #[prop(optional, into)] aside: Words,
    #[prop(optional)] open: bool,
    children: Children,
) -> impl IntoView {
    view! {
        <details class="accordion" open=open>
            <summary>
                <Icon icon=icondata_lu::LuChevronRight />
                <span class="accordion-title">{summary}</span>
                {aside.0.map(|aside| view! { <span class="accordion-aside">{aside}</span> })}
            </summary>
            <div class="accordion-body">{children()}</div>
        </details>
    }
}
