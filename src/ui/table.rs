//! Tables: rows that are compared.

use leptos::prelude::*;

use crate::ui::icon::Icon;

/// A table with a calm header row. It scrolls in itself where it is wider than the screen.
#[component]
pub fn Table<H>(
    /// Says what the rows are, for screen readers.
    #[prop(into)]
    caption: String,
    head: Vec<H>,
    /// Which columns hold figures, counted from 0.
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
        .fold(String::from("table"), |class, column| class + FIGURES.get(column).copied().unwrap_or_default());
    let head = head.into_iter().map(|words| view! { <th scope="col">{words}</th> }).collect_view();
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

/// The classes that set a column in figures; the style sheet knows these eight.
const FIGURES: [&str; 8] = [" fig-1", " fig-2", " fig-3", " fig-4", " fig-5", " fig-6", " fig-7", " fig-8"];

/// What can be done with a row: seen on hover and focus, reachable always.
#[component]
pub fn RowActions(children: Children) -> impl IntoView {
    view! { <div class="row-actions">{children()}</div> }
}

/// Turns the pages of a list. Nothing when there is only one.
#[component]
pub fn Pager(
    /// From 1.
    page: u32,
    /// The addresses of the neighbours, where there are any.
    previous: Option<String>,
    next: Option<String>,
) -> impl IntoView {
    turning(previous.map(|href| ("Previous", href)), format!("Page {page}"), next.map(|href| ("Next", href)))
}

/// Turns the pages of a list that grows at its top, and has no numbered pages: `back` is what the way back is called ("Newer",
/// "Newest") and where it leads, `older` where one reads on.
#[component]
pub fn KeysetPager(back: Option<(&'static str, String)>, older: Option<String>) -> impl IntoView {
    turning(back, String::new(), older.map(|href| ("Older", href)))
}

fn turning(
    back: Option<(&'static str, String)>,
    here: String,
    on: Option<(&'static str, String)>,
) -> Option<impl IntoView> {
    let back = back.map(|(words, href)| {
        view! {
            <a class="btn btn-ghost" rel="prev" href=href>
                <Icon icon=icondata_lu::LuChevronLeft />
                {words}
            </a>
        }
    });
    let on = on.map(|(words, href)| {
        view! {
            <a class="btn btn-ghost" rel="next" href=href>
                {words}
                <Icon icon=icondata_lu::LuChevronRight />
            </a>
        }
    });
    (back.is_some() || on.is_some()).then(|| {
        view! {
            <nav class="pager no-print" aria-label="Pages">
                <div>{back}</div>
                <p>{here}</p>
                <div>{on}</div>
            </nav>
        }
    })
}

/// A few figures side by side, each with what it counts.
#[component]
pub fn Stats(rows: Vec<(String, String)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|(words, figure)| {
            view! {
                <div class="stat-cell">
                    <dt>{words}</dt>
                    <dd>{figure}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="stat-cells">{rows}</dl> }
}
