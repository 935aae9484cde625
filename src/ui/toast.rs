//! Toasts: one sentence about what just happened.

use leptos::prelude::*;
use leptos::server::SharedValue;

use crate::ui::{card::Tone, icon::Icon, words::Words};

/// How many are seen at once; older ones make room.
const SEEN: usize = 3;

#[derive(Clone, Debug)]
struct Toast {
    id: u32,
    tone: Tone,
    text: String,
    action: Option<Action>,
}

/// Something that can be done about what happened: what the button says, and what it does.
#[derive(Clone, Debug)]
struct Action {
    words: String,
    run: Callback<()>,
}

/// Where a page says what just happened. Get it with [`use_toast`].
#[derive(Clone, Copy, Debug)]
pub struct Toaster {
    toasts: RwSignal<Vec<Toast>>,
}

impl Toaster {
    /// Shows one sentence for six seconds.
    pub fn show(self, tone: Tone, text: impl Into<String>) {
        self.push(tone, text.into(), None);
    }

    /// Shows one sentence for fifteen seconds, with a button beside it.
    pub fn offer(self, tone: Tone, text: impl Into<String>, words: impl Into<String>, run: Callback<()>) {
        self.push(tone, text.into(), Some(Action { words: words.into(), run }));
    }

    fn push(self, tone: Tone, text: String, action: Option<Action>) {
        self.toasts.update(|toasts| {
            let id = toasts.last().map_or(0, |last| last.id + 1);
            // What was offered, such as Undo, was about the last thing that happened, and this is another.
            toasts.retain(|toast| toast.action.is_none());
            toasts.push(Toast { id, tone, text, action });
            let over = toasts.len().saturating_sub(SEEN);
            toasts.drain(..over);
        });
    }

    fn dismiss(self, id: u32) {
        self.toasts.update(|toasts| toasts.retain(|toast| toast.id != id));
    }
}

/// Makes the one toaster. Called once, at the top of the application.
pub fn provide_toaster() -> Toaster {
    let toaster = Toaster { toasts: RwSignal::new(Vec::new()) };
    provide_context(toaster);
    toaster
}

/// The application's toaster.
pub fn use_toast() -> Toaster {
    use_context().unwrap_or_else(provide_toaster)
}

/// The place where toasts are seen and read out. A `flash` is the sentence that the last request left for this page; it
/// is only needed on the server. Style hides each after six seconds, later while it is pointed at or focused, so that this
/// works without JavaScript too.
#[component]
pub fn Toasts(#[prop(optional, into)] flash: Words) -> impl IntoView {
    let toaster = use_toast();
    if let Some(flash) = SharedValue::new(move || flash.0).into_inner() {
        toaster.show(Tone::Accent, flash);
    }
    view! {
        <div class="toasts no-print" role="status" aria-live="polite">
            <For each=move || toaster.toasts.get() key=|toast| toast.id let:toast>
                <Slip toast toaster />
            </For>
        </div>
    }
}

#[component]
fn Slip(toast: Toast, toaster: Toaster) -> impl IntoView {
    let Toast { id, tone, text, action } = toast;
    let (class, icon) = match tone {
        Tone::Plain => ("toast-slip", icondata_lu::LuInfo),
        Tone::Accent => ("toast-slip toast-accent", icondata_lu::LuCircleCheck),
        Tone::Danger => ("toast-slip toast-danger", icondata_lu::LuCircleAlert),
        Tone::Warning => ("toast-slip toast-warning", icondata_lu::LuTriangleAlert),
    };
    let lasting = action.is_some();
    let action = action.map(|Action { words, run }| {
        let act = move |_| {
            toaster.dismiss(id);
            run.run(());
        };
        view! {
            <button type="button" class="btn btn-ghost" on:click=act>
                {words}
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
