//! Description lists and timelines: the details of one item, and its history.

use leptos::prelude::*;

/// A description list: labels with their values.
#[component]
pub fn DescriptionList(children: Children) -> impl IntoView {
    view! { <dl class="facts">{children()}</dl> }
}

/// One label of a [`DescriptionList`] with its value.
#[component]
pub fn DescriptionItem(#[prop(into)] label: String, children: Children) -> impl IntoView {
    view! {
        <div>
            <dt>{label}</dt>
            <dd>{children()}</dd>
        </div>
    }
}

/// A history. Its `children` are [`TimelineItem`]s or other list items.
#[component]
pub fn Timeline(children: Children) -> impl IntoView {
    view! { <ol class="timeline">{children()}</ol> }
}

/// An event of a [`Timeline`]; `children` are its time.
#[component]
pub fn TimelineItem(#[prop(into)] text: String, children: Children) -> impl IntoView {
    view! {
        <li>
            <p>{text}</p>
            <p class="eyebrow">{children()}</p>
        </li>
    }
}
