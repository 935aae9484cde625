//! Reading on in a list that grows at its top.

use leptos::prelude::*;

use super::Icon;

/// Back to where the list begins, and on to what is older, where there are any.
#[component]
pub fn OlderPager(newest: Option<String>, older: Option<String>) -> impl IntoView {
    let newest = newest.map(|href| {
        view! {
            <a class="btn btn-ghost" href=href>
                <Icon icon=icondata_lu::LuChevronsLeft />
                "Newest"
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
    (newest.is_some() || older.is_some()).then(|| {
        view! {
            <nav class="pager no-print" aria-label="Pages">
                <div>{newest}</div>
                <p></p>
                <div>{older}</div>
            </nav>
        }
    })
}
