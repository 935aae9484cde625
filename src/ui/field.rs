//! Fields: a label, what is typed, a hint, and beside it what is wrong with it.

use leptos::{html, prelude::*};

use crate::ui::{icon::Icon, text::escape, words::Words};

/// The id of a field, and of the hint and the error that describe it.
pub(super) struct Described {
    pub(super) id: String,
    hint: Option<String>,
    error: Option<String>,
}

impl Described {
    pub(super) fn new(id: Words, name: &str, hint: Words, error: Words) -> Self {
        Self {
            id: id.0.unwrap_or_else(|| format!("field-{name}")),
            hint: hint.0.filter(|_| error.0.is_none()),
            error: error.0,
        }
    }

    pub(super) fn by(&self) -> Option<String> {
        let error = self.error.as_ref().map(|_| format!("{}-error", self.id));
        let hint = self.hint.as_ref().map(|_| format!("{}-hint", self.id));
        match (error, hint) {
            (Some(error), Some(hint)) => Some(format!("{error} {hint}")),
            (error, hint) => error.or(hint),
        }
    }

    pub(super) fn invalid(&self) -> Option<&'static str> {
        self.error.is_some().then_some("true")
    }

    /// Label above, then the control, then the error and the hint.
    pub(super) fn around(self, label: String, required: bool, control: impl IntoView) -> impl IntoView {
        let Self { id, hint, error } = self;
        let optional = (!required).then(|| view! { <span class="field-optional">"Optional"</span> });
        view! {
            <div class="field">
                <div class="field-label">
                    <label for=id.clone()>{label}</label>
                    {optional}
                </div>
                {control}
                {error
                    .map(|error| {
                        view! {
                            <p class="field-error" id=format!("{id}-error")>
                                <Icon icon=icondata_lu::LuCircleAlert />
                                <span>{error}</span>
                            </p>
                        }
                    })}
                {hint.map(|hint| view! { <p class="field-hint" id=format!("{id}-hint")>{hint}</p> })}
            </div>
        }
    }
}

/// One line to type. Its id is `field-` and its name, unless given.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    name: &'static str,
    /// `text` unless said otherwise.
    #[prop(optional)]
    kind: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: Words,
    #[prop(optional)] autocomplete: &'static str,
    #[prop(optional)] required: bool,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] hint: Words,
    #[prop(optional)] autofocus: bool,
    #[prop(optional, into)] id: Words,
    /// The keyboard of a phone: `numeric`, `url`.
    #[prop(optional)]
    inputmode: &'static str,
    /// The input itself.
    #[prop(optional)]
    input: NodeRef<html::Input>,
    /// Is told what is typed, as it is typed.
    #[prop(optional)]
    on_type: Option<Callback<String>>,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    let tell = move |event| {
        if let Some(on_type) = on_type {
            on_type.run(event_target_value(&event));
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
            on:input=tell
        />
    };
    described.around(label, required, control)
}

/// Several lines to type; grows with what is written, where the browser can.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    name: &'static str,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: Words,
    #[prop(optional)] required: bool,
    #[prop(optional)] maxlength: Option<u32>,
    #[prop(optional, into)] hint: Words,
    /// Lines shown before it grows; 4 unless said otherwise.
    #[prop(optional)]
    rows: Option<u32>,
    #[prop(optional, into)] id: Words,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    // Leptos writes a textarea's children as they are. The parser of a page drops the first line break, so one more is given;
    // what a script puts in is taken as it is.
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
    described.around(label, required, control)
}

/// One of a few: `options` are values and the words for them.
#[component]
pub fn SelectField(
    #[prop(into)] label: String,
    name: &'static str,
    options: Vec<(String, String)>,
    #[prop(optional, into)] value: String,
    #[prop(optional, into)] error: Words,
    #[prop(optional, into)] hint: Words,
    #[prop(optional, into)] id: Words,
) -> impl IntoView {
    let described = Described::new(id, name, hint, error);
    let options = options
        .into_iter()
        .map(|(option, words)| {
            let chosen = option == value;
            view! { <option value=option selected=chosen>{words}</option> }
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
    described.around(label, true, control)
}

/// Yes or no, or one of several that may be chosen together.
#[component]
pub fn CheckField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    #[prop(optional, into)] value: Words,
    #[prop(optional)] checked: bool,
    #[prop(optional, into)] hint: Words,
) -> impl IntoView {
    view! {
        <label class="check">
            <input type="checkbox" class="checkbox" name=name value=value.0.unwrap_or_else(|| "on".into()) checked=checked />
            <span>
                {label} {hint.0.map(|hint| view! { <span class="field-hint">{hint}</span> })}
            </span>
        </label>
    }
}
