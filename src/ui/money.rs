//! Money as it is read: prices and the rows of a receipt.

use leptos::prelude::*;

use crate::ui::words::Words;

/// A price, what it `was` before a discount, and `why` it is less.
#[component]
pub fn Price(
    #[prop(into)] now: String,
    #[prop(optional, into)] was: Words,
    #[prop(optional, into)] why: Words,
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
    view! { <span class="price">{before} <strong>{now}</strong> {why.0.map(|why| view! { <small>{why}</small> })}</span> }
}

/// The rows of a receipt: words, amount, and whether it is the sum.
#[component]
pub fn Amounts(rows: Vec<(String, String, bool)>) -> impl IntoView {
    let rows = rows
        .into_iter()
        .map(|(words, amount, strong)| {
            view! {
                <div class=if strong { "amount amount-sum" } else { "amount" }>
                    <dt>{words}</dt>
                    <dd>{amount}</dd>
                </div>
            }
        })
        .collect_view();
    view! { <dl class="amounts">{rows}</dl> }
}
