//! Toasts: short messages about the result of an action.

use leptos::prelude::*;
use leptos::server::SharedValue;

use crate::ui::{card::Tone, icon::Icon, maybe_text::MaybeText};

/// Toasts shown at once. A new one replaces the oldest.
const MAX_VISIBLE: usize = 3;

#[derive(Clone, Debug)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
    action: Option<Action>,
}

/// The button of a toast.
#[derive(Clone, Debug)]
struct Action {
    label: String,
    run: Callback<()>,
}

/// Shows toasts. Get it with [`use_toast`].
#[derive(Clone, Copy, Debug)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
}

impl Toaster {
    /// Shows a sentence for six seconds.
    pub fn show(self, tone: Tone, text: impl Into<String>) {
        self.push(tone, text.into(), None);
    }

    /// Shows a sentence for fifteen seconds, with a button beside it.
    pub fn show_with_action(self, tone: Tone, text: impl Into<String>, label: impl Into<String>, run: Callback<()>) {
        self.push(tone, text.into(), Some(Action { label: label.into(), run }));
    }

    fn push(self, tone: Tone, text: String, action: Option<Action>) {
        self.toasts.update(|toasts| {
            let id = toasts.last().map_or(0, |last| last.id + 1);
            // An earlier action, such as Undo, refers to the previous change; it is not valid after another one.
            toasts.retain(|toast| toast.action.is_none());
            toasts.push(Toast { id, tone, text, action });
            let excess = toasts.len().saturating_sub(MAX_VISIBLE);
            toasts.drain(..excess);
        });
    }

    fn dismiss(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Provides the application's toaster as context. Called once, at the root of the application.
pub fn provide_toaster() -> Toaster {
    let toaster = Toaster { toasts: RwSignal::new(Vec::new()) };
    provide_context(toaster);
    toaster
}

/// Returns the application's toaster.
pub fn use_toast() -> Toaster {
    use_context().unwrap_or_else(provide_toaster)
}

/// The region that shows toasts, announced by screen readers. A `flash` is the message that the previous request stored for this
/// page; it is required on the server only. A CSS animation hides each toast after six seconds and pauses on hover and focus, so
/// that this works without JavaScript too.
#[component]
pub fn Toasts(#[prop(optional, into)] flash: MaybeText) -> impl IntoView {
    let toaster = use_toast();
    if let Some(flash) = SharedValue::new(move || flash.0).into_inner() {
        toaster.show(Tone::Accent, flash);
    }
    view! {
        <div class="toasts no-print" role="status" aria-live="polite">
            <For each=move || toaster.toasts.get() key=|toast| toast.id let:toast>
                <ToastView toast toaster />
            </For>
        </div>
    }
}

#[component]
fn ToastView(toast: Toast, toaster: Toaster) -> impl IntoView {
    let Toast { id, tone, text, action } = toast;
    let (class, icon) = match tone {
        Tone::Plain => ("toast-slip", icondata_lu::LuInfo),
        Tone::Accent => ("toast-slip toast-accent", icondata_lu::LuCircleCheck),
        Tone::Danger => ("toast-slip toast-danger", icondata_lu::LuCircleAlert),
        Tone::Warning => ("toast-slip toast-warning", icondata_lu::LuTriangleAlert),
    };
    let lasting = action.is_some();
    let action = action.map(|Action { label, run }| {
        let act = move |_| {
            toaster.dismiss(id);
            run.run(());
        };
        view! {
            <button type="button" class="btn btn-ghost" on:click=act>
                {label}
            </button>
        }
    });
    view! {
        <div class=class class:toast-lasting=lasting on:animationend=move |_| toaster.dismiss(id)>
            <Icon icon />
            <p>{text}</p>
            {action}
            <button type="button" class="icon-button" on:click=move |_| toaster.dismiss(id)>
                <Icon icon=icondata_lu::LuX label="Dismiss" />
            </button>
        </div>
    }
}
