//! What is changed where it stands, without a form around it. It needs JavaScript.

use std::{future::Future, pin::Pin};

use icondata_core::IconData;
use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::ui::icon::Icon;

/// Something being saved; it ends well, or with a sentence that says why not.
pub type Saving = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// A name that is edited in place: pressed, it becomes a field. Enter and leaving it save, Escape leaves it as it was. What
/// could not be saved stays in the field, with the reason beneath.
#[component]
pub fn InlineName(
    #[prop(into)] name: Signal<String>,
    /// What it names: "lesson".
    what: &'static str,
    maxlength: u32,
    save: Callback<String, Saving>,
) -> impl IntoView {
    let editing = RwSignal::new(false);
    let error = RwSignal::new(None::<String>);
    let busy = RwSignal::new(false);
    let field = NodeRef::<html::Input>::new();
    let button = NodeRef::<html::Button>::new();
    let close = move || {
        editing.set(false);
        error.set(None);
        request_animation_frame(move || {
            if let Some(button) = button.get_untracked() {
                // It fails only for an element that has left the page.
                let _ = button.focus();
            }
        });
    };
    let submit = move |leaving: bool| {
        let Some(typed) = field.get_untracked().map(|field| field.value()) else { return };
        let typed = typed.trim().to_owned();
        if busy.get_untracked() || !editing.get_untracked() {
            return;
        }
        if typed == name.get_untracked() || (leaving && typed.is_empty()) {
            return if leaving { editing.set(false) } else { close() };
        }
        busy.set(true);
        spawn_local(async move {
            let saved = save.run(typed).await;
            busy.set(false);
            match saved {
                Ok(()) if leaving => {
                    editing.set(false);
                    error.set(None);
                }
                Ok(()) => close(),
                Err(sentence) => error.set(Some(sentence)),
            }
        });
    };
    let on_key = move |event: ev::KeyboardEvent| match event.key().as_str() {
        "Enter" => {
            event.prevent_default();
            submit(false);
        }
        "Escape" => {
            event.stop_propagation();
            close();
        }
        _ => {}
    };
    Effect::new(move |_| {
        if let Some(field) = field.get() {
            // It fails only for an element that has left the page.
            let _ = field.focus();
            field.select();
        }
    });
    view! {
        <span class="inline-name">
            {move || {
                if editing.get() {
                    view! {
                        <input
                            class="input"
                            node_ref=field
                            value=name.get_untracked()
                            maxlength=maxlength.to_string()
                            aria-label=format!("Name of the {what}")
                            aria-invalid=move || error.with(Option::is_some).then_some("true")
                            aria-busy=move || busy.get().then_some("true")
                            autocomplete="off"
                            on:keydown=on_key
                            on:blur=move |_| submit(true)
                        />
                        <span class="field-error" role="alert">
                            {move || error.get()}
                        </span>
                    }
                        .into_any()
                } else {
                    view! {
                        <button type="button" class="inline-name-button" node_ref=button on:click=move |_| editing.set(true)>
                            {move || name.get()}
                            <span class="sr-only">{format!(", rename this {what}")}</span>
                        </button>
                    }
                        .into_any()
                }
            }}
        </span>
    }
}

/// One of a few things that something can be, with its icon.
#[derive(Clone, Copy)]
pub struct Choice {
    pub value: &'static str,
    pub words: &'static str,
    pub icon: &'static IconData,
}

/// Switches between a few choices where it stands.
#[component]
pub fn InlineChoice(
    /// Its name for screen readers: "Status of Lesson 1".
    #[prop(into)]
    label: Signal<String>,
    choices: &'static [Choice],
    /// The `value` of the one it is now.
    #[prop(into)]
    value: Signal<&'static str>,
    change: Callback<String>,
) -> impl IntoView {
    let options = choices
        .iter()
        .map(|choice| {
            let chosen = choice.value == value.get_untracked();
            view! {
                <option value=choice.value selected=chosen>
                    {choice.words}
                </option>
            }
        })
        .collect_view();
    let icon = move || {
        let icon = choices.iter().find(|choice| choice.value == value.get())?.icon;
        Some(view! { <Icon icon /> })
    };
    let class = move || format!("inline-choice inline-choice-{}", value.get());
    view! {
        <span class=class>
            {icon}
            <select
                aria-label=move || label.get()
                prop:value=move || value.get()
                on:change:target=move |event| change.run(event.target().value())
            >
                {options}
            </select>
        </span>
    }
}
