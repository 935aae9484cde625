//! Asking before something goes: a course, a product, a coupon, a gift.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    error::Error,
    ui::{Answers, Button, Dialog, FormErrors, Intent},
};

/// Whether something goes: what (`T`), whether the question is open, and what became of it (the answer of `S`).
pub struct ConfirmDialog<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    about: RwSignal<Option<T>>,
    open: RwSignal<bool>,
    action: ServerAction<S>,
}

// Written by hand: what is asked about need not be `Copy`.
impl<T, S> Clone for ConfirmDialog<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, S> Copy for ConfirmDialog<T, S>
where
    T: Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Send + Sync + 'static,
{
}

impl<T, S> ConfirmDialog<T, S>
where
    T: Clone + Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    /// Nothing is asked yet. `done` hears of what went, and of the answer.
    pub fn new(done: impl Fn(T, S::Output) + 'static) -> Self {
        let (about, open, action) = (RwSignal::new(None::<T>), RwSignal::new(false), ServerAction::<S>::new());
        // Version 0 is what the page's address says became of a form: anybody can write an address.
        Effect::new(move |_| {
            if let Some(Ok(answer)) = action.value().get().filter(|_| action.version().get_untracked() > 0)
                && let Some(gone) = about.get_untracked()
            {
                open.set(false);
                done(gone, answer);
            }
        });
        Self { about, open, action }
    }

    /// Asks about something else.
    pub fn ask(self, about: T) {
        self.action.clear();
        self.about.set(Some(about));
        self.open.set(true);
    }

    /// How often something went: what shows the rest of them is asked for anew by it.
    pub fn answered(self) -> usize {
        self.action.version().get()
    }
}

/// The question as a dialog. What stands in the way is said in it.
#[component]
pub fn Confirmed<T, S>(
    question: ConfirmDialog<T, S>,
    title: &'static str,
    /// What will happen.
    consequence: impl Fn(&T) -> String + Send + Sync + 'static,
    /// What the button says.
    verb: impl Fn(&T) -> String + Send + Sync + 'static,
    send: impl Fn(T) -> S + Send + Sync + 'static,
) -> impl IntoView
where
    T: Clone + Send + Sync + 'static,
    S: ServerFn<Error = Error> + Clone + Send + Sync + 'static,
    S::Output: Clone + Send + Sync + 'static,
{
    let ConfirmDialog { about, open, action } = question;
    let refusal = move || action.value().get().and_then(Result::err).map(|error| error.to_string());
    let go = move |_| {
        if let Some(about) = about.get_untracked() {
            action.dispatch(send(about));
        }
    };
    view! {
        <Dialog open title>
            <p>{move || about.with(|about| about.as_ref().map(&consequence))}</p>
            {move || view! { <FormErrors errors=refusal().into_iter().collect() /> }}
            <Answers open otherwise="Keep it">
                <Button kind="button" intent=Intent::Danger pending=action.pending() on:click=go>
                    {move || about.with(|about| about.as_ref().map(&verb))}
                </Button>
            </Answers>
        </Dialog>
    }
}
