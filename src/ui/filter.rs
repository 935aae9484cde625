//! Filters: a search that keeps what else the list is filtered by, and facts about one thing.

use leptos::prelude::*;

use super::{Icon, Words};

/// A search within a filtered list. As [`SearchBox`](super::SearchBox), and what else is in the address stays: `keep` holds names
/// and values.
#[component]
pub fn FilterBox(
    #[prop(into)] action: String,
    #[prop(into)] value: String,
    #[prop(into)] label: String,
    /// What can be searched for.
    #[prop(optional, into)]
    hint: Words,
    keep: Vec<(&'static str, String)>,
) -> impl IntoView {
    let kept =
        keep.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value /> }).collect_view();
    view! {
        <form method="get" action=action role="search" class="search filter">
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
                    aria-describedby=hint.0.is_some().then_some("filter-hint")
                />
            </label>
            <button type="submit" class="btn btn-outline">
                "Search"
            </button>
            {hint.0.map(|hint| view! { <p class="field-hint" id="filter-hint">{hint}</p> })}
        </form>
    }
}

/// What is known of one thing: words, and what stands for them.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One of the [`Facts`].
#[component]
pub fn Fact(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// What happened, one beneath the other: `children` are list items.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// Something that happened, and beneath it when.
#[component]
pub fn Happening(#[prop(into)] words: String, children: Children) -> impl IntoView {
    view! {
        <li>
            <p>{words}</p>
            <p class="eyebrow">{children()}</p>
        </li>
    }
}

/// Two things beside each other where there is room.
#[component]
pub fn Pair(children: Children) -> impl IntoView {
    view! { <div class="pair">{children()}</div> }
}
