//! Choosing one of many.

use leptos::{ev, html, prelude::*};

use crate::ui::{icon::Icon, words::Words};

/// One of more than can be shown at once: a box to type a part of its name in, and what was found to choose from. The list is
/// the browser's own, so arrows, letters and screen readers work in it; arrow down leads from the box into it. It needs JavaScript.
#[component]
pub fn SearchSelect(
    #[prop(into)] label: String,
    name: &'static str,
    /// What is typed; the caller looks for it.
    search: RwSignal<String>,
    /// What was found: values and the words for them.
    #[prop(into)]
    found: Signal<Vec<(String, String)>>,
    /// What is found is counted by this word: "courses".
    things: &'static str,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: Words,
) -> impl IntoView {
    let list = NodeRef::<html::Select>::new();
    let (box_id, list_id, error_id) =
        (format!("field-{name}-search"), format!("field-{name}"), format!("field-{name}-error"));
    let (describes, named) = (error_id.clone(), label.clone());
    let into_list = move |event: ev::KeyboardEvent| match (event.key().as_str(), list.get_untracked()) {
        ("ArrowDown", Some(list)) => {
            event.prevent_default();
            if list.selected_index() < 0 {
                list.set_selected_index(0);
            }
            // It fails only on a list that has left the page.
            drop(list.focus());
        }
        // The form is sent by its button: one who searches has not chosen yet.
        ("Enter", _) => event.prevent_default(),
        _ => {}
    };
    let count = move || match found.with(Vec::len) {
        0 => format!("No {things} found. Try other words."),
        n => format!("{n} {things} to choose from."),
    };
    view! {
        <div class="field">
            <div class="field-label">
                <label for=box_id.clone()>{label}</label>
            </div>
            <label class="search-box">
                <Icon icon=icondata_lu::LuSearch />
                <input
                    class="input"
                    type="search"
                    id=box_id
                    autocomplete="off"
                    maxlength="200"
                    aria-controls=list_id.clone()
                    on:input=move |event| search.set(event_target_value(&event))
                    on:keydown=into_list
                />
            </label>
            <select
                node_ref=list
                class="choices"
                id=list_id
                name=name
                size="6"
                required
                aria-label=named
                // One who chose may still write something beside it.
                on:keydown=|event: ev::KeyboardEvent| {
                    if event.key() == "Enter" {
                        event.prevent_default();
                    }
                }
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=move || error.with(Option::is_some).then(|| describes.clone())
            >
                <For each=move || found.get() key=|option| option.0.clone() let:option>
                    <option value=option.0>{option.1}</option>
                </For>
            </select>
            {move || {
                error
                    .get()
                    .map(|error| {
                        view! {
                            <p class="field-error" id=error_id.clone()>
                                <Icon icon=icondata_lu::LuCircleAlert />
                                <span>{error}</span>
                            </p>
                        }
                    })
            }}
            {hint.0.map(|hint| view! { <p class="field-hint">{hint}</p> })}
            <p class="field-hint" role="status">
                {count}
            </p>
        </div>
    }
}
