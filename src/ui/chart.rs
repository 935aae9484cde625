//! Charts: one row of bars, for something that is counted over time.

use leptos::prelude::*;

/// One bar: when ("5 March"), how much, and that in words ("$120").
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bar {
    pub label: String,
    pub value: i64,
    pub words: String,
}

/// The height of the picture, in its own units.
const HEIGHT: i64 = 1000;
/// As many bars stand apart; more of them touch, so that none is thinner than can be seen.
const APART: usize = 60;

/// Bars side by side, from the line of nothing up, or down where there is less than nothing. The first and last label stand
/// beneath, the highest value above. The same figures stand in a table for those who do not see the bars.
#[component]
pub fn BarChart(#[prop(into)] caption: String, bars: Vec<Bar>) -> impl IntoView {
    let scale = Scale::of(&bars);
    let width = if bars.len() > APART { "10" } else { "8" };
    let rects = bars
        .iter()
        .enumerate()
        .filter(|(_, bar)| bar.value != 0)
        .map(|(place, bar)| {
            let (y, height) = scale.bar(bar.value);
            let class = if bar.value < 0 { "chart-below" } else { "" };
            view! { <rect class=class x=(place * 10).to_string() y=y.to_string() width=width height=height.to_string() /> }
        })
        .collect_view();
    let frame = format!("0 0 {} {HEIGHT}", bars.len().max(1) * 10);
    let (end, zero) = ((bars.len() * 10).to_string(), scale.zero().to_string());
    let first = bars.first().map(|bar| bar.label.clone());
    let last = bars.last().map(|bar| bar.label.clone());
    let top = bars.iter().max_by_key(|bar| bar.value).filter(|bar| bar.value > 0);
    let most = top.map(|bar| format!("{} on {}", bar.words, bar.label));
    let most = most.map_or_else(|| "Nothing yet".to_owned(), |most| format!("Highest: {most}"));
    let said = format!("{caption}. {most}.");
    let name = caption.clone();
    let rows = bars
        .into_iter()
        .map(|bar| view! { <tr><th scope="row">{bar.label}</th><td>{bar.words}</td></tr> })
        .collect_view();
    view! {
        <figure class="chart">
            <p class="chart-scale" aria-hidden="true">
                {most}
            </p>
            <svg viewBox=frame preserveAspectRatio="none" role="img" aria-label=said>
                {rects}
                <line class="chart-zero" x1="0" x2=end y1=zero.clone() y2=zero vector-effect="non-scaling-stroke" />
            </svg>
            <p class="chart-ends" aria-hidden="true">
                <span>{first}</span>
                <span>{last}</span>
            </p>
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
        </figure>
    }
}

/// From the lowest to the highest value, with nothing between them.
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

    /// How far from the top a value is.
    fn down(&self, value: i64) -> i64 {
        let far = i128::from(self.top.saturating_sub(value)) * i128::from(HEIGHT) / i128::from(self.span);
        i64::try_from(far).unwrap_or(HEIGHT)
    }

    fn zero(&self) -> i64 {
        if self.top == 0 && self.span == 1 { HEIGHT } else { self.down(0) }
    }

    /// Where a bar begins, and its height. One of something is never so low that it cannot be seen.
    fn bar(&self, value: i64) -> (i64, i64) {
        let height = (self.zero() - self.down(value)).abs().max(HEIGHT / 100);
        if value < 0 { (self.zero().min(HEIGHT - height), height) } else { ((self.zero() - height).max(0), height) }
    }
}

/// A part of a whole as a thin bar beside its words; the words say it.
#[component]
pub fn ShareBar(value: i64, most: i64) -> impl IntoView {
    let part = if most > 0 { value.clamp(0, most).saturating_mul(1000) / most } else { 0 };
    view! {
        <svg class="share" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true">
            <rect x="0" y="0" width=part.to_string() height="10" />
        </svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(values: &[i64]) -> Scale {
        let bar = |&value: &i64| Bar { label: String::new(), value, words: String::new() };
        Scale::of(&values.iter().map(bar).collect::<Vec<_>>())
    }

    #[test]
    fn the_highest_fills_the_height_and_the_least_is_seen() {
        let up = scale(&[0, 100_000, 1]);
        assert_eq!(up.bar(100_000), (0, 1000));
        assert_eq!(up.bar(1), (990, 10));
    }

    #[test]
    fn less_than_nothing_hangs_from_the_line() {
        let both = scale(&[300, -100]);
        assert_eq!(both.zero(), 750);
        assert_eq!(both.bar(300), (0, 750));
        assert_eq!(both.bar(-100), (750, 250));
        let down = scale(&[-100, 0]);
        assert_eq!((down.zero(), down.bar(-100)), (0, (0, 1000)));
    }

    #[test]
    fn nothing_is_a_line_at_the_foot() {
        assert_eq!(scale(&[0, 0]).zero(), 1000);
        assert_eq!(scale(&[]).zero(), 1000);
    }

    #[test]
    fn enormous_values_do_not_break_it() {
        assert_eq!(scale(&[i64::MAX, 0]).bar(i64::MAX), (0, 1000));
    }
}
