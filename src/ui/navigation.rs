//! Navigation: where one is, and where one can go from here.

use leptos::prelude::*;

use crate::ui::{icon::Icon, words::Words};

/// A link in the header or the back office. `current` says that this is where we are.
#[component]
pub fn NavLink(
    #[prop(into)] href: String,
    children: Children,
    #[prop(optional, into)] current: Signal<bool>,
    /// Leaves the application: the browser loads the address itself.
    #[prop(optional)]
    external: bool,
) -> impl IntoView {
    view! {
        <a class="nav-link" href=href rel=external.then_some("external") aria-current=move || current.get().then_some("page")>
            {children()}
        </a>
    }
}

/// Parts of one thing, each with an address of its own. `current` is the address of this one.
#[component]
pub fn Tabs(
    /// Addresses and words.
    tabs: Vec<(String, String)>,
    #[prop(into)] current: String,
    #[prop(optional, into)] label: Words,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|(href, words)| {
            let here = (href == current).then_some("page");
            view! {
                <a href=href aria-current=here>
                    {words}
                </a>
            }
        })
        .collect_view();
    view! {
        <nav class="tab-row no-print" aria-label=label.0.unwrap_or_else(|| "Parts".into())>
            {tabs}
        </nav>
    }
}

/// Previous and next (address and title), with what is done here between them. Each keeps its place when another is absent.
#[component]
pub fn PrevNext(
    #[prop(into)] prev: Option<(String, String)>,
    #[prop(into)] next: Option<(String, String)>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    let prev = prev.map(|(href, title)| {
        view! {
            <a class="turn" rel="prev" href=href>
                <Icon icon=icondata_lu::LuArrowLeft />
                <span class="turn-words">
                    <span class="eyebrow">"Previous"</span>
                    <span class="sr-only">": "</span>
                    <span class="turn-title">{title}</span>
                </span>
            </a>
        }
    });
    let next = next.map(|(href, title)| {
        view! {
            <a class="turn turn-next" rel="next" href=href>
                <span class="turn-words">
                    <span class="eyebrow">"Next"</span>
                    <span class="sr-only">": "</span>
                    <span class="turn-title">{title}</span>
                </span>
                <Icon icon=icondata_lu::LuArrowRight />
            </a>
        }
    });
    view! {
        <nav class="prev-next no-print" aria-label="Lessons before and after">
            <div class="prev-next-before">{prev}</div>
            <div class="prev-next-here">{children.map(|children| children())}</div>
            <div class="prev-next-after">{next}</div>
        </nav>
    }
}
