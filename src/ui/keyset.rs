//! Turning the pages of a list that has no numbered pages: it is read on from where one is.

use leptos::prelude::*;

use super::Icon;

/// Newer and older, where there are any.
#[component]
pub fn KeysetPager(newer: Option<String>, older: Option<String>) -> impl IntoView {
    let newer = newer.map(|href| {
        view! {
            <a class="btn btn-ghost" rel="prev" href=href>
                <Icon icon=icondata_lu::LuChevronLeft />
                "Newer"
            </a>
        }
    });
    let older = older.map(|href| {
        view! {
            <a class="btn btn-ghost" rel="next" href=href>
                "Older"
                <Icon icon=icondata_lu::LuChevronRight />
            </a>
        }
    });
    (newer.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pager no-print" aria-label="Pages">
                <div>{newer}</div>
                <p></p>
                <div>{older}</div>
            </nav>
        }
    })
}
