//! Dragging with a mouse, a pen or a finger.

use leptos::{
    ev, html,
    leptos_dom::helpers::TimeoutHandle,
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
};
use send_wrapper::SendWrapper;
use uuid::Uuid;
use web_sys::{AddEventListenerOptions, HtmlElement, PointerEvent};

use crate::ui::sortable::{Block, Kind, Sorter, blocks::Blocks, focus_soon, glide, grip_of};

/// A finger that rests so long takes hold; one that moves before scrolls the page.
const LONG_PRESS: std::time::Duration = std::time::Duration::from_millis(300);
/// How far a finger may tremble, and a mouse has to go, in CSS pixels.
const TREMBLE: f64 = 8.0;
const START: f64 = 4.0;
/// Within so many CSS pixels of the window's edge the page scrolls, by up to so many a frame.
const EDGE: f64 = 72.0;
const FASTEST: f64 = 18.0;

/// A pointer that is down on a grip.
pub struct Drag {
    key: Uuid,
    pointer: i32,
    /// Where it went down and where it is, in the window.
    start: (f64, f64),
    at: f64,
    touch: Option<TimeoutHandle>,
    lifted: Option<Lifted>,
}

/// What is in the air.
struct Lifted {
    blocks: Blocks,
    rows: Vec<HtmlElement>,
    /// From the pointer to the top of what is dragged.
    grip: f64,
    /// Where the outline begins on the page, for the gap.
    origin: f64,
    /// How far the page is scrolled. Asking the browser lays the page out, so it is asked only when that has changed.
    scrolled: f64,
    landing: usize,
}

impl Lifted {
    fn dragged(&self) -> &HtmlElement {
        &self.rows[self.blocks.dragged]
    }
}

fn scroll_y() -> f64 {
    window().scroll_y().unwrap_or_default()
}

impl Sorter {
    pub(super) fn is_dragging(self) -> bool {
        self.drag.with_value(|drag| drag.as_ref().is_some_and(|drag| drag.lifted.is_some()))
    }

    pub(super) fn on_pointer_down(self, event: &PointerEvent) {
        let Some(key) = grip_of(event).filter(|_| event.is_primary() && event.button() == 0) else { return };
        if self.held.get_untracked().is_some() {
            self.drop_held();
        }
        self.end_drag(false);
        let pointer = event.pointer_id();
        let touch = (event.pointer_type() == "touch")
            .then(|| set_timeout_with_handle(move || self.lift(), LONG_PRESS).ok())
            .flatten();
        let start = (f64::from(event.client_x()), f64::from(event.client_y()));
        self.drag.set_value(Some(SendWrapper::new(Drag { key, pointer, start, at: start.1, touch, lifted: None })));
    }

    pub(super) fn on_pointer_move(self, event: &PointerEvent) {
        let (x, y) = (f64::from(event.client_x()), f64::from(event.client_y()));
        let far = self.drag.try_update_value(|drag| {
            let drag = drag.as_mut().filter(|drag| drag.pointer == event.pointer_id())?;
            drag.at = y;
            let far = (x - drag.start.0).hypot(y - drag.start.1);
            drag.lifted.is_none().then_some((far, drag.touch.is_some()))
        });
        match far.flatten() {
            Some((far, true)) if far > TREMBLE => self.end_drag(false),
            Some((far, false)) if far > START => self.lift(),
            _ => {}
        }
    }

    pub(super) fn on_pointer_up(self, event: &PointerEvent) {
        if self.is_of(event) {
            // What the last frame showed may be older than the hand.
            self.drag.update_value(|drag| {
                if let Some(drag) = drag
                    && let Some(lifted) = &mut drag.lifted
                {
                    lifted.landing = lifted.blocks.landing(f64::from(event.client_y()) + lifted.grip + scroll_y());
                }
            });
            self.end_drag(true);
        }
    }

    /// The browser took the pointer for itself, to scroll or to go back.
    pub(super) fn on_pointer_cancel(self, event: &PointerEvent) {
        if self.is_of(event) {
            self.end_drag(false);
        }
    }

    fn is_of(self, event: &PointerEvent) -> bool {
        self.drag.with_value(|drag| drag.as_ref().is_some_and(|drag| drag.pointer == event.pointer_id()))
    }

