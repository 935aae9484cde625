//! Collapsible content, by the browser's `<details>` element.

use leptos::prelude::*;

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// A collapsible section. The `aside` describes its content: "5 lessons".
#[component]
pub fn Accordion(
    #[prop(into)] summary: String,
    #[prop(optional, into)] aside: MaybeText,
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
