//! The grip of a row: the button by which it is dragged and moved.

use leptos::{prelude::*, task::spawn_local, wasm_bindgen::JsCast};
use uuid::Uuid;
use web_sys::{Element, Event, HtmlElement, ScrollIntoViewOptions, ScrollLogicalPosition};

use crate::ui::icon::Icon;

/// The button that moves a row.
#[component]
pub fn Grip(key: Uuid, #[prop(into)] name: Signal<String>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="grip"
            id=grip_id(key)
            data-grip=key.to_string()
            aria-label=move || format!("Move {}", name.get())
            aria-describedby="sort-help"
        >
            <Icon icon=icondata_lu::LuGripVertical />
        </button>
    }
}

pub(super) fn grip_id(key: Uuid) -> String {
    format!("grip-{key}")
}

/// Returns the key of the grip that an event comes from.
pub(super) fn grip_of(event: &Event) -> Option<Uuid> {
    let element = event.target()?.dyn_into::<Element>().ok()?;
    element.closest("[data-grip]").ok()??.get_attribute("data-grip")?.parse().ok()
}

/// Focuses a grip after its row has moved: as soon as the rows are updated, so that no key press is lost, and again in the next frame,
/// when it is scrolled into view.
pub(super) fn focus_grip(key: Uuid) {
    spawn_local(async move {
        leptos::task::tick().await;
        if let Some(grip) = find_grip(key) {
            let _ = grip.focus();
        }
    });
    request_animation_frame(move || {
        if let Some(grip) = find_grip(key) {
            // It fails only for an element that is no longer in the page.
            let _ = grip.focus();
            let options = ScrollIntoViewOptions::new();
            options.set_block(ScrollLogicalPosition::Nearest);
            grip.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

fn find_grip(key: Uuid) -> Option<HtmlElement> {
    document().get_element_by_id(&grip_id(key))?.dyn_into().ok()
}
