//! Content that only some readers get: screen readers, or screens but not paper.

use leptos::prelude::*;

/// Text for screen readers that is not displayed, such as the rest of a button's name.
#[component]
pub fn VisuallyHidden(children: Children) -> impl IntoView {
    view! { <span class="sr-only">{children()}</span> }
}

/// A paragraph that is not printed.
#[component]
pub fn ScreenOnly(children: Children) -> impl IntoView {
    view! { <p class="no-print">{children()}</p> }
}