    /// Takes the row up: everything is measured here, once.
    fn lift(self) {
        let Some(root) = self.root.get_untracked() else { return };
        let Some((key, pointer, at)) =
            self.drag.with_value(|drag| drag.as_ref().map(|drag| (drag.key, drag.pointer, drag.at)))
        else {
            return;
        };
        let is_group = |row: &HtmlElement| row.get_attribute("data-sort").as_deref() == Some("group");
        let of_key = |row: &HtmlElement| {
            row.get_attribute("data-key").is_some_and(|k| k == key.to_string())
                && row.get_attribute("data-sort").as_deref() != Some("tail")
        };
        let Some(seen) = glide::rows(&root).into_iter().find(of_key) else { return };
        let before = seen.get_bounding_client_rect().top();
        let _ = root.class_list().add_1("sorting");
        if is_group(&seen) {
            // Groups are moved as headings: what is in them folds away for as long.
            let _ = root.class_list().add_1("sorting-groups");
        }
        // Folding moved what is above it: the page follows, as far as it can.
        window().scroll_by_with_x_and_y(0.0, seen.get_bounding_client_rect().top() - before);
        let rows: Vec<_> = glide::rows(&root).into_iter().filter(|row| !is_group(&seen) || is_group(row)).collect();
        let scrolled = scroll_y();
        let blocks: Vec<_> = rows.iter().filter_map(|row| measured(row, scrolled)).collect();
        let Some(dragged) = rows.iter().position(of_key).filter(|_| blocks.len() == rows.len()) else {
            return self.end_drag(false);
        };
        let blocks = Blocks::new(blocks, dragged);
        let lifted = Lifted {
            grip: before - at,
            origin: root.get_bounding_client_rect().top() + scrolled,
            scrolled,
            landing: blocks.home(),
            blocks,
            rows,
        };
        // Rows whose height is settled are neither laid out nor painted where nobody sees them.
        for (row, block) in lifted.rows.iter().zip(&lifted.blocks.rows) {
            settle(row, Some(block.height));
        }
        let _ = root.class_list().add_1("settled");
        let _ = lifted.dragged().class_list().add_1("lifted");
        // Without it, a pointer that leaves the outline would be lost. It fails for one that is up already.
        let _ = root.set_pointer_capture(pointer);
        self.place_gap(&lifted);
        self.drag.update_value(|drag| {
            if let Some(drag) = drag {
                drag.touch = None;
                drag.lifted = Some(lifted);
            }
        });
        self.say(format!("{} grabbed, {}.", self.name.run(key), self.standing(key)));
        self.follow();
    }

    /// Once a frame, for as long as something is in the air.
    fn follow(self) {
        request_animation_frame(move || {
            let moved = self.drag.try_update_value(|drag| {
                let (at, start) = drag.as_ref().map(|drag| (drag.at, drag.start.1))?;
                let lifted = drag.as_mut()?.lifted.as_mut()?;
                if scroll_at_edge(at, start) {
                    lifted.scrolled = scroll_y();
                }
                let top = at + lifted.grip + lifted.scrolled;
                glide::shift(lifted.dragged(), top - lifted.blocks.rows[lifted.blocks.dragged].top);
                let landing = lifted.blocks.landing(top);
                let was = std::mem::replace(&mut lifted.landing, landing);
                if was != landing {
                    for (row, by) in lifted.blocks.shifts(was, landing) {
                        glide::shift(&lifted.rows[row], by);
                    }
                    self.place_gap(lifted);
                }
                Some(())
            });
            if moved.flatten().is_some() {
                self.follow();
            }
        });
    }

    /// Shows where it would land.
    fn place_gap(self, lifted: &Lifted) {
        let gap = self.root.get_untracked().and_then(|root| root.query_selector(".sort-gap").ok().flatten());
        let Some(gap) = gap.and_then(|gap| gap.dyn_into::<HtmlElement>().ok()) else { return };
        let top = lifted.blocks.top_of(lifted.landing) - lifted.origin;
        let height = lifted.blocks.rows[lifted.blocks.dragged].height;
        glide::shift(&gap, top);
        let _ = gap.style().set_property("height", &format!("{height}px"));
    }

