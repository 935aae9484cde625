//! A list of the back office that is searched and paged.

use leptos::{either::Either, prelude::*};

use crate::{
    paths,
    ui::{EmptyState, LinkButton, Pager, SearchBox, Stack},
};

/// Where a list stands, and what was asked of it.
pub struct ListState {
    /// Its address.
    pub list: &'static str,
    /// What is in it: "courses".
    pub what: &'static str,
    pub search: String,
    /// From 1.
    pub page: u32,
    pub more: bool,
    /// Nothing was found.
    pub empty: bool,
}

/// The table of what was found between the search and the pages; `first` where there is nothing at all yet.
#[component]
pub fn SearchedList(asked: ListState, #[prop(into)] first: ViewFn, children: Children) -> impl IntoView {
    let ListState { list, what, search, page, more, empty } = asked;
    if empty && search.is_empty() && page == 1 {
        return Either::Left(first.run());
    }
    let (previous, next) = paths::pagination_links(list, &search, page, more);
    let found = if empty {
        Either::Left(view! {
            <EmptyState title="Nothing found" text="Try another word, or look at everything.">
                <LinkButton href=list>{format!("Show all {what}")}</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(children())
    };
    Either::Right(view! {
        <Stack>
            <SearchBox action=list value=search label=format!("Search {what}") />
            {found}
            <Pager page previous next />
        </Stack>
    })
}
