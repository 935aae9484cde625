//! Layout of the back office.

use leptos::{children::ViewFnOnce, prelude::*};

/// The navigation at the side (on a phone in a row above), and the page. It contains the `<main>` element, so a page in it
/// does not use [`Main`](crate::ui::Main).
#[component]
pub fn AdminLayout(#[prop(into)] nav: ViewFnOnce, children: Children) -> impl IntoView {
    view! {
        <div class="admin">
            <nav class="admin-nav no-print" aria-label="Back office">
                {nav.run()}
            </nav>
            <main id="content" tabindex="-1" class="admin-main">
                {children()}
            </main>
        </div>
    }
}
