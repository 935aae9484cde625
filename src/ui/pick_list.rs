//! Searchable list of checkboxes.

use leptos::{ev, html, prelude::*};

use crate::ui::{field::Described, icon::Icon, maybe_text::MaybeText};

/// A list of checkboxes, the selected ones first. `options` are values and their labels. A search box above filters the list;
/// without JavaScript all options are shown.
#[component]
pub fn PickList(
    #[prop(into)] label: String,
    name: &'static str,
    options: Vec<(String, String)>,
    /// The values that are checked.
    selected: Vec<String>,
    #[prop(optional, into)] error: MaybeText,
    #[prop(optional, into)] hint: MaybeText,
    /// The text shown when there are no options.
    #[prop(into)]
    empty: String,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let count = RwSignal::new(selected.len());
    let search = RwSignal::new(String::new());
    // The browser may have restored what was checked before a reload.
    let update_count = move || {
        if let Some(checked) = list.get_untracked().and_then(|list| list.query_selector_all("input:checked").ok()) {
            count.set(checked.length() as usize);
        }
    };
    Effect::new(move |_| {
        list.track();
        update_count();
    });
    let no_options = options.is_empty();
    let lowercase = StoredValue::new(options.iter().map(|(_, label)| label.to_lowercase()).collect::<Vec<_>>());
    let matches = move |label: &str| search.with(|search| label.contains(search.as_str()));
    let no_match = move || !no_options && !lowercase.with_value(|labels| labels.iter().any(|label| matches(label)));
    let described = Described::with_hint_beside_error(name, hint, error);
    let (id, describedby) = (described.id.clone(), described.by());
    view! {
        <fieldset class="field pick" id=id aria-describedby=describedby>
            <legend>{label.clone()}</legend>
            <div class="pick-head">
                <PickSearch label search />
                <p role="status">{move || format!("{} chosen", count.get())}</p>
            </div>
            <div class="pick-list" node_ref=list on:change=move |_| update_count()>
                {checkboxes(name, options, selected, matches)}
                {no_options.then(|| view! { <p class="field-hint">{empty}</p> })}
                <p class="field-hint" hidden=move || !no_match()>
                    "No matches."
                </p>
            </div>
            {described.messages()}
        </fieldset>
    }
}

#[component]
fn PickSearch(label: String, search: RwSignal<String>) -> impl IntoView {
    // Enter in the search box must not submit the form around it.
    let ignore_enter = |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
        }
    };
    view! {
        <label class="search-box">
            <Icon icon=icondata_lu::LuSearch />
            <span class="sr-only">{format!("Search: {label}")}</span>
            <input
                type="search"
                class="input"
                autocomplete="off"
                placeholder="Search"
                on:keydown=ignore_enter
                on:input=move |event| search.set(event_target_value(&event).trim().to_lowercase())
            />
        </label>
    }
}

/// One checkbox per option, the selected ones first. Options that do not match the search are hidden, but still submitted.
fn checkboxes(
    name: &'static str,
    options: Vec<(String, String)>,
    selected: Vec<String>,
    matches: impl Fn(&str) -> bool + Copy + Send + 'static,
) -> impl IntoView {
    let (mut first, rest): (Vec<_>, Vec<_>) = options.into_iter().partition(|(value, _)| selected.contains(value));
    let checked = first.len();
    first.extend(rest);
    first
        .into_iter()
        .enumerate()
        .map(|(position, (value, label))| {
            let lowercase = label.to_lowercase();
            view! {
                <label class="check" hidden=move || !matches(&lowercase)>
                    <input type="checkbox" class="checkbox" name=name value=value checked=position < checked />
                    <span>{label}</span>
                </label>
            }
        })
        .collect_view()
}
