//! Tables, pagination and key figures.

use leptos::prelude::*;

use crate::ui::icon::Icon;

/// A table. It scrolls horizontally where it is wider than the screen.
#[component]
pub fn Table<H>(
    /// Describes the rows, for screen readers.
    #[prop(into)]
    caption: String,
    head: Vec<H>,
    /// The columns with numbers, counted from 0; they are aligned to the right.
    #[prop(optional)]
    numeric: Vec<usize>,
    children: Children,
) -> impl IntoView
where
    H: Into<String> + 'static,
{
    frame(caption, head.into_iter().map(Into::into).collect(), numeric, children)
}

fn frame(caption: String, head: Vec<String>, numeric: Vec<usize>, rows: Children) -> impl IntoView {
    let class = numeric
        .into_iter()
        .fold(String::from("table"), |class, column| class + NUMERIC_COLUMNS.get(column).copied().unwrap_or_default());
    let head = head.into_iter().map(|title| view! { <th scope="col">{title}</th> }).collect_view();
    let name = caption.clone();
    view! {
        <div class="table-frame" tabindex="0" role="region" aria-label=name>
            <table class=class>
                <caption class="sr-only">{caption}</caption>
                <thead>
                    <tr>{head}</tr>
                </thead>
                <tbody>{rows()}</tbody>
            </table>
        </div>
    }
}

/// The classes of columns with numbers. The style sheet defines these eight.
const NUMERIC_COLUMNS: [&str; 8] = [" fig-1", " fig-2", " fig-3", " fig-4", " fig-5", " fig-6", " fig-7", " fig-8"];

/// The actions of a row. They are visible on hover and focus, and always reachable by keyboard.
#[component]
pub fn RowActions(children: Children) -> impl IntoView {
    view! { <div class="row-actions">{children()}</div> }
}

/// Pagination by page number. Renders nothing when there is only one page.
#[component]
pub fn Pager(
    /// Counted from 1.
    page: u32,
    /// The addresses of the previous and next page, where they exist.
    previous: Option<String>,
    next: Option<String>,
) -> impl IntoView {
    pagination_links(previous.map(|href| ("Previous", href)), format!("Page {page}"), next.map(|href| ("Next", href)))
}

/// Pagination of a list that grows at its top, and so has no page numbers. `back` is the label ("Newer", "Newest") and the address of
/// the link back, `older` the address of the next page.
#[component]
pub fn KeysetPager(back: Option<(&'static str, String)>, older: Option<String>) -> impl IntoView {
    pagination_links(back, String::new(), older.map(|href| ("Older", href)))
}

fn pagination_links(
    back: Option<(&'static str, String)>,
    position: String,
    forward: Option<(&'static str, String)>,
) -> Option<impl IntoView> {
    let back = back.map(|(label, href)| {
        view! {
            <a class="btn btn-ghost" rel="prev" href=href>
                <Icon icon=icondata_lu::LuChevronLeft />
                {label}
            </a>
        }
    });
    let forward = forward.map(|(label, href)| {
        view! {
            <a class="btn btn-ghost" rel="next" href=href>
                {label}
                <Icon icon=icondata_lu::LuChevronRight />
            </a>
        }
    });
    (back.is_some() || forward.is_some()).then(|| {
        view! {
            <nav class="pager no-print" aria-label="Pages">
                <div>{back}</div>
                <p>{position}</p>
                <div>{forward}</div>
            </nav>
        }
    })
}

/// Key figures side by side: labels and values.
#[component]
pub fn Stats(rows: Vec<(String, String)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|(label, value)| {
            view! {
                <div class="stat-cell">
                    <dt>{label}</dt>
                    <dd>{value}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="stat-cells">{rows}</dl> }
}
