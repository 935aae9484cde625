//! Empty states, errors, notices and loading skeletons.

use leptos::prelude::*;

use crate::ui::maybe_text::MaybeText;

/// The state of a page without content: a sentence and an action.
#[component]
pub fn EmptyState(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    state(None, view! { <p class="state-title">{title}</p> }.into_any(), text, None, children)
}

/// The state of a page after an error: what happened, and what to do next.
#[component]
pub fn ErrorState(
    #[prop(into)] title: String,
    #[prop(optional, into)] text: MaybeText,
    /// The sentence with the request id, which a user can quote to support.
    #[prop(optional_no_strip)]
    reference: Option<String>,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    state(Some("alert"), view! { <h1 class="state-title">{title}</h1> }.into_any(), text, reference, children)
}

fn state(
    role: Option<&'static str>,
    title: AnyView,
    text: MaybeText,
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

/// A highlighted sentence.
#[component]
pub fn Notice(children: Children) -> impl IntoView {
    view! { <p class="notice">{children()}</p> }
}

/// Content that requires JavaScript. It is inert until the page is hydrated, so that no click is lost; without JavaScript, a
/// sentence says what requires it.
#[component]
pub fn NeedsScript(
    /// The activity that requires it: "Editing lessons".
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

/// A skeleton of cards, shown while they load.
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

/// A skeleton of a page with a heading and text, shown while it loads.
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

/// A skeleton of rows, shown while they load.
#[component]
pub fn SkeletonList(count: usize) -> impl IntoView {
    let row = || view! { <div class="skeleton skeleton-row"></div> };
    loading(view! { <div class="stack stack-tight">{(0..count).map(|_| row()).collect_view()}</div> })
}

/// Marks skeleton shapes as loading, for screen readers too.
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
