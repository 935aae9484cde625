//! Navigation: links, tabs, previous and next.

use leptos::prelude::*;

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// A link in the header or the back office. `current` marks the link to the page being shown.
#[component]
pub fn NavLink(
    #[prop(into)] href: String,
    children: Children,
    #[prop(optional, into)] current: Signal<bool>,
    /// The address is outside the application, so the browser loads it instead of the router.
    #[prop(optional)]
    external: bool,
) -> impl IntoView {
    view! {
        <a
            class="nav-link"
            href=href
            rel=external.then_some("external")
            aria-current=move || current.get().then_some("page")
        >
            {children()}
        </a>
    }
}

/// Tabs, each with its own address. `current` is the address of the selected one.
#[component]
pub fn Tabs(
    /// Addresses and labels.
    tabs: Vec<(String, String)>,
    #[prop(into)] current: String,
    #[prop(optional, into)] label: MaybeText,
) -> impl IntoView {
    let tabs = tabs
        .into_iter()
        .map(|(href, text)| {
            let current = (href == current).then_some("page");
            view! {
                <a href=href aria-current=current>
                    {text}
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

/// Links to the previous and the next lesson (address and title), with actions between them. Each has a fixed place, also when the
/// other is absent.
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
        <nav class="prev-next no-print" aria-label="Previous and next lesson">
            <div class="prev-next-before">{prev}</div>
            <div class="prev-next-here">{children.map(|children| children())}</div>
            <div class="prev-next-after">{next}</div>
        </nav>
    }
}
