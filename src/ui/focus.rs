//! Keyboard focus when content is replaced.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// Restores the focus in `<main>` after the next update of the page: on the element with the same name as the one focused now, else
/// on the heading, so that a keyboard user does not start again at the top. It does nothing when the focused element remains.
pub fn restore_focus() {
    let Some(before) = document().active_element() else { return };
    if before.closest("main").ok().flatten().is_none() {
        return;
    }
    let (tag, name) = (before.tag_name(), accessible_name(&before));
    request_animation_frame(move || {
        let main = document().query_selector("main").ok().flatten();
        if before.is_connected() || document().active_element().is_some_and(|now| now.tag_name() != "BODY") {
            return;
        }
        let Some(main) = main else { return };
        let same = main.query_selector_all(&tag).ok().and_then(|all| {
            (0..all.length()).filter_map(|i| all.item(i)?.dyn_into::<HtmlElement>().ok()).find(|element| {
                accessible_name(element) == name && element.closest("dialog:not([open])").is_ok_and(|d| d.is_none())
            })
        });
        let heading = || main.query_selector("h1").ok().flatten()?.dyn_into::<HtmlElement>().ok();
        if let Some(element) = same.or_else(heading) {
            if element.tag_name() == "H1" {
                // It fails only for an invalid attribute name.
                let _ = element.set_attribute("tabindex", "-1");
            }
            // It fails only for an element that is no longer in the page.
            let _ = element.focus();
        }
    });
}

/// The name of an element for assistive technology: its label, else its text.
fn accessible_name(element: &Element) -> String {
    let label = element.get_attribute("aria-label").or_else(|| element.get_attribute("name"));
    label.or_else(|| element.text_content()).unwrap_or_default()
}
