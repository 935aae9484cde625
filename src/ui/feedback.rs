//! Feedback: nothing here yet, something went wrong, something is coming.

use leptos::prelude::*;

use crate::ui::words::Words;

/// There is nothing here yet: one sentence, one action.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: Words,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    state(None, view! { <p class="state-title">{title}</p> }.into_any(), text, None, children)
}

/// It did not work: what happened, and what to do now.
#[component]
pub fn ErrorState(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: Words,
    /// What our log knows it by, for whoever writes to us.
    #[prop(optional_no_strip)]
    reference: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    state(Some("alert"), view! { <h1 class="state-title">{title}</h1> }.into_any(), text, reference, children)
}

fn state(
    role: Option<&'static str>,
    title: AnyView,
    text: Words,
    reference: Option<String>,
    action: Option<Children>,
) -> impl IntoView {
    view! {
        <div class="state" role=role>
            {title}
            {text.0.map(|text| view! { <p class="state-text">{text}</p> })}
            {reference.map(|reference| view! { <p class="state-text">{reference}</p> })}
            {action.map(|action| view! { <div class="state-action">{action()}</div> })}
        </div>
    }
}

/// A plain sentence that somebody should know.
#[component]
pub fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice">{children()}</p> }
}

/// What works only with JavaScript: until it does, nothing in it can be pressed in vain, and where it never will, that is said.
#[component]
pub fn NeedsScript(
    /// What does: "Writing lessons".
    what: &'static str,
    children: Children,
) -> impl IntoView {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    view! {
        <noscript>
            <p class="notice">{format!("{what} needs JavaScript.")}</p>
        </noscript>
        <div inert=move || !ready.get()>{children()}</div>
    }
}

/// The shape of cards that are coming.
#[component]
pub fn SkeletonCards(count: usize) -> impl IntoView {
    let card = || {
        view! {
            <div class="cover-card">
                <div class="cover skeleton"></div>
                <div class="cover-card-body">
                    <div class="skeleton skeleton-title"></div>
                    <div class="skeleton skeleton-line"></div>
                </div>
            </div>
        }
    };
    loading(view! { <div class="grid-cards">{(0..count).map(|_| card()).collect_view()}</div> })
}

/// The shape of a page that is coming: a heading and text.
#[component]
pub fn SkeletonPage() -> impl IntoView {
    loading(view! {
        <div class="stack stack-normal">
            <div class="skeleton skeleton-heading"></div>
            <div class="skeleton skeleton-para"></div>
            <div class="skeleton skeleton-para"></div>
            <div class="skeleton skeleton-line"></div>
        </div>
    })
}

/// The shape of rows that are coming.
#[component]
pub fn SkeletonList(count: usize) -> impl IntoView {
    let row = || view! { <div class="skeleton skeleton-row"></div> };
    loading(view! { <div class="stack stack-tight">{(0..count).map(|_| row()).collect_view()}</div> })
}

fn loading(shapes: impl IntoView) -> impl IntoView {
    view! {
        <div class="loading-shapes">
            <p role="status" class="sr-only">
                "Loading"
            </p>
            <div aria-hidden="true">{shapes}</div>
        </div>
    }
}
