//! The curriculum in the course editor: sections are headings, lessons are rows. Each sortable row states its kind and key in
//! `data-` attributes, which [`Sortable`](crate::ui::Sortable) reads.

use leptos::prelude::*;
use uuid::Uuid;

use crate::ui::sortable::RowKind;

/// A section with its heading, lessons and footer row.
#[component]
pub fn EditorSection(children: Children) -> impl IntoView {
    view! { <section class="editor-section">{children()}</section> }
}

/// The heading row of a section.
#[component]
pub fn EditorHead(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <div class="editor-head" data-sort=RowKind::Group.attribute() data-key=key.to_string()>
            {children()}
        </div>
    }
}

/// The lessons of a section.
#[component]
pub fn EditorList(children: Children) -> impl IntoView {
    view! { <ul class="editor-list">{children()}</ul> }
}

/// The row of a lesson.
#[component]
pub fn EditorItem(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <li class="editor-item" data-sort=RowKind::Item.attribute() data-key=key.to_string()>
            {children()}
        </li>
    }
}

/// The actions of a row, at its end.
#[component]
pub fn EditorActions(children: Children) -> impl IntoView {
    view! { <div class="editor-actions">{children()}</div> }
}

/// The row below the lessons of a section.
#[component]
pub fn EditorTail(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <div class="editor-tail" data-sort=RowKind::Tail.attribute() data-key=key.to_string()>
            {children()}
        </div>
    }
}
