//! Form fields: a label, an input, its error and a hint.

use leptos::{html, prelude::*};

use crate::ui::{icon::Icon, maybe_text::MaybeText, text::escape};

/// The id of a field with its hint and error, which `aria-describedby` refers to.
pub(super) struct Described {
    pub(super) id: String,
    hint: Option<String>,
    error: Option<String>,
}

impl Described {
    /// The id is `field-{name}` unless given. An error replaces the hint.
    pub(super) fn new(id: MaybeText, name: &str, hint: MaybeText, error: MaybeText) -> Self {
        Self {
            id: id.0.unwrap_or_else(|| format!("field-{name}")),
            hint: hint.0.filter(|_| error.0.is_none()),
            error: error.0,
        }
    }

    /// As [`new`](Self::new), with the hint shown beside an error too.
    pub(super) fn with_hint_beside_error(name: &str, hint: MaybeText, error: MaybeText) -> Self {
        Self { id: format!("field-{name}"), hint: hint.0, error: error.0 }
    }

    /// The value of `aria-describedby`.
    pub(super) fn by(&self) -> Option<String> {
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        match (error, hint) {
            (Some(error), Some(hint)) => Some(format!("{error} {hint}")),
            (error, hint) => error.or(hint),
        }
    }

    /// The value of `aria-invalid`.
    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.is_some().then_some("true")
    }

    /// The control with its label above, and the error and the hint below.
    pub(super) fn wrap(self, label: String, required: bool, control: impl IntoView) -> impl IntoView {
        let id = self.id.clone();
        let optional = (!required).then(|| view! { <span class="field-optional">"Optional"</span> });
        view! {
            <div class="field">
                <div class="field-label">
                    <label for=id>{label}</label>
                    {optional}
                </div>
                {control}
                {self.messages()}
            </div>
        }
    }

    /// The error and the hint.
    pub(super) fn messages(self) -> impl IntoView {
        let Self { id, hint, error } = self;
        let error = error.map(|error| {
            view! {
                <p class="field-error" id=format!("{id}-error")>
                    <Icon icon=icondata_lu::LuCircleAlert />
                    <span>{error}</span>
                </p>
            }
        });
        (
            error,
            hint.map(|hint| {
                view! {
                    <p class="field-hint" id=format!("{id}-hint")>
                        {hint}
                    </p>
                }
            }),
        )
    }
}

/// A single-line input. Its id is `field-{name}` unless given.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    name: &'static str,
    /// The `type` attribute; `text` by default.
    #[prop(optional)]
    kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional)] autofocus: bool,
    #[prop(optional, into)] id: MaybeText,
    /// The keyboard that a phone shows: `numeric`, `url`.
    #[prop(optional)]
    inputmode: &'static str,
    /// A reference to the `<input>` element.
    #[prop(optional)]
    input: NodeRef<html::Input>,
    /// Called with the value at every change.
    #[prop(optional)]
    on_input: Option<Callback<String>>,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    let notify = move |event| {
        if let Some(on_input) = on_input {
            on_input.run(event_target_value(&event));
        }
    };
    let kind = if kind.is_empty() { "text" } else { kind };
    let control = view! {
        <input
            node_ref=input
            class="input"
            type=kind
            inputmode=(!inputmode.is_empty()).then_some(inputmode)
            id=described.id.clone()
            name=name
            value=value
            autocomplete=(!autocomplete.is_empty()).then_some(autocomplete)
            required=required
            maxlength=maxlength.map(|length| length.to_string())
            autofocus=autofocus
            aria-invalid=described.invalid()
            aria-describedby=described.by()
            on:input=notify
        />
    };
    described.wrap(label, required, control)
}

/// A multi-line input. It grows with its text in browsers that support `field-sizing`.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional)] required: bool,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] hint: MaybeText,
    /// Lines shown before it grows; 4 by default.
    #[prop(optional)]
    rows: Option<u32>,
    #[prop(optional, into)] id: MaybeText,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    // Leptos does not escape a textarea's children. An HTML parser drops the first line break of a textarea, so the server adds
    // one; text that a script sets is not parsed that way.
    let text = if cfg!(feature = "ssr") { format!("\n{}", escape(&value)) } else { escape(&value) };
    let control = view! {
        <textarea
            class="textarea"
            id=described.id.clone()
            name=name
            rows=rows.unwrap_or(4).to_string()
            required=required
            maxlength=maxlength.map(|length| length.to_string())
            aria-invalid=described.invalid()
            aria-describedby=described.by()
            inner_html=text
        />
    };
    described.wrap(label, required, control)
}

/// A drop-down list; `options` are values and their labels.
#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    name: &'static str,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    #[prop(optional, into)] id: MaybeText,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    let options = options
        .into_iter()
        .map(|(option, label)| {
            let selected = option == value;
            view! {
                <option value=option selected=selected>
                    {label}
                </option>
            }
        })
        .collect_view();
    let control = view! {
        <select
            class="select"
            id=described.id.clone()
            name=name
            aria-invalid=described.invalid()
            aria-describedby=described.by()
        >
            {options}
        </select>
    };
    described.wrap(label, true, control)
}

/// A checkbox with its label. Several with the same name form a multiple choice.
#[component]
pub fn CheckField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] value: MaybeText,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] hint: MaybeText,
) -> impl IntoView {
    view! {
        <label class="check">
            <input
                type="checkbox"
                class="checkbox"
                name=name
                value=value.0.unwrap_or_else(|| "on".into())
                checked=checked
            />
            <span>{label} {hint.0.map(|hint| view! { <span class="field-hint">{hint}</span> })}</span>
        </label>
    }
}
