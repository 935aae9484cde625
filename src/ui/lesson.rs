//! The lesson page: the video with the course outline beside it.

use leptos::{children::ViewFnOnce, prelude::*};

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// The video and its text, with the outline in a collapsible column; on a phone below. It is used in a wide
/// [`Main`](crate::ui::Main).
#[component]
pub fn LessonLayout(#[prop(into)] outline: ViewFnOnce, children: Children) -> impl IntoView {
    view! {
        <div class="lesson">
            <div class="lesson-main">{children()}</div>
            <details class="lesson-outline no-print" open>
                <summary>
                    <Icon icon=icondata_lu::LuPanelRightClose />
                    "Outline"
                </summary>
                <nav aria-label="Outline">{outline.run()}</nav>
            </details>
        </div>
    }
}

/// A 16:9 box that a video fills.
#[component]
pub fn VideoFrame(children: Children) -> impl IntoView {
    view! { <div class="video">{children()}</div> }
}

/// A panel in place of a video that the viewer may not watch, with what to do about it.
#[component]
pub fn LockedPanel(#[prop(into)] title: String, #[prop(optional)] children: Option<Children>) -> impl IntoView {
    view! {
        <div class="video video-locked">
            <Icon icon=icondata_lu::LuLock />
            <p class="state-title">{title}</p>
            {children.map(|children| children())}
        </div>
    }
}

/// The lessons of a section.
#[component]
pub fn OutlineList(
    children: Children,
    /// The name of the section.
    #[prop(optional, into)]
    title: MaybeText,
) -> impl IntoView {
    view! {
        <section class="chapter">
            {title.0.map(|title| view! { <h3 class="chapter-title">{title}</h3> })} <ol>{children()}</ol>
        </section>
    }
}

/// A lesson in the outline. Without an `href` it cannot be opened. The `note` is "Preview", "Private" or "Locked".
#[component]
pub fn OutlineItem(
    #[prop(optional, into)] href: MaybeText,
    #[prop(into)] title: String,
    #[prop(optional)] done: bool,
    #[prop(optional)] current: bool,
    #[prop(optional, into)] note: MaybeText,
) -> impl IntoView {
    let (icon, state) = match (done, note.0.as_deref(), href.0.is_some()) {
        (true, _, _) => (icondata_lu::LuCircleCheck, Some("Completed")),
        (_, Some("Private"), _) => (icondata_lu::LuEyeOff, None),
        (_, Some("Preview"), _) => (icondata_lu::LuCirclePlay, None),
        (_, None, true) => (icondata_lu::LuCircle, None),
        (_, None, false) => (icondata_lu::LuLock, Some("Locked")),
        _ => (icondata_lu::LuLock, None),
    };
    let class = match (done, note.0.as_deref()) {
        (true, _) => "outline-item outline-done",
        (false, Some("Preview")) => "outline-item outline-open",
        _ => "outline-item",
    };
    let content = view! {
        <Icon icon />
        <span class="outline-words">{title}</span>
        {state.map(|state| view! { <span class="sr-only">{format!(", {state}")}</span> })}
        {note.0.map(|note| view! { <span class="outline-note">{note}</span> })}
    };
    let row = match href.0 {
        Some(href) => view! {
            <a class=class href=href aria-current=current.then_some("page")>
                {content}
            </a>
        }
        .into_any(),
        None => view! { <span class=class>{content}</span> }.into_any(),
    };
    view! { <li>{row}</li> }
}
