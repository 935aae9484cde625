//! Facts: what is known of one thing, and what happened to it.

use leptos::prelude::*;

/// What is known of one thing: words, and what stands for them.
#[component]
pub fn Facts(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One of the [`Facts`].
#[component]
pub fn Fact(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// What happened, one beneath the other: `children` are list items.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// Something that happened, and beneath it when.
#[component]
pub fn Happening(#[prop(into)] words: String, children: Children) -> impl IntoView {
    view! {
        <li>
            <p>{words}</p>
            <p class="eyebrow">{children()}</p>
        </li>
    }
}

/// Two things beside each other where there is room.
#[component]
pub fn Pair(children: Children) -> impl IntoView {
    view! { <div class="pair">{children()}</div> }
}
