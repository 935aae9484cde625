//! Gliding: what stands elsewhere after a change moves there instead of jumping (first, last, invert, play). Nothing glides for
//! those who asked for less motion: the style sheet gives the class no transition then.

use std::{collections::HashMap, time::Duration};

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// Where each row was seen, by what it is known by.
pub(super) type Tops = HashMap<String, f64>;

/// Rows more than this far from the window are not seen gliding, in CSS pixels.
const NEAR: f64 = 200.0;

/// Every row of an outline, in the order of the page.
pub(super) fn rows(root: &Element) -> Vec<HtmlElement> {
    let Ok(list) = root.query_selector_all("[data-sort]") else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

/// What a row is known by: its kind and key.
fn mark(row: &HtmlElement) -> Option<String> {
    Some(row.get_attribute("data-sort")? + &row.get_attribute("data-key")?)
}

/// Where each row is seen now, in the window.
pub(super) fn tops(root: &Element) -> Tops {
    let seen = |row: &HtmlElement| {
        let seen = row.get_bounding_client_rect();
        // What is folded away stands nowhere.
        (seen.height() > 0.0).then(|| seen.top())
    };
    rows(root).iter().filter_map(|row| Some((mark(row)?, seen(row)?))).collect()
}

/// After the next layout, moves what stands elsewhere from where it was.
pub(super) fn glide(root: &Element, before: Tops) {
    let root = root.clone();
    request_animation_frame(move || {
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        let near = |top: f64| (-NEAR..height + NEAR).contains(&top);
        let moved: Vec<_> = rows(&root)
            .into_iter()
            .filter_map(|row| {
                let was = *before.get(&mark(&row)?)?;
                let top = row.get_bounding_client_rect().top();
                ((was - top).abs() > 0.5 && (near(was) || near(top))).then_some((row, was - top))
            })
            .collect();
        for (row, by) in &moved {
            shift(row, *by);
        }
        // What was just set is seen for one frame, then let go.
        request_animation_frame(move || {
            for (row, _) in &moved {
                // A class list takes any word without a blank.
                let _ = row.class_list().add_1("gliding");
                shift(row, 0.0);
            }
            set_timeout(
                move || {
                    for (row, _) in moved {
                        let _ = row.class_list().remove_1("gliding");
                    }
                },
                Duration::from_millis(220),
            );
        });
    });
}

/// Moves a row by so many CSS pixels, without laying the page out anew.
pub(super) fn shift(row: &HtmlElement, by: f64) {
    let style = row.style();
    // It fails only on a style that is read-only, which an element's own is not.
    let _ = if by == 0.0 {
        style.remove_property("transform").map(drop)
    } else {
        style.set_property("transform", &format!("translateY({by}px)"))
    };
}
