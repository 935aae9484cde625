//! Forms: plain HTML that is sent once.

use leptos::{context::Provider, ev, prelude::*};

use crate::ui::{icon::Icon, words::Words};

/// Whether the form around is on its way to the server. The [`Button`](crate::ui::Button) inside looks at it.
#[derive(Clone, Copy, Debug)]
pub struct Submitting(pub RwSignal<bool>);

/// A form that posts to `action`, with or without JavaScript; with it, a second submit is held back.
#[component]
pub fn Form(
    #[prop(into)] action: String,
    children: Children,
    /// Its name for screen readers, where no heading says it.
    #[prop(optional, into)]
    label: Words,
    /// Carries a file.
    #[prop(optional)]
    files: bool,
) -> impl IntoView {
    let submitting = RwSignal::new(false);
    let submit = move |event: ev::SubmitEvent| {
        if submitting.get_untracked() {
            event.prevent_default();
        } else if !event.default_prevented() {
            submitting.set(true);
        }
    };
    // A page that comes back from the back/forward cache is as it was left: in the middle of sending.
    Effect::new(move |_| {
        let shown = window_event_listener_untyped("pageshow", move |_| submitting.set(false));
        on_cleanup(move || shown.remove());
    });
    view! {
        <form method="post" enctype=files.then_some("multipart/form-data") action=action aria-label=label.0 class="form" on:submit=submit>
            <Provider value=Submitting(submitting)>{children()}</Provider>
        </form>
    }
}

/// What is wrong with a form as a whole. Nothing when there is nothing to say.
#[component]
pub fn FormErrors(errors: Vec<String>) -> impl IntoView {
    (!errors.is_empty()).then(|| {
        view! {
            <div role="alert" class="notice notice-danger">
                <Icon icon=icondata_lu::LuCircleAlert />
                <div>{errors.into_iter().map(|error| view! { <p>{error}</p> }).collect_view()}</div>
            </div>
        }
    })
}

/// A search that is an address: it can be bookmarked, sent, and needs no JavaScript. It asks for `q`.
#[component]
pub fn SearchBox(
    #[prop(into)] action: String,
    #[prop(optional, into)] value: String,
    #[prop(into)] label: String,
    /// What can be searched for.
    #[prop(optional, into)]
    hint: Words,
    /// What else is in the address and stays: names and values.
    #[prop(optional)]
    keep: Vec<(&'static str, String)>,
) -> impl IntoView {
    let kept =
        keep.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    view! {
        <form method="get" action=action role="search" class="search">
            {kept}
            <label class="search-box">
                <Icon icon=icondata_lu::LuSearch />
                <span class="sr-only">{label.clone()}</span>
                <input
                    type="search"
                    class="input"
                    name="q"
                    value=value
                    placeholder=label
                    maxlength="200"
                    autocomplete="off"
                    aria-describedby=hint.0.is_some().then_some("search-hint")
                />
            </label>
            <button type="submit" class="btn btn-outline">
                "Search"
            </button>
            {hint.0.map(|hint| view! { <p class="field-hint" id="search-hint">{hint}</p> })}
        </form>
    }
}
