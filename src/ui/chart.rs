//! Charts: one row of bars, for something that is counted over time.

use leptos::prelude::*;

/// Bars side by side: for each its label ("5 March"), its value, and the value in words ("$120"). The largest fills the
/// height. The same figures stand in a table for those who do not see the bars.
#[component]
pub fn BarChart(#[prop(into)] caption: String, bars: Vec<(String, u64, String)>) -> impl IntoView {
    let top = bars.iter().map(|bar| bar.1).max().unwrap_or_default().max(1);
    let first = bars.first().map(|bar| bar.0.clone());
    let last = bars.last().map(|bar| bar.0.clone());
    let most = bars.iter().find(|bar| bar.1 == top).map(|bar| bar.2.clone());
    let frame = format!("0 0 {} 100", bars.len().max(1) * 10);
    let rects = bars
        .iter()
        .enumerate()
        .map(|(i, bar)| {
            // A bar of something is never so low that it cannot be seen.
            let height = if bar.1 == 0 { 0 } else { (bar.1.saturating_mul(100) / top).max(1) };
            view! {
                <rect
                    x=(i * 10 + 1).to_string()
                    y=(100 - height).to_string()
                    width="8"
                    height=height.to_string()
                />
            }
        })
        .collect_view();
    let rows = bars
        .into_iter()
        .map(|(label, _, words)| view! { <tr><th scope="row">{label}</th><td>{words}</td></tr> })
        .collect_view();
    view! {
        <figure class="chart">
            <p class="chart-scale" aria-hidden="true">{most}</p>
            <svg viewBox=frame preserveAspectRatio="none" aria-hidden="true">{rects}</svg>
            <p class="chart-ends" aria-hidden="true"><span>{first}</span><span>{last}</span></p>
            <table class="sr-only"><caption>{caption}</caption><tbody>{rows}</tbody></table>
        </figure>
    }
}
