//! Confirmation dialog: asks before something is deleted or taken away, such as a course, a product, a coupon or a gift.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    error::Error,
    ui::{Button, Dialog, DialogActions, FormErrors, Intent},
};

/// The state of a confirmation: which item (`T`) the dialog is about, whether it is open, and the result of its server function (`S`).
pub struct Confirmation<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    item: RwSignal<Option<T>>,
    open: RwSignal<bool>,
    action: ServerAction<S>,
}

// Written by hand: the item need not be `Copy`.
impl<T, S> Clone for Confirmation<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, S> Copy for Confirmation<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
}

impl<T, S> Confirmation<T, S>
where
    T: Clone + Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    /// A closed dialog. `done` is called after each success with the item and the server function's result.
    pub fn new(done: impl Fn(T, S::Output) + 'static) -> Self {
        let (item, open, action) = (RwSignal::new(None::<T>), RwSignal::new(false), ServerAction::<S>::new());
        // Version 0 is a result from the page's URL, which is not trustworthy.
        Effect::new(move |_| {
            if let Some(Ok(output)) = action.value().get().filter(|_| action.version().get_untracked() > 0)
                && let Some(item) = item.get_untracked()
            {
                open.set(false);
                done(item, output);
            }
        });
        Self { item, open, action }
    }

    /// Opens the dialog for `item`.
    pub fn open_for(self, item: T) {
        self.action.clear();
        self.item.set(Some(item));
        self.open.set(true);
    }

    /// Counts the calls of the server function. A list that depends on it is loaded again after each.
    pub fn completed(self) -> usize {
        self.action.version().get()
    }
}

/// The dialog itself. When the server refuses, it stays open and shows the error.
#[component]
pub fn ConfirmDialog<T, S>(
    confirmation: Confirmation<T, S>,
    title: &'static str,
    /// Describes what will happen to the item.
    consequence: impl Fn(&T) -> String + Send + Sync + 'static,
    /// The label of the button.
    verb: impl Fn(&T) -> String + Send + Sync + 'static,
    /// Builds the call of the server function.
    send: impl Fn(T) -> S + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let Confirmation { item, open, action } = confirmation;
    let error = move || action.value().get().and_then(Result::err).map(|error| error.to_string());
    let dispatch = move |_| {
        if let Some(item) = item.get_untracked() {
            action.dispatch(send(item));
        }
    };
    view! {
        <Dialog open title>
            <p>{move || item.with(|item| item.as_ref().map(&consequence))}</p>
            {move || view! { <FormErrors errors=error().into_iter().collect() /> }}
            <DialogActions open cancel_label="Keep it">
                <Button kind="button" intent=Intent::Danger pending=action.pending() on:click=dispatch>
                    {move || item.with(|item| item.as_ref().map(&verb))}
                </Button>
            </DialogActions>
        </Dialog>
    }
}
