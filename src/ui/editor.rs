//! The outline of the course editor: sections are headings, lessons are rows. Each row that can be sorted says what it is.

use leptos::prelude::*;
use uuid::Uuid;

use crate::ui::sortable::RowKind;

#[component]
pub fn EditorSection(children: Children) -> impl IntoView {
    view! { <section class="editor-section">{children()}</section> }
}

/// The heading of a section.
#[component]
pub fn EditorHead(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <div class="editor-head" data-sort=RowKind::Group.mark() data-key=key.to_string()>
            {children()}
        </div>
    }
}

#[component]
pub fn EditorList(children: Children) -> impl IntoView {
    view! { <ul class="editor-list">{children()}</ul> }
}

#[component]
pub fn EditorItem(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <li class="editor-item" data-sort=RowKind::Item.mark() data-key=key.to_string()>
            {children()}
        </li>
    }
}

/// What can be done with a row, at its end.
#[component]
pub fn EditorActions(children: Children) -> impl IntoView {
    view! { <div class="editor-actions">{children()}</div> }
}

/// What stands beneath the lessons of a section.
#[component]
pub fn EditorTail(key: Uuid, children: Children) -> impl IntoView {
    view! {
        <div class="editor-tail" data-sort=RowKind::Tail.mark() data-key=key.to_string()>
            {children()}
        </div>
    }
}
