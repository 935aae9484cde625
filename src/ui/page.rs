//! The page's own parts: what it is called, and how what is on it is spaced.

use leptos::prelude::*;

use crate::ui::words::Words;

/// What a page is called, in one sentence what it is for, and what can be done with it.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: Words,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <header class="page-header">
            <div>
                <h1>{title}</h1>
                {lead.0.map(|lead| view! { <p class="lead">{lead}</p> })}
            </div>
            {children.map(|actions| view! { <div class="row no-print">{actions()}</div> })}
        </header>
    }
}

/// How far apart things stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Space {
    /// What is one thing.
    Tight,
    #[default]
    Normal,
    /// Between groups.
    Loose,
    /// Between the sections of a page: 32 px on a phone, 64 on a desktop.
    Section,
}

/// Things beneath each other.
#[component]
pub fn Stack(children: Children, #[prop(optional)] gap: Space) -> impl IntoView {
    let class = match gap {
        Space::Tight => "stack stack-tight",
        Space::Normal => "stack stack-normal",
        Space::Loose => "stack stack-loose",
        Space::Section => "stack stack-section",
    };
    view! { <div class=class>{children()}</div> }
}

/// Things beside each other, wrapping where there is no room; `spread` pushes them to the edges.
#[component]
pub fn Row(children: Children, #[prop(optional)] spread: bool) -> impl IntoView {
    view! { <div class=if spread { "row row-spread" } else { "row" }>{children()}</div> }
}

/// Cards in one, two or three columns.
#[component]
pub fn Grid(children: Children) -> impl IntoView {
    view! { <div class="grid-cards">{children()}</div> }
}
