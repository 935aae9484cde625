//! Buttons, and links that look like buttons.

use leptos::prelude::*;

use crate::ui::{form::Submitting, maybe_text::MaybeText};

/// The meaning of pressing a button. Its appearance follows from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intent {
    /// The main action of the page.
    #[default]
    Primary,
    /// An action beside the main one.
    Secondary,
    /// An action that should not draw attention.
    Quiet,
    /// An action that deletes or withdraws something.
    Danger,
}

impl Intent {
    const fn class(self, wide: bool) -> &'static str {
        match (self, wide) {
            (Self::Primary, false) => "btn btn-primary",
            (Self::Primary, true) => "btn btn-primary btn-block",
            (Self::Secondary, false) => "btn btn-outline",
            (Self::Secondary, true) => "btn btn-outline btn-block",
            (Self::Quiet, false) => "btn btn-ghost",
            (Self::Quiet, true) => "btn btn-ghost btn-block",
            (Self::Danger, false) => "btn btn-outline btn-error",
            (Self::Danger, true) => "btn btn-outline btn-error btn-block",
        }
    }
}

/// A button. While `pending`, or while the [`Form`](crate::ui::Form) around it is being sent, it shows a spinner, ignores clicks,
/// and its width and its form value are unchanged.
#[component]
pub fn Button(
    children: Children,
    #[prop(optional)] intent: Intent,
    #[prop(optional, into)] pending: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// The `type` attribute; `submit` by default.
    #[prop(optional)]
    kind: &'static str,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    #[prop(optional, into)] name: MaybeText,
    #[prop(optional, into)] value: MaybeText,
) -> impl IntoView {
    let kind = if kind.is_empty() { "submit" } else { kind };
    let form = use_context::<Submitting>().filter(|_| kind == "submit");
    let busy = move || pending.get() || form.is_some_and(|form| form.0.get());
    let blocked = Signal::derive(move || busy() || disabled.get());
    // Not the `disabled` attribute: it would remove the button's value from the form and the focus from the button.
    let ignore_if_blocked = move |event: leptos::ev::MouseEvent| {
        if blocked.get_untracked() {
            event.prevent_default();
            event.stop_immediate_propagation();
        }
    };
    view! {
        <button
            type=kind
            class=intent.class(wide)
            name=name.0
            value=value.0
            aria-busy=move || busy().then_some("true")
            aria-disabled=move || blocked.get().then_some("true")
            on:click=ignore_if_blocked
        >
            {children()}
        </button>
    }
}

/// A link that looks like a button, for navigation.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    children: Children,
    #[prop(optional)] intent: Intent,
    #[prop(optional)] wide: bool,
    /// The address is outside the application, so the browser loads it instead of the router.
    #[prop(optional)]
    external: bool,
) -> impl IntoView {
    view! {
        <a href=href class=intent.class(wide) rel=external.then_some("external")>
            {children()}
        </a>
    }
}

/// A button that prints the page. It appears once JavaScript runs, because it requires it.
#[component]
pub fn PrintButton() -> impl IntoView {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    // It fails only where printing is forbidden, and then the browser shows a message.
    let print = |_| drop(window().print());
    move || {
        ready.get().then(|| {
            view! {
                <button type="button" class=Intent::Quiet.class(false) on:click=print>
                    "Print"
                </button>
            }
        })
    }
}
