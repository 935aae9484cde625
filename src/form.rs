//! State of a submitted form: what was typed, and why it was rejected. The page with the form shows both, also without JavaScript,
//! so that nothing typed is lost.

use std::future::Future;

use leptos::{ev, html, prelude::*, server::SharedValue, task::spawn_local, wasm_bindgen::JsCast};
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, FieldError, Result},
    load::Remount,
    ui::{FormErrors, ScriptedForm},
};

/// The values and errors of a rejected form. Empty when the page was only opened. Passwords are never sent back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
    message: Option<String>,
}

impl FormState {
    /// Returns the submitted form that this page responds to. The server stores it in the page for the browser's half.
    pub fn current() -> Self {
        SharedValue::new(|| use_context::<Self>().unwrap_or_default()).into_inner()
    }

    /// Returns a form with values and no errors.
    pub const fn with_values(values: Vec<(String, String)>) -> Self {
        Self { values, errors: Vec::new(), message: None }
    }

    /// Returns the first value of a field, or an empty text.
    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Returns every value of a field that may be sent more than once.
    pub fn values(&self, field: &str) -> Vec<String> {
        self.values.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone()).collect()
    }

    /// Returns the error of a field.
    pub fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
    }

    /// Returns the errors that belong to no field.
    pub fn messages(&self) -> Vec<String> {
        self.message.clone().into_iter().collect()
    }

    /// Returns a form that was rejected with `error`, without its passwords.
    pub fn rejected(values: Vec<(String, String)>, error: &Error) -> Self {
        let values = values.into_iter().filter(|(name, _)| !name.ends_with("password")).collect();
        match error {
            Error::Invalid(errors) => Self { values, errors: errors.clone(), message: None },
            other => Self { values, errors: Vec::new(), message: Some(other.to_string()) },
        }
    }
}

/// The fields of a form, as names and values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormData(pub Vec<(String, String)>);

impl FormData {
    /// Returns the first value of a field, or an empty text.
    pub fn get(&self, field: &str) -> String {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// A form that is sent without leaving the page, such as one in a dialog. It requires JavaScript. When `send` fails, `fields` are shown
/// again with what was typed and their errors, and the first invalid field gets the focus.
#[component]
pub fn LiveForm<F>(
    fields: impl Fn(FormState) -> AnyView + Send + Sync + 'static,
    send: impl Fn(FormData) -> F + Clone + Send + Sync + 'static,
    children: Children,
) -> impl IntoView
where
    F: Future<Output = Result<()>> + 'static,
{
    let form = NodeRef::<html::Form>::new();
    let submitted = RwSignal::new(FormState::default());
    let busy = RwSignal::new(false);
    let remount = Remount::default();
    let submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let Some(form) = form.get_untracked().filter(|_| !busy.get_untracked()) else { return };
        let data = read(&form, &event);
        let sending = send(data.clone());
        busy.set(true);
        spawn_local(async move {
            let result = sending.await;
            // The dialog may be closed by now, and its signals disposed.
            busy.try_set(false);
            if let Err(error) = result {
                submitted.try_set(FormState::rejected(data.0, &error));
                focus_first_invalid(form);
            }
        });
    };
    view! {
        <ScriptedForm form submitting=busy submit=Callback::new(submit)>
            {move || {
                let submitted = submitted.get();
                let messages = submitted.messages();
                let content = view! {
                    <FormErrors errors=messages />
                    {fields(submitted)}
                };
                remount.show(content.into_any())
            }}
            {children()}
        </ScriptedForm>
    }
}

/// Reads every field of the form, and the button that submitted it.
fn read(form: &web_sys::HtmlFormElement, event: &ev::SubmitEvent) -> FormData {
    let mut fields = Vec::new();
    if let Ok(data) = web_sys::FormData::new_with_form(form)
        && let Ok(Some(entries)) = js_sys::try_iter(&data)
    {
        for entry in entries.flatten() {
            let entry = js_sys::Array::from(&entry);
            if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
                fields.push((name, value));
            }
        }
    }
    let button =
        event.submitter().and_then(|button| Some((button.get_attribute("name")?, button.get_attribute("value")?)));
    fields.extend(button);
    FormData(fields)
}

fn focus_first_invalid(form: web_sys::HtmlFormElement) {
    request_animation_frame(move || {
        let field = form.query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlElement>().ok()) {
            // It fails only for an element that was removed from the page.
            let _ = field.focus();
        }
    });
}
