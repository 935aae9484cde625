//! The back office's frame: the same type, tighter.

use leptos::{children::ViewFnOnce, prelude::*};

/// Links at the side (on a phone in a row above), and the work. It brings its own [`Main`](crate::ui::Main).
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
