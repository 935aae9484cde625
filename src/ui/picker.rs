//! Picking: some of many, found by typing.

use leptos::{ev, html, prelude::*};

use crate::ui::{icon::Icon, words::Words};

/// Some of many: a list of boxes to check, what is chosen first. `options` are values and the words for them. What is typed above
/// narrows the list; without JavaScript the list is whole.
#[component]
pub fn PickList(
    #[prop(into)] label: String,
    name: &'static str,
    options: Vec<(String, String)>,
    /// The values that are chosen.
    chosen: Vec<String>,
    #[prop(optional, into)] error: Words,
    #[prop(optional, into)] hint: Words,
    /// What is said where there is nothing to choose from.
    #[prop(into)]
    empty: String,
) -> impl IntoView {
    let list = NodeRef::<html::Div>::new();
    let count = RwSignal::new(chosen.len());
    let search = RwSignal::new(String::new());
    // The browser may have put back what was checked before a reload.
    let recount = move || {
        if let Some(checked) = list.get_untracked().and_then(|list| list.query_selector_all("input:checked").ok()) {
            count.set(checked.length() as usize);
        }
    };
    Effect::new(move |_| {
        list.track();
        recount();
    });
    // Enter in the search looks; it does not send the form around.
    let keep = |event: ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
        }
    };
    let nothing = options.is_empty();
    let words = StoredValue::new(options.iter().map(|(_, words)| words.to_lowercase()).collect::<Vec<_>>());
    let found = move |words: &str| search.with(|search| words.contains(search.as_str()));
    let none_found = move || !nothing && !words.with_value(|words| words.iter().any(|words| found(words)));
    let (mut first, mut rest) = (Vec::new(), Vec::new());
    for (value, words) in options {
        let checked = chosen.contains(&value);
        let low = words.to_lowercase();
        let row = view! {
            <label class="check" hidden=move || !found(&low)>
                <input type="checkbox" class="checkbox" name=name value=value checked=checked />
                <span>{words}</span>
            </label>
        };
        if checked { first.push(row) } else { rest.push(row) }
    }
    first.append(&mut rest);
    let (error_id, hint_id) = (format!("field-{name}-error"), format!("field-{name}-hint"));
    let described = [error.0.as_ref().map(|_| error_id.clone()), hint.0.as_ref().map(|_| hint_id.clone())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    view! {
        <fieldset class="field pick" id=format!("field-{name}") aria-describedby=(!described.is_empty()).then_some(described)>
            <legend>{label.clone()}</legend>
            <div class="pick-head">
                <label class="search-box">
                    <Icon icon=icondata_lu::LuSearch />
                    <span class="sr-only">{format!("Search: {label}")}</span>
                    <input
                        type="search"
                        class="input"
                        autocomplete="off"
                        placeholder="Search"
                        on:keydown=keep
                        on:input=move |event| search.set(event_target_value(&event).trim().to_lowercase())
                    />
                </label>
                <p role="status">{move || format!("{} chosen", count.get())}</p>
            </div>
            <div class="pick-list" node_ref=list on:change=move |_| recount()>
                {first}
                {nothing.then(|| view! { <p class="field-hint">{empty}</p> })}
                <p class="field-hint" hidden=move || !none_found()>
                    "Nothing has these words."
                </p>
            </div>
            {error
                .0
                .map(|error| {
                    view! {
                        <p class="field-error" id=error_id>
                            <Icon icon=icondata_lu::LuCircleAlert />
                            <span>{error}</span>
                        </p>
                    }
                })}
            {hint.0.map(|hint| view! { <p class="field-hint" id=hint_id>{hint}</p> })}
        </fieldset>
    }
}

/// A file to choose, of the kinds in `accept`.
#[component]
pub fn FileField(
    #[prop(into)] label: String,
    name: &'static str,
    accept: &'static str,
    #[prop(optional, into)] error: Words,
    #[prop(optional, into)] hint: Words,
) -> impl IntoView {
    let described = crate::ui::field::Described::new(Words::default(), name, hint, error);
    let control = view! {
        <input
            type="file"
            class="file"
            id=described.id.clone()
            name=name
            accept=accept
            aria-invalid=described.invalid()
            aria-describedby=described.by()
        />
    };
    described.around(label, false, control)
}
