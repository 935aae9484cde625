//! Sortable list of groups with items, by mouse, pen, touch and keyboard. It handles keys and positions and does not know what
//! they identify.
//!
//! [`Sortable`] wraps the list. In it, every row states its [`RowKind`] and key in `data-` attributes and contains a [`Grip`]. A drag
//! moves rows by `transform` alone, so that the page is laid out once, at the drop, for any number of rows.
//!
//! Keyboard support follows the ARIA practices for rearrangeable lists and WCAG 2.2, 2.5.7 (dragging movements): the grip is a
//! button; Enter or Space grabs the row, arrow keys move it, Enter or Space drops it, Escape restores it. Each step is announced in
//! a live region.

mod animation;
mod drag;
mod grip;
mod keyboard;
mod order;
mod row_layout;
mod sorter;

use leptos::prelude::*;

use crate::ui::sortable::grip::grip_of;
pub use crate::ui::sortable::{grip::Grip, order::Order, row_layout::RowKind, sorter::Sorter};

/// The container of a sortable list. It requires JavaScript.
#[component]
pub fn Sortable(sorter: Sorter, children: Children) -> impl IntoView {
    drag::block_touch_scrolling(sorter);
    drag::track_scrolling(sorter);
    view! {
        <div
            node_ref=sorter.root
            class="sortable"
            class:sortable-held=move || sorter.grabbed.with(Option::is_some)
            on:pointerdown=move |event| sorter.on_pointer_down(&event)
            on:pointermove=move |event| sorter.on_pointer_move(&event)
            on:pointerup=move |event| sorter.on_pointer_up(&event)
            on:pointercancel=move |event| sorter.on_pointer_cancel(&event)
            on:contextmenu=move |event| {
                if grip_of(&event).is_some() {
                    event.prevent_default();
                }
            }
            on:click=move |event| {
                if event.detail() == 0 && let Some(key) = grip_of(&event) {
                    sorter.toggle(key);
                }
            }
            on:keydown=move |event| sorter.on_key(&event)
            on:focusout=move |_| sorter.on_blur()
        >
            <p id="sort-help" class="sr-only">
                "Press Enter or Space to grab, arrow keys to move, Enter or Space to drop, Escape to put back."
            </p>
            {children()}
            <div class="sort-gap" aria-hidden="true" />
            <p class="sr-only" role="status" aria-live="assertive">
                {move || sorter.announcement.get()}
            </p>
        </div>
    }
}
