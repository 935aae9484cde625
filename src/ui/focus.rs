//! The focus, where the page changes under it.

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// Gives the focus to what is called the same as what has it now, once the page shows what comes next; else to the heading, so
/// that whoever uses the keyboard goes on there and not at the top. Nothing happens while the focus stays where it is.
pub fn keep_focus() {
    let Some(before) = document().active_element() else { return };
    if before.closest("main").ok().flatten().is_none() {
        return;
    }
    let (tag, name) = (before.tag_name(), called(&before));
    request_animation_frame(move || {
        let main = document().query_selector("main").ok().flatten();
        if before.is_connected() || document().active_element().is_some_and(|now| now.tag_name() != "BODY") {
            return;
        }
        let Some(main) = main else { return };
        let same = main.query_selector_all(&tag).ok().and_then(|all| {
            (0..all.length()).filter_map(|i| all.item(i)?.dyn_into::<HtmlElement>().ok()).find(|element| {
                called(element) == name && element.closest("dialog:not([open])").is_ok_and(|d| d.is_none())
            })
        });
        let heading = || main.query_selector("h1").ok().flatten()?.dyn_into::<HtmlElement>().ok();
        if let Some(element) = same.or_else(heading) {
            if element.tag_name() == "H1" {
                // It fails only for a name that no attribute can have.
                let _ = element.set_attribute("tabindex", "-1");
            }
            // It fails only for an element that has left the page.
            let _ = element.focus();
        }
    });
}

/// What somebody who cannot see it would be told: its label, else its text.
fn called(element: &Element) -> String {
    let label = element.get_attribute("aria-label").or_else(|| element.get_attribute("name"));
    label.or_else(|| element.text_content()).unwrap_or_default()
}
