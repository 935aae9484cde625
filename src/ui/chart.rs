//! Bar charts.

use leptos::prelude::*;

/// One bar: its label ("5 March"), its value, and the formatted value ("$120").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    pub value: i64,
    pub text: String,
}

/// The height of the `viewBox`.
const HEIGHT: i64 = 1000;
/// Up to this number, bars have a gap between them; more bars have none, so that each remains visible.
const MAX_SEPARATE_BARS: usize = 60;

/// A bar chart with the zero line; negative values extend below it. The first and last label are below the chart, the highest value
/// is above. A table has the same figures, for readers who do not see the bars.
#[component]
pub fn BarChart(#[prop(into)] caption: String, bars: Vec<Bar>) -> impl IntoView {
    let scale = Scale::of(&bars);
    let width = if bars.len() > MAX_SEPARATE_BARS { "10" } else { "8" };
    let rects = bars
        .iter()
        .enumerate()
        .filter(|(_, bar)| bar.value != 0)
        .map(|(position, bar)| {
            let (y, height) = scale.bar(bar.value);
            let class = if bar.value < 0 { "chart-below" } else { "" };
            view! { <rect class=class x=(position * 10).to_string() y=y.to_string() width=width height=height.to_string() /> }
        })
        .collect_view();
    let view_box = format!("0 0 {} {HEIGHT}", bars.len().max(1) * 10);
    let (end, zero) = ((bars.len() * 10).to_string(), scale.zero().to_string());
    let first = bars.first().map(|bar| bar.label.clone());
    let last = bars.last().map(|bar| bar.label.clone());
    let highest = bars.iter().max_by_key(|bar| bar.value).filter(|bar| bar.value > 0);
    let highest =
        highest.map_or_else(|| "Nothing yet".to_owned(), |bar| format!("Highest: {} on {}", bar.text, bar.label));
    let description = format!("{caption}. {highest}.");
    view! {
        <figure class="chart">
            <p class="chart-scale" aria-hidden="true">
                {highest}
            </p>
            <svg viewBox=view_box preserveAspectRatio="none" role="img" aria-label=description>
                {rects}
                <line class="chart-zero" x1="0" x2=end y1=zero.clone() y2=zero vector-effect="non-scaling-stroke" />
            </svg>
            <p class="chart-ends" aria-hidden="true">
                <span>{first}</span>
                <span>{last}</span>
            </p>
            <ChartTable caption bars />
        </figure>
    }
}

#[component]
fn ChartTable(caption: String, bars: Vec<Bar>) -> impl IntoView {
    let name = caption.clone();
    let rows = bars
        .into_iter()
        .map(|bar| {
            view! {
                <tr>
                    <th scope="row">{bar.label}</th>
                    <td>{bar.text}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <details class="chart-table">
            <summary>"Show as a table"</summary>
            <div class="chart-rows" tabindex="0" role="region" aria-label=name>
                <table class="table fig-2">
                    <caption class="sr-only">{caption}</caption>
                    <thead>
                        <tr>
                            <th scope="col">"Day"</th>
                            <th scope="col">"Net sales"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </details>
    }
}

/// The vertical scale, from the lowest to the highest value, with zero included.
struct Scale {
    top: i64,
    span: i64,
}

impl Scale {
    fn of(bars: &[Bar]) -> Self {
        let top = bars.iter().map(|bar| bar.value).max().unwrap_or_default().max(0);
        let low = bars.iter().map(|bar| bar.value).min().unwrap_or_default().min(0);
        Self { top, span: top.saturating_sub(low).max(1) }
    }

    /// The distance of a value from the top.
    fn y(&self, value: i64) -> i64 {
        let distance = i128::from(self.top.saturating_sub(value)) * i128::from(HEIGHT) / i128::from(self.span);
        i64::try_from(distance).unwrap_or(HEIGHT)
    }

    fn zero(&self) -> i64 {
        if self.top == 0 && self.span == 1 { HEIGHT } else { self.y(0) }
    }

    /// The top of a bar and its height, at least one percent of the chart so that small values are visible.
    fn bar(&self, value: i64) -> (i64, i64) {
        let height = (self.zero() - self.y(value)).abs().max(HEIGHT / 100);
        if value < 0 { (self.zero().min(HEIGHT - height), height) } else { ((self.zero() - height).max(0), height) }
    }
}

/// A thin bar that shows `value` as a share of `max`. It is decoration beside a text with the value.
#[component]
pub fn ShareBar(value: i64, max: i64) -> impl IntoView {
    let share = if max > 0 { value.clamp(0, max).saturating_mul(1000) / max } else { 0 };
    view! {
        <svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
            <rect x="0" y="0" width=share.to_string() height="10" />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[i64]) -> Scale {
        let bar = |&value: &i64| Bar { label: String::new(), value, text: String::new() };
        Scale::of(&values.iter().map(bar).collect::<Vec<_>>())
    }

    #[test]
    fn the_highest_bar_fills_the_height_and_the_lowest_is_visible() {
        let up = scale(&[0, 100_000, 1]);
        assert_eq!(up.bar(100_000), (0, 1000));
        assert_eq!(up.bar(1), (990, 10));
    }

    #[test]
    fn negative_bars_extend_below_the_zero_line() {
        let both = scale(&[300, -100]);
        assert_eq!(both.zero(), 750);
        assert_eq!(both.bar(300), (0, 750));
        assert_eq!(both.bar(-100), (750, 250));
        let down = scale(&[-100, 0]);
        assert_eq!((down.zero(), down.bar(-100)), (0, (0, 1000)));
    }

    #[test]
    fn without_values_the_zero_line_is_at_the_bottom() {
        assert_eq!(scale(&[0, 0]).zero(), 1000);
        assert_eq!(scale(&[]).zero(), 1000);
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        assert_eq!(scale(&[i64::MAX, 0]).bar(i64::MAX), (0, 1000));
    }
}
