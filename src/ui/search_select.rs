//! Searchable select: a search box above a list of options.

use leptos::{ev, html, prelude::*};

use crate::ui::{icon::Icon, maybe_text::MaybeText};

/// Selects one of more options than can be shown at once. The user types into a search box, and the caller supplies the matching
/// options. The list is a native `<select>`, so that arrow keys, letters and screen readers work in it; arrow down moves the focus
/// from the search box into it. It requires JavaScript.
#[component]
pub fn SearchSelect(
    #[prop(into)] label: String,
    name: &'static str,
    /// What is typed into the search box.
    search: RwSignal<String>,
    /// The matching options: values and labels.
    #[prop(into)]
    found: Signal<Vec<(String, String)>>,
    /// The plural noun of the options: "courses".
    noun: &'static str,
    #[prop(into)] error: Signal<Option<String>>,
    #[prop(optional, into)] hint: MaybeText,
) -> impl IntoView {
    let list = NodeRef::<html::Select>::new();
    let (search_id, list_id, error_id) =
        (format!("field-{name}-search"), format!("field-{name}"), format!("field-{name}-error"));
    let count = move || match found.with(Vec::len) {
        0 => format!("No {noun} found. Try other words."),
        n => format!("{n} {noun} to choose from."),
    };
    view! {
        <div class="field">
            <div class="field-label">
                <label for=search_id.clone()>{label.clone()}</label>
            </div>
            <OptionSearch id=search_id list_id=list_id.clone() search list />
            <OptionList id=list_id name label list options=found error error_id=error_id.clone() />
            {move || error.get().map(|error| error_message(error, &error_id))}
            {hint.0.map(|hint| view! { <p class="field-hint">{hint}</p> })}
            <p class="field-hint" role="status">
                {count}
            </p>
        </div>
    }
}

#[component]
fn OptionSearch(id: String, list_id: String, search: RwSignal<String>, list: NodeRef<html::Select>) -> impl IntoView {
    let on_key = move |event: ev::KeyboardEvent| match (event.key().as_str(), list.get_untracked()) {
        ("ArrowDown", Some(list)) => {
            event.prevent_default();
            if list.selected_index() < 0 {
                list.set_selected_index(0);
            }
            // It fails only for a list that is no longer in the page.
            drop(list.focus());
        }
        ("Enter", _) => event.prevent_default(),
        _ => {}
    };
    view! {
        <label class="search-box">
            <Icon icon=icondata_lu::LuSearch />
            <input
                class="input"
                type="search"
                id=id
                autocomplete="off"
                maxlength="200"
                aria-controls=list_id
                on:input=move |event| search.set(event_target_value(&event))
                on:keydown=on_key
            />
        </label>
    }
}

#[component]
fn OptionList(
    id: String,
    name: &'static str,
    label: String,
    list: NodeRef<html::Select>,
    options: Signal<Vec<(String, String)>>,
    error: Signal<Option<String>>,
    error_id: String,
) -> impl IntoView {
    // Only the button submits the form: after choosing, the user may still fill in other fields.
    let ignore_enter = |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
        }
    };
    view! {
        <select
            node_ref=list
            class="choices"
            id=id
            name=name
            size="6"
            required
            aria-label=label
            on:keydown=ignore_enter
            aria-invalid=move || error.with(Option::is_some).then_some("true")
            aria-describedby=move || error.with(Option::is_some).then(|| error_id.clone())
        >
            <For each=move || options.get() key=|option| option.0.clone() let:option>
                <option value=option.0>{option.1}</option>
            </For>
        </select>
    }
}

fn error_message(error: String, id: &str) -> impl IntoView + use<> {
    view! {
        <p class="field-error" id=id.to_owned()>
            <Icon icon=icondata_lu::LuCircleAlert />
            <span>{error}</span>
        </p>
    }
}
