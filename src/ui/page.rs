//! Page header and spacing.

use leptos::prelude::*;

use crate::ui::maybe_text::MaybeText;

/// The title of a page, a sentence on its purpose, and its actions as `children`.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    #[prop(optional, into)] lead: MaybeText,
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

/// The distance between the children of a [`Stack`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Space {
    /// Parts of one item.
    Tight,
    #[default]
    Normal,
    /// Between groups.
    Loose,
    /// Between the sections of a page: 32 px on a phone, 64 on a desktop.
    Section,
}

/// A vertical stack.
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

/// A horizontal row that wraps where there is no room; `spread` distributes the children to both edges.
#[component]
pub fn Row(children: Children, #[prop(optional)] spread: bool) -> impl IntoView {
    view! { <div class=if spread { "row row-spread" } else { "row" }>{children()}</div> }
}

/// A grid of cards in one, two or three columns.
#[component]
pub fn Grid(children: Children) -> impl IntoView {
    view! { <div class="grid-cards">{children()}</div> }
}
