//! Layouts: the frame that stays still around the work.

use leptos::{children::ViewFnOnce, prelude::*};

use crate::ui::words::Words;

/// The top of every page: a way past it, the school's name, and links.
#[component]
pub fn SiteHeader(#[prop(into)] school: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <a class="skip-link" href="#content" rel="external">
            "Skip to content"
        </a>
        <header class="site-header no-print">
            <div class="site-header-inner">
                <a class="school" href="/">
                    {school}
                </a>
                <nav class="site-nav" aria-label="Main">
                    {children.map(|children| children())}
                </nav>
            </div>
        </header>
    }
}

/// The page's content; `wide` for tables, lessons and shelves.
#[component]
pub fn Main(children: Children, #[prop(optional)] wide: bool) -> impl IntoView {
    view! {
        <main id="content" tabindex="-1" class=if wide { "main main-wide" } else { "main" }>
            {children()}
        </main>
    }
}

/// The foot of every page.
#[component]
pub fn SiteFooter(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <footer class="site-footer no-print">
            <div class="site-footer-inner">{children.map(|children| children())}</div>
        </footer>
    }
}

/// A promise at the left and what it costs at the right, where it stays; on a phone beneath.
#[component]
pub fn TwoColumns(children: Children, #[prop(into)] aside: ViewFnOnce) -> impl IntoView {
    view! {
        <div class="two-columns">
            <div class="two-columns-main">{children()}</div>
            <aside class="two-columns-aside">{aside.run()}</aside>
        </div>
    }
}

/// The price and the button, staying at the foot of a phone's screen. Stands last in [`Main`].
#[component]
pub fn BuyBar(children: Children) -> impl IntoView {
    view! { <div class="buy-bar no-print">{children()}</div> }
}

/// A sheet of paper: the receipt. Prints on one page, alone.
#[component]
pub fn Sheet(children: Children) -> impl IntoView {
    view! { <article class="sheet">{children()}</article> }
}

/// A narrow column for signing in and up. The `title` is the page's heading.
#[component]
pub fn AuthCard(
    children: Children,
    #[prop(optional, into)] title: Words,
    #[prop(optional, into)] lead: Words,
) -> impl IntoView {
    view! {
        <div class="auth">
            {title.0.map(|title| view! { <h1>{title}</h1> })} {lead.0.map(|lead| view! { <p class="lead">{lead}</p> })}
            {children()}
        </div>
    }
}
