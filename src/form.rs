//! Forms that work without JavaScript: what was posted, and why it was refused. The page that shows the form reads both, so
//! that nothing typed is lost.

use std::future::Future;

use leptos::{context::Provider, ev, html, prelude::*, server::SharedValue, task::spawn_local, wasm_bindgen::JsCast};
use serde::{Deserialize, Serialize};

use crate::{
    error::{FieldError, Result},
    load::Remount,
    ui::{FormErrors, Submitting},
};

/// A form as it came back. Empty when the page was only opened. Passwords never come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormState {
    values: Vec<(String, String)>,
    errors: Vec<FieldError>,
    message: Option<String>,
}

impl FormState {
    /// The form that this page load answers to; the browser finds it in the page.
    pub fn current() -> Self {
        SharedValue::new(|| use_context::<Self>().unwrap_or_default()).into_inner()
    }

    /// A form to go on writing at, with nothing refused.
    pub const fn of(values: Vec<(String, String)>) -> Self {
        Self { values, errors: Vec::new(), message: None }
    }

    pub fn value(&self, field: &str) -> String {
        self.values.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }

    /// Every value of a field that may be sent more than once.
    pub fn values(&self, field: &str) -> Vec<String> {
        self.values.iter().filter(|(name, _)| name == field).map(|(_, value)| value.clone()).collect()
    }

    pub fn error(&self, field: &str) -> Option<String> {
        self.errors.iter().find(|error| error.field == field).map(|error| error.message.clone())
    }

    /// Sentences that belong to no field.
    pub fn messages(&self) -> Vec<String> {
        self.message.clone().into_iter().collect()
    }

    pub fn refused(values: Vec<(String, String)>, error: &crate::error::Error) -> Self {
        let values = values.into_iter().filter(|(name, _)| !name.ends_with("password")).collect();
        match error {
            crate::error::Error::Invalid(errors) => Self { values, errors: errors.clone(), message: None },
            other => Self { values, errors: Vec::new(), message: Some(other.to_string()) },
        }
    }
}

/// What was typed into a form, by the names of its fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FormData(pub Vec<(String, String)>);

impl FormData {
    pub fn get(&self, field: &str) -> String {
        self.0.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// A form that is sent without leaving the page, such as one in a dialog. It needs JavaScript. `fields` are shown as they were
/// typed when `send` refuses, each with its sentence, and the first of those has the focus.
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
        let typed = typed(&form, &event);
        let sent = send(typed.clone());
        busy.set(true);
        spawn_local(async move {
            let sent = sent.await;
            // The dialog may be gone by now, and its signals with it.
            busy.try_set(false);
            if let Err(error) = sent {
                submitted.try_set(FormState::refused(typed.0, &error));
                focus_first_refused(form);
            }
        });
    };
    view! {
        <form node_ref=form class="form" novalidate on:submit=submit>
            <Provider value=Submitting(busy)>
                {move || {
                    let submitted = submitted.get();
                    let messages = submitted.messages();
                    let again = view! {
                        <FormErrors errors=messages />
                        {fields(submitted)}
                    };
                    remount.show(again.into_any())
                }} {children()}
            </Provider>
        </form>
    }
}

/// Everything in the form, and the button that sent it.
fn typed(form: &web_sys::HtmlFormElement, event: &ev::SubmitEvent) -> FormData {
    let mut typed = Vec::new();
    if let Ok(data) = web_sys::FormData::new_with_form(form)
        && let Ok(Some(entries)) = js_sys::try_iter(&data)
    {
        for entry in entries.flatten() {
            let entry = js_sys::Array::from(&entry);
            if let (Some(name), Some(value)) = (entry.get(0).as_string(), entry.get(1).as_string()) {
                typed.push((name, value));
            }
        }
    }
    let button =
        event.submitter().and_then(|button| Some((button.get_attribute("name")?, button.get_attribute("value")?)));
    typed.extend(button);
    FormData(typed)
}

fn focus_first_refused(form: web_sys::HtmlFormElement) {
    request_animation_frame(move || {
        let refused = form.query_selector("[aria-invalid=true]").ok().flatten();
        if let Some(refused) = refused.and_then(|refused| refused.dyn_into::<web_sys::HtmlElement>().ok()) {
            // It fails only for an element that has left the page.
            let _ = refused.focus();
        }
    });
}
