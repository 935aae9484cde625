//! Display of prices and amounts.

use leptos::prelude::*;

use crate::ui::maybe_text::MaybeText;

/// A price, the price it `was` before a discount, and the `reason` for the discount.
#[component]
pub fn Price(
    #[prop(into)] now: String,
    #[prop(optional, into)] was: MaybeText,
    #[prop(optional, into)] reason: MaybeText,
) -> impl IntoView {
    let before = was.0.map(|was| {
        view! {
            <s>
                <span class="sr-only">"was "</span>
                {was}
            </s>
            <span class="sr-only">", now "</span>
        }
    });
    view! {
        <span class="price">
            {before} <strong>{now}</strong> {reason.0.map(|reason| view! { <small>{reason}</small> })}
        </span>
    }
}

/// The rows of a receipt: label, amount, and whether the row is the sum.
#[component]
pub fn Amounts(rows: Vec<(String, String, bool)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|(label, amount, is_sum)| {
            view! {
                <div class=if is_sum { "amount amount-sum" } else { "amount" }>
                    <dt>{label}</dt>
                    <dd>{amount}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="amounts">{rows}</dl> }
}
