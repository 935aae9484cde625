//! Forms that are submitted once, and the search box.

use leptos::{context::Provider, ev, html, prelude::*};

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// Whether the surrounding form is being submitted. A [`Button`](crate::ui::Button) in the form reads it from the context.
#[derive(Clone, Copy, Debug)]
pub struct Submitting(pub RwSignal<bool>);

/// A form that posts to `action`, with or without JavaScript. JavaScript prevents a second submission.
#[component]
pub fn Form(
    #[prop(into)] action: String,
    children: Children,
    /// Its accessible name, where no heading names it.
    #[prop(optional, into)]
    label: MaybeText,
    /// The form contains a file input.
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
    // A page restored from the back/forward cache is in the state in which it was left: submitting.
    Effect::new(move |_| {
        let shown = window_event_listener_untyped("pageshow", move |_| submitting.set(false));
        on_cleanup(move || shown.remove());
    });
    view! {
        <form
            method="post"
            enctype=files.then_some("multipart/form-data")
            action=action
            aria-label=label.0
            class="form"
            on:submit=submit
        >
            <Provider value=Submitting(submitting)>{children()}</Provider>
        </form>
    }
}

/// A form that `submit` sends without leaving the page, such as one in a dialog. It requires JavaScript.
#[component]
pub fn ScriptedForm(
    form: NodeRef<html::Form>,
    /// Whether it is being sent.
    submitting: RwSignal<bool>,
    submit: Callback<ev::SubmitEvent>,
    children: Children,
) -> impl IntoView {
    view! {
        <form node_ref=form class="form" novalidate on:submit=move |event| submit.run(event)>
            <Provider value=Submitting(submitting)>{children()}</Provider>
        </form>
    }
}

/// The errors of a form as a whole. Renders nothing when there are none.
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

/// A search form with the query parameter `q`. Its result has an address, so it can be bookmarked, shared, and works without
/// JavaScript.
#[component]
pub fn SearchBox(
    #[prop(into)] action: String,
    #[prop(optional, into)] value: String,
    #[prop(into)] label: String,
    /// What the search covers.
    #[prop(optional, into)]
    hint: MaybeText,
    /// Other query parameters to preserve: names and values.
    #[prop(optional)]
    parameters: Vec<(&'static str, String)>,
) -> impl IntoView {
    let hidden = parameters
        .into_iter()
        .map(|(name, value)| view! { <input type="hidden" name=name value=value /> })
        .collect_view();
    view! {
        <form method="get" action=action role="search" class="search">
            {hidden}
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
            {hint
                .0
                .map(|hint| {
                    view! {
                        <p class="field-hint" id="search-hint">
                            {hint}
                        </p>
                    }
                })}
        </form>
    }
}
