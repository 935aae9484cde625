//! Values that are edited in place, without a form. They require JavaScript.

use std::{future::Future, pin::Pin};

use icondata_core::IconData;
use leptos::{ev, html, prelude::*, task::spawn_local};

use crate::ui::icon::Icon;

/// A future that saves a value. Its error is a sentence for the user.
pub type Saving = Pin<Box<dyn Future<Output = Result<(), String>>>>;

/// A name that becomes a text field when clicked. Enter and leaving the field save it, Escape restores it. A value that could not
/// be saved remains in the field, with the error below.
#[component]
pub fn InlineName(
    #[prop(into)] name: Signal<String>,
    /// The kind of the named item: "lesson".
    what: &'static str,
    maxlength: u32,
    save: Callback<String, Saving>,
) -> impl IntoView {
    let editor = NameEditor::new(name, save);
    view! {
        <span class="inline-name">
            {move || {
                if editor.editing.get() {
                    view! { <NameField editor what maxlength /> }.into_any()
                } else {
                    view! { <NameButton editor what /> }.into_any()
                }
            }}
        </span>
    }
}

/// The state of an [`InlineName`].
#[derive(Clone, Copy)]
struct NameEditor {
    name: Signal<String>,
    save: Callback<String, Saving>,
    editing: RwSignal<bool>,
    error: RwSignal<Option<String>>,
    saving: RwSignal<bool>,
    field: NodeRef<html::Input>,
    button: NodeRef<html::Button>,
}

impl NameEditor {
    /// Selects the text whenever the field appears.
    fn new(name: Signal<String>, save: Callback<String, Saving>) -> Self {
        let field = NodeRef::<html::Input>::new();
        Effect::new(move |_| {
            if let Some(field) = field.get() {
                // It fails only for an element that is no longer in the page.
                let _ = field.focus();
                field.select();
            }
        });
        Self {
            name,
            save,
            editing: RwSignal::new(false),
            error: RwSignal::new(None),
            saving: RwSignal::new(false),
            field,
            button: NodeRef::new(),
        }
    }

    fn close(self) {
        self.editing.set(false);
        self.error.set(None);
    }

    fn close_and_focus_button(self) {
        self.close();
        request_animation_frame(move || {
            if let Some(button) = self.button.get_untracked() {
                // It fails only for an element that is no longer in the page.
                let _ = button.focus();
            }
        });
    }

    /// Saves the typed name and closes the field. When `on_blur`, the focus has moved on and is not set to the button.
    fn submit(self, on_blur: bool) {
        let Some(typed) = self.field.get_untracked().map(|field| field.value()) else { return };
        let typed = typed.trim().to_owned();
        if self.saving.get_untracked() || !self.editing.get_untracked() {
            return;
        }
        if typed == self.name.get_untracked() || (on_blur && typed.is_empty()) {
            return if on_blur { self.editing.set(false) } else { self.close_and_focus_button() };
        }
        self.saving.set(true);
        spawn_local(async move {
            let saved = self.save.run(typed).await;
            self.saving.set(false);
            match saved {
                Ok(()) if on_blur => self.close(),
                Ok(()) => self.close_and_focus_button(),
                Err(sentence) => self.error.set(Some(sentence)),
            }
        });
    }

    fn on_key(self, event: &ev::KeyboardEvent) {
        match event.key().as_str() {
            "Enter" => {
                event.prevent_default();
                self.submit(false);
            }
            "Escape" => {
                event.stop_propagation();
                self.close_and_focus_button();
            }
            _ => {}
        }
    }
}

#[component]
fn NameField(editor: NameEditor, what: &'static str, maxlength: u32) -> impl IntoView {
    view! {
        <input
            class="input"
            node_ref=editor.field
            value=editor.name.get_untracked()
            maxlength=maxlength.to_string()
            aria-label=format!("Name of the {what}")
            aria-invalid=move || editor.error.with(Option::is_some).then_some("true")
            aria-busy=move || editor.saving.get().then_some("true")
            autocomplete="off"
            on:keydown=move |event| editor.on_key(&event)
            on:blur=move |_| editor.submit(true)
        />
        <span class="field-error" role="alert">
            {move || editor.error.get()}
        </span>
    }
}

#[component]
fn NameButton(editor: NameEditor, what: &'static str) -> impl IntoView {
    view! {
        <button
            type="button"
            class="inline-name-button"
            node_ref=editor.button
            on:click=move |_| editor.editing.set(true)
        >
            {move || editor.name.get()}
            <span class="sr-only">{format!(", rename this {what}")}</span>
        </button>
    }
}

/// An option of an [`InlineChoice`], with its icon.
#[derive(Clone, Copy)]
pub struct Choice {
    pub value: &'static str,
    pub label: &'static str,
    pub icon: &'static IconData,
}

/// A drop-down list that changes a value in place.
#[component]
pub fn InlineChoice(
    /// Its accessible name: "Status of Lesson 1".
    #[prop(into)]
    label: Signal<String>,
    choices: &'static [Choice],
    /// The `value` of the current choice.
    #[prop(into)]
    value: Signal<&'static str>,
    change: Callback<String>,
) -> impl IntoView {
    let options = choices
        .iter()
        .map(|choice| {
            let selected = choice.value == value.get_untracked();
            view! {
                <option value=choice.value selected=selected>
                    {choice.label}
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
