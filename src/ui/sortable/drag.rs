//! Sorting with a mouse, a pen or a finger.

use std::time::Duration;

use leptos::{
    ev,
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use send_wrapper::SendWrapper;
use uuid::Uuid;
use web_sys::{AddEventListenerOptions, HtmlElement, PointerEvent};

use crate::ui::sortable::{
    animation,
    grip::{focus_grip, grip_of},
    row_layout::{MeasuredRow, RowKind, RowLayout},
    sorter::{Drag, Lifted, Sorter},
};

/// A touch that rests this long starts a drag; one that moves earlier scrolls the page.
const LONG_PRESS: Duration = Duration::from_millis(300);
/// The movement during a long press that still counts as resting, in CSS pixels.
const MAX_TOUCH_MOVEMENT: f64 = 8.0;
/// The movement of a mouse or pen that starts a drag, in CSS pixels.
const MIN_MOUSE_MOVEMENT: f64 = 4.0;
/// The height of the zones at the top and bottom of the window where a drag scrolls the page, in CSS pixels.
const SCROLL_ZONE: f64 = 72.0;
/// The maximum speed of this scrolling, in CSS pixels per frame.
const MAX_SCROLL_SPEED: f64 = 18.0;

fn scroll_y() -> f64 {
    window().scroll_y().unwrap_or_default()
}

impl Sorter {
    pub(super) fn is_dragging(self) -> bool {
        self.drag.with_value(|drag| drag.as_ref().is_some_and(|drag| drag.lifted.is_some()))
    }

    pub(super) fn on_pointer_down(self, event: &PointerEvent) {
        let Some(key) = grip_of(event).filter(|_| event.is_primary() && event.button() == 0) else { return };
        if self.grabbed.get_untracked().is_some() {
            self.drop_grabbed();
        }
        self.end_drag(false);
        let pointer = event.pointer_id();
        let long_press = (event.pointer_type() == "touch")
            .then(|| set_timeout_with_handle(move || self.lift(), LONG_PRESS).ok())
            .flatten();
        let start = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.drag.set_value(Some(SendWrapper::new(Drag { key, pointer, start, y: start.1, long_press, lifted: None })));
    }

    pub(super) fn on_pointer_move(self, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let movement = self.drag.try_update_value(|drag| {
            let drag = drag.as_mut().filter(|drag| drag.pointer == event.pointer_id())?;
            drag.y = y;
            let distance = (x - drag.start.0).hypot(y - drag.start.1);
            drag.lifted.is_none().then_some((distance, drag.long_press.is_some()))
        });
        match movement.flatten() {
            Some((distance, true)) if distance > MAX_TOUCH_MOVEMENT => self.end_drag(false),
            Some((distance, false)) if distance > MIN_MOUSE_MOVEMENT => self.lift(),
            _ => {}
        }
    }

    pub(super) fn on_pointer_up(self, event: &PointerEvent) {
        if self.is_drag_pointer(event) {
            // The pointer may have moved since the last frame.
            self.drag.update_value(|drag| {
                if let Some(drag) = drag
                    && let Some(lifted) = &mut drag.lifted
                {
                    lifted.landing = lifted.layout.landing(f64::from(event.client_y()) + lifted.offset + scroll_y());
                }
            });
            self.end_drag(true);
        }
    }

    /// Restores the row when the browser takes over the pointer, to scroll or to navigate back.
    pub(super) fn on_pointer_cancel(self, event: &PointerEvent) {
        if self.is_drag_pointer(event) {
            self.end_drag(false);
        }
    }

    fn is_drag_pointer(self, event: &PointerEvent) -> bool {
        self.drag.with_value(|drag| drag.as_ref().is_some_and(|drag| drag.pointer == event.pointer_id()))
    }

    /// Starts moving the row. All rows are measured here, once.
    fn lift(self) {
        let Some(root) = self.root.get_untracked() else { return };
        let Some((key, pointer, y)) =
            self.drag.with_value(|drag| drag.as_ref().map(|drag| (drag.key, drag.pointer, drag.y)))
        else {
            return;
        };
        let Some(lifted) = measure(&root, key, y) else { return self.end_drag(false) };
        // Rows with a fixed height are neither laid out nor painted outside the window.
        for (row, measured) in lifted.rows.iter().zip(&lifted.layout.rows) {
            set_height(row, Some(measured.height));
        }
        let _ = root.class_list().add_1("settled");
        let _ = lifted.dragged().class_list().add_1("lifted");
        // Without the capture, a pointer that leaves the list would be lost. It fails for a pointer that is up already.
        let _ = root.set_pointer_capture(pointer);
        self.place_gap(&lifted);
        self.drag.update_value(|drag| {
            if let Some(drag) = drag {
                drag.long_press = None;
                drag.lifted = Some(lifted);
            }
        });
        self.announce(format!("{} grabbed, {}.", self.name.run(key), self.describe_position(key)));
        self.follow_pointer();
    }

    /// Moves the rows in every frame of the drag.
    fn follow_pointer(self) {
        request_animation_frame(move || {
            let dragging = self.drag.try_update_value(|drag| {
                let (y, start) = drag.as_ref().map(|drag| (drag.y, drag.start.1))?;
                let lifted = drag.as_mut()?.lifted.as_mut()?;
                if scroll_at_edge(y, start) {
                    lifted.scroll_y = scroll_y();
                }
                let top = y + lifted.offset + lifted.scroll_y;
                animation::translate(lifted.dragged(), top - lifted.layout.rows[lifted.layout.dragged].top);
                let landing = lifted.layout.landing(top);
                let previous = std::mem::replace(&mut lifted.landing, landing);
                if previous != landing {
                    for (row, shift) in lifted.layout.shifts(previous, landing) {
                        animation::translate(&lifted.rows[row], shift);
                    }
                    self.place_gap(lifted);
                }
                Some(())
            });
            if dragging.flatten().is_some() {
                self.follow_pointer();
            }
        });
    }

    /// Shows the gap where the dragged row would be dropped.
    fn place_gap(self, lifted: &Lifted) {
        let gap = self.root.get_untracked().and_then(|root| root.query_selector(".sort-gap").ok().flatten());
        let Some(gap) = gap.and_then(|gap| gap.dyn_into::<HtmlElement>().ok()) else { return };
        let top = lifted.layout.top_of(lifted.landing) - lifted.list_top;
        let height = lifted.layout.rows[lifted.layout.dragged].height;
        animation::translate(&gap, top);
        let _ = gap.style().set_property("height", &format!("{height}px"));
    }

    /// Ends the drag: drops the row, or restores it.
    pub(super) fn end_drag(self, drop: bool) {
        let Some(Some(drag)) = self.drag.try_update_value(Option::take) else { return };
        let drag = drag.take();
        if let Some(timer) = drag.long_press {
            timer.clear();
        }
        let Some(root) = self.root.get_untracked() else { return };
        let Some(lifted) = drag.lifted else { return };
        let before = self.current.run(());
        let after = if drop { lifted.layout.drop_at(&before, lifted.landing) } else { before.clone() };
        let tops = animation::row_tops(&root);
        let _ = root.class_list().remove_3("sorting", "sorting-groups", "settled");
        let _ = lifted.dragged().class_list().remove_1("lifted");
        for row in &lifted.rows {
            animation::translate(row, 0.0);
            set_height(row, None);
        }
        let _ = root.release_pointer_capture(drag.pointer);
        if after != before {
            self.show.run(after);
        }
        preserve_scroll_offset(&root, drag.key, &tops);
        animation::animate_from(&root, tops);
        focus_grip(drag.key);
        let name = self.name.run(drag.key);
        let position = self.describe_position(drag.key);
        self.announce(if drop {
            format!("{name} dropped, {position}.")
        } else {
            format!("{name} is back, {position}.")
        });
        self.notify_if_moved(before);
    }
}

/// Measures the rows among which the row with `key` can move, with the pointer at `y`. A group moves among the headings of groups, so
/// the items are collapsed first.
fn measure(root: &HtmlElement, key: Uuid, y: f64) -> Option<Lifted> {
    let is_group = |row: &HtmlElement| kind_of(row) == Some(RowKind::Group);
    let is_dragged = |row: &HtmlElement| {
        row.get_attribute("data-key").is_some_and(|k| k == key.to_string()) && kind_of(row) != Some(RowKind::Tail)
    };
    let dragged_row = animation::rows(root).into_iter().find(is_dragged)?;
    let before = dragged_row.get_bounding_client_rect().top();
    let _ = root.class_list().add_1("sorting");
    if is_group(&dragged_row) {
        let _ = root.class_list().add_1("sorting-groups");
    }
    // Collapsing moved the rows: the page is scrolled so that the dragged row remains under the pointer, where possible.
    window().scroll_by_with_x_and_y(0.0, dragged_row.get_bounding_client_rect().top() - before);
    let rows: Vec<_> =
        animation::rows(root).into_iter().filter(|row| !is_group(&dragged_row) || is_group(row)).collect();
    let scroll_y = scroll_y();
    let measured: Vec<_> = rows.iter().filter_map(|row| measure_row(row, scroll_y)).collect();
    let dragged = rows.iter().position(is_dragged).filter(|_| measured.len() == rows.len())?;
    let layout = RowLayout::new(measured, dragged);
    Some(Lifted {
        offset: before - y,
        list_top: root.get_bounding_client_rect().top() + scroll_y,
        scroll_y,
        landing: layout.original(),
        layout,
        rows,
    })
}

fn kind_of(row: &HtmlElement) -> Option<RowKind> {
    RowKind::from_attribute(&row.get_attribute("data-sort")?)
}

fn measure_row(row: &HtmlElement, scroll_y: f64) -> Option<MeasuredRow> {
    let key = row.get_attribute("data-key")?.parse().ok()?;
    let rect = row.get_bounding_client_rect();
    Some(MeasuredRow { kind: kind_of(row)?, key, top: rect.top() + scroll_y, height: rect.height() })
}

/// Sets the height of a row in CSS pixels, or removes it.
fn set_height(row: &HtmlElement, height: Option<f64>) {
    let style = row.style();
    // It fails only for a read-only style, which an element's own is not.
    let _ = match height {
        Some(height) => style.set_property("height", &format!("{height}px")),
        None => style.remove_property("height").map(drop),
    };
}

/// Scrolls the page when the pointer is near an edge of the window, and returns whether it did. It scrolls only in the direction in
/// which the pointer has moved, so that a row grabbed at an edge does not scroll away.
fn scroll_at_edge(y: f64, start: f64) -> bool {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let speed = |depth: f64| (depth / SCROLL_ZONE).clamp(0.0, 1.0) * MAX_SCROLL_SPEED;
    let by = if y > start { speed(y - (height - SCROLL_ZONE)) } else { -speed(SCROLL_ZONE - y) };
    if by != 0.0 {
        window().scroll_by_with_x_and_y(0.0, by);
    }
    by != 0.0
}

/// Scrolls the page so that a group that was dropped remains where it was seen, while the items of the groups expand again.
fn preserve_scroll_offset(root: &HtmlElement, key: Uuid, before: &animation::RowTops) {
    let Some(previous) = before.get(&format!("group{key}")).copied() else { return };
    let root = root.clone();
    request_animation_frame(move || {
        let row = root.query_selector(&format!("[data-sort=group][data-key=\"{key}\"]")).ok().flatten();
        if let Some(row) = row {
            window().scroll_by_with_x_and_y(0.0, row.get_bounding_client_rect().top() - previous);
        }
    });
}

/// Records the scroll position when the wheel or the keyboard scrolls during a drag.
pub(super) fn track_scrolling(sorter: Sorter) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::scroll, move |_| {
            sorter.drag.update_value(|drag| {
                if let Some(lifted) = drag.as_mut().and_then(|drag| drag.lifted.as_mut()) {
                    lifted.scroll_y = scroll_y();
                }
            });
        });
        on_cleanup(move || listener.remove());
    });
}

/// Prevents a touch that drags from scrolling the page too. The browser decides at the first movement, and waits only for listeners
/// registered with `passive: false`, which `on:touchmove` is not.
pub(super) fn block_touch_scrolling(sorter: Sorter) {
    Effect::new(move |_| {
        let Some(root) = sorter.root.get() else { return };
        let block = move |event: web_sys::Event| {
            if event.cancelable() && sorter.is_dragging() {
                event.prevent_default();
            }
        };
        let block = Closure::<dyn FnMut(web_sys::Event)>::new(block).into_js_value();
        let options = AddEventListenerOptions::new();
        options.set_passive(false);
        // It fails only for a listener that is not a function.
        let _ = root.add_event_listener_with_callback_and_add_event_listener_options(
            "touchmove",
            block.unchecked_ref(),
            &options,
        );
    });
}
