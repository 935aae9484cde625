//! Tables: rows that are compared.

use leptos::prelude::*;

use super::Icon;

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
    let previous = previous.map(|href| {
        view! {
            <a class="btn btn-ghost" rel="prev" href=href>
                <Icon icon=icondata_lu::LuChevronLeft />
                "Previous"
            </a>
        }
    });
    let next = next.map(|href| {
        view! {
            <a class="btn btn-ghost" rel="next" href=href>
                "Next"
                <Icon icon=icondata_lu::LuChevronRight />
            </a>
        }
    });
    (previous.is_some() || next.is_some()).then(|| {
        view! {
            <nav class="pager no-print" aria-label="Pages">
                <div>{previous}</div>
                <p>{format!("Page {page}")}</p>
                <div>{next}</div>
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
