//! Page layouts: header, footer, columns.

use leptos::{children::ViewFnOnce, prelude::*};

use crate::ui::maybe_text::MaybeText;

/// The header of every page: a link that skips it, the school's name, and the navigation.
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

/// The `<main>` element; `wide` for tables, lessons and lists of cards.
#[component]
pub fn Main(children: Children, #[prop(optional)] wide: bool) -> impl IntoView {
    view! {
        <main id="content" tabindex="-1" class=if wide { "main main-wide" } else { "main" }>
            {children()}
        </main>
    }
}

/// The footer of every page.
#[component]
pub fn SiteFooter(#[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <footer class="site-footer no-print">
            <div class="site-footer-inner">{children.map(|children| children())}</div>
        </footer>
    }
}

/// The content at the left and a sticky `aside` at the right, such as a price; on a phone one below the other.
#[component]
pub fn TwoColumns(children: Children, #[prop(into)] aside: ViewFnOnce) -> impl IntoView {
    view! {
        <div class="two-columns">
            <div class="two-columns-main">{children()}</div>
            <aside class="two-columns-aside">{aside.run()}</aside>
        </div>
    }
}

/// Two blocks side by side where there is room.
#[component]
pub fn EqualColumns(children: Children) -> impl IntoView {
    view! { <div class="pair">{children()}</div> }
}

/// The price and the buy button, at the bottom edge of a phone's screen. It is the last child of [`Main`].
#[component]
pub fn BuyBar(children: Children) -> impl IntoView {
    view! { <div class="buy-bar no-print">{children()}</div> }
}

/// A sheet of paper, for receipts. It is printed alone, on one page.
#[component]
pub fn Sheet(children: Children) -> impl IntoView {
    view! { <article class="sheet">{children()}</article> }
}

/// A narrow column for sign-in and sign-up pages. The `title` is the page's heading.
#[component]
pub fn AuthCard(
    children: Children,
    #[prop(optional, into)] title: MaybeText,
    #[prop(optional, into)] lead: MaybeText,
) -> impl IntoView {
    view! {
        <div class="auth">
            {title.0.map(|title| view! { <h1>{title}</h1> })} {lead.0.map(|lead| view! { <p class="lead">{lead}</p> })}
            {children()}
        </div>
    }
}