    /// Lets go: drops what is in the air, or puts it back.
    pub(super) fn end_drag(self, drop: bool) {
        let Some(Some(drag)) = self.drag.try_update_value(Option::take) else { return };
        let drag = drag.take();
        if let Some(timer) = drag.touch {
            timer.clear();
        }
        let (Some(lifted), Some(root)) = (drag.lifted, self.root.get_untracked()) else { return };
        let before = self.read.run(());
        let after = if drop { lifted.blocks.drop_at(&before, lifted.landing) } else { before.clone() };
        let tops = glide::tops(&root);
        let _ = root.class_list().remove_3("sorting", "sorting-groups", "settled");
        let _ = lifted.dragged().class_list().remove_1("lifted");
        for row in &lifted.rows {
            glide::shift(row, 0.0);
            settle(row, None);
        }
        let _ = root.release_pointer_capture(drag.pointer);
        if after != before {
            self.show.run(after);
        }
        keep_in_place(&root, drag.key, &tops);
        glide::glide(&root, tops);
        focus_soon(drag.key);
        let name = self.name.run(drag.key);
        let standing = self.standing(drag.key);
        self.say(if drop { format!("{name} dropped, {standing}.") } else { format!("{name} is back, {standing}.") });
        self.tell(before);
    }
}

fn measured(row: &HtmlElement, scrolled: f64) -> Option<Block> {
    let kind = match row.get_attribute("data-sort")?.as_str() {
        "group" => Kind::Group,
        "item" => Kind::Item,
        _ => Kind::Tail,
    };
    let key = row.get_attribute("data-key")?.parse().ok()?;
    let seen = row.get_bounding_client_rect();
    Some(Block { kind, key, top: seen.top() + scrolled, height: seen.height() })
}

/// Gives a row a height of its own, in CSS pixels, or lets it find one again.
fn settle(row: &HtmlElement, height: Option<f64>) {
    let style = row.style();
    // As in `glide::shift`.
    let _ = match height {
        Some(height) => style.set_property("height", &format!("{height}px")),
        None => style.remove_property("height").map(drop),
    };
}

/// Only the way that the hand went: what is taken up at an edge does not run away from it. Says whether it scrolled.
fn scroll_at_edge(at: f64, start: f64) -> bool {
    let height = window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
    let into = |depth: f64| (depth / EDGE).clamp(0.0, 1.0) * FASTEST;
    let by = if at > start { into(at - (height - EDGE)) } else { -into(EDGE - at) };
    if by != 0.0 {
        window().scroll_by_with_x_and_y(0.0, by);
    }
    by != 0.0
}

/// What unfolds around a group that was dropped leaves it where it was seen.
fn keep_in_place(root: &HtmlElement, key: Uuid, before: &glide::Tops) {
    let Some(was) = before.get(&format!("group{key}")).copied() else { return };
    let root = root.clone();
    request_animation_frame(move || {
        let row = root.query_selector(&format!("[data-sort=group][data-key=\"{key}\"]")).ok().flatten();
        if let Some(row) = row {
            window().scroll_by_with_x_and_y(0.0, row.get_bounding_client_rect().top() - was);
        }
    });
}

/// The wheel and the keys scroll during a drag, too.
pub(super) fn follow_scrolling(sorter: Sorter) {
    Effect::new(move |_| {
        let listener = window_event_listener(ev::scroll, move |_| {
            sorter.drag.update_value(|drag| {
                if let Some(lifted) = drag.as_mut().and_then(|drag| drag.lifted.as_mut()) {
                    lifted.scrolled = scroll_y();
                }
            });
        });
        on_cleanup(move || listener.remove());
    });
}

/// A finger that drags must not scroll the page as well. The browser asks before the first movement, and only a listener that
/// says so beforehand is waited for: `passive: false`, which `on:touchmove` is not.
pub(super) fn guard_touches(root: NodeRef<html::Div>, sorter: Sorter) {
    Effect::new(move |_| {
        let Some(root) = root.get() else { return };
        let guard = move |event: web_sys::Event| {
            if event.cancelable() && sorter.is_dragging() {
                event.prevent_default();
            }
        };
        let guard = Closure::<dyn FnMut(web_sys::Event)>::new(guard).into_js_value();
        let options = AddEventListenerOptions::new();
        options.set_passive(false);
        // It fails only for what is no function.
        let _ = root.add_event_listener_with_callback_and_add_event_listener_options(
            "touchmove",
            guard.unchecked_ref(),
            &options,
        );
    });
}
