//! A list of the back office with a search box and numbered pages.

use leptos::{either::Either, prelude::*};

use crate::{
    pagination::Page,
    paths,
    ui::{EmptyState, LinkButton, Pager, SearchBox, Stack},
};

/// The state of a searched list: what it contains, what was searched for, and which page this is.
pub struct ListState {
    /// The URL of the list.
    url: &'static str,
    /// What the list contains, in the plural: "courses".
    noun: &'static str,
    search: String,
    /// From 1.
    page: u32,
    has_next: bool,
    is_empty: bool,
}

impl ListState {
    pub fn new<T>(url: &'static str, noun: &'static str, search: String, page: u32, rows: &Page<T>) -> Self {
        Self { url, noun, search, page, has_next: rows.has_next, is_empty: rows.rows.is_empty() }
    }
}

/// A list between its search box and its pager. While the list has no row at all, `placeholder` is shown in place of all of it.
#[component]
pub fn SearchedList(state: ListState, #[prop(into)] placeholder: ViewFn, children: Children) -> impl IntoView {
    let ListState { url, noun, search, page, has_next, is_empty } = state;
    if is_empty && search.is_empty() && page == 1 {
        return Either::Left(placeholder.run());
    }
    let (previous, next) = paths::pagination_links(url, &search, page, has_next);
    let table = if is_empty {
        Either::Left(view! {
            <EmptyState title="Nothing found" text="Try another word, or look at everything.">
                <LinkButton href=url>{format!("Show all {noun}")}</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(children())
    };
    Either::Right(view! {
        <Stack>
            <SearchBox action=url value=search label=format!("Search {noun}") />
            {table}
            <Pager page previous next />
        </Stack>
    })
}
