//! FLIP animation (first, last, invert, play): rows move to their new position instead of jumping. With reduced motion, the style
//! sheet sets no transition, so the rows jump.

use std::{collections::HashMap, time::Duration};

use leptos::{prelude::*, wasm_bindgen::JsCast};
use web_sys::{Element, HtmlElement};

/// The top of each visible row in the window, by its kind and key.
pub(super) type RowTops = HashMap<String, f64>;

/// Rows farther than this from the window are not animated, in CSS pixels.
const MAX_DISTANCE: f64 = 200.0;

/// The time after which the class with the transition is removed; the transition takes 180 ms.
const TRANSITION_CLEANUP: Duration = Duration::from_millis(220);

/// Returns every row of the list, in the order of the page.
pub(super) fn rows(root: &Element) -> Vec<HtmlElement> {
    let Ok(list) = root.query_selector_all("[data-sort]") else { return Vec::new() };
    (0..list.length()).filter_map(|i| list.item(i)?.dyn_into().ok()).collect()
}

/// Identifies a row by its kind and key.
fn row_id(row: &HtmlElement) -> Option<String> {
    Some(row.get_attribute("data-sort")? + &row.get_attribute("data-key")?)
}

/// Returns the top of each visible row, in the window.
pub(super) fn row_tops(root: &Element) -> RowTops {
    let top = |row: &HtmlElement| {
        let rect = row.get_bounding_client_rect();
        // A collapsed row has no height.
        (rect.height() > 0.0).then(|| rect.top())
    };
    rows(root).iter().filter_map(|row| Some((row_id(row)?, top(row)?))).collect()
}

/// Animates each row from its position `before` to its position after the next layout.
pub(super) fn animate_from(root: &Element, before: RowTops) {
    let root = root.clone();
    request_animation_frame(move || {
        let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        let near = |top: f64| (-MAX_DISTANCE..height + MAX_DISTANCE).contains(&top);
        let moved: Vec<_> = rows(&root)
            .into_iter()
            .filter_map(|row| {
                let previous = *before.get(&row_id(&row)?)?;
                let top = row.get_bounding_client_rect().top();
                ((previous - top).abs() > 0.5 && (near(previous) || near(top))).then_some((row, previous - top))
            })
            .collect();
        for (row, by) in &moved {
            translate(row, *by);
        }
        // The inverted position is shown for one frame, then released with a transition.
        request_animation_frame(move || {
            for (row, _) in &moved {
                // It fails only for a class name with a space.
                let _ = row.class_list().add_1("gliding");
                translate(row, 0.0);
            }
            set_timeout(
                move || {
                    for (row, _) in moved {
                        let _ = row.class_list().remove_1("gliding");
                    }
                },
                TRANSITION_CLEANUP,
            );
        });
    });
}

/// Moves a row by a number of CSS pixels, without a new layout of the page.
pub(super) fn translate(row: &HtmlElement, by: f64) {
    let style = row.style();
    // It fails only for a read-only style, which an element's own is not.
    let _ = if by == 0.0 {
        style.remove_property("transform").map(drop)
    } else {
        style.set_property("transform", &format!("translateY({by}px)"))
    };
}
