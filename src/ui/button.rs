//! Buttons: a verb, and what it means to press it.

use leptos::prelude::*;

use crate::ui::{form::Submitting, words::Words};

/// What pressing it means; the looks follow from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Intent {
    /// The one thing to do here.
    #[default]
    Primary,
    /// Another thing to do here.
    Secondary,
    /// Possible, but nothing to look at first.
    Quiet,
    /// Takes something away.
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

/// A button. While `pending`, or while the [`Form`](crate::ui::Form) around it is being sent, it spins, keeps its width and
/// its value, and does not answer.
#[component]
pub fn Button(
    children: Children,
    #[prop(optional)] intent: Intent,
    #[prop(optional, into)] pending: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    /// `submit` unless said otherwise.
    #[prop(optional)]
    kind: &'static str,
    /// As wide as what it stands in.
    #[prop(optional)]
    wide: bool,
    #[prop(optional, into)] name: Words,
    #[prop(optional, into)] value: Words,
) -> impl IntoView {
    let kind = if kind.is_empty() { "submit" } else { kind };
    let form = use_context::<Submitting>().filter(|_| kind == "submit");
    let busy = move || pending.get() || form.is_some_and(|form| form.0.get());
    let blocked = Signal::derive(move || busy() || disabled.get());
    // Not the `disabled` attribute: that would drop the button's value from the form and take the focus away.
    let refuse = move |event: leptos::ev::MouseEvent| {
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
            on:click=refuse
        >
            {children()}
        </button>
    }
}

/// A link that looks like a button, where pressing it only goes somewhere.
#[component]
pub fn LinkButton(
    #[prop(into)] href: String,
    children: Children,
    #[prop(optional)] intent: Intent,
    #[prop(optional)] wide: bool,
    /// Leaves the application: the browser loads the address itself.
    #[prop(optional)]
    external: bool,
) -> impl IntoView {
    view! {
        <a href=href class=intent.class(wide) rel=external.then_some("external")>
            {children()}
        </a>
    }
}

/// Prints the page. It is there once it works.
#[component]
pub fn PrintButton() -> impl IntoView {
    let ready = RwSignal::new(false);
    Effect::new(move |_| ready.set(true));
    // It fails only where printing is forbidden, and then the browser has said so.
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
