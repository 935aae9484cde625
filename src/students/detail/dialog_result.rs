//! The result of a server function that a dialog called.

use leptos::prelude::*;

use crate::{
    error::{Error, Result},
    ui::{Tone, use_toast},
};

/// Shows the result of an action as a toast, closes its dialog and loads the page again. Errors that the dialog shows itself keep it
/// open: those of fields, conflicts, and a lost connection.
pub fn show_result(value: Option<Result<String>>, open: RwSignal<bool>, changed: RwSignal<u32>) {
    let toaster = use_toast();
    match value {
        None | Some(Err(Error::Invalid(_) | Error::Conflict(_) | Error::Offline)) => return,
        Some(Ok(message)) => toaster.show(Tone::Accent, message),
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
    }
    open.set(false);
    changed.update(|changed| *changed += 1);
}

/// The errors that a dialog shows above its fields.
pub fn error_messages(value: Option<Result<String>>) -> Vec<String> {
    match value {
        Some(Err(error @ (Error::Conflict(_) | Error::Offline))) => vec![error.to_string()],
        _ => Vec::new(),
    }
}
