//! Sorting with the keyboard or a screen reader.

use leptos::{ev::KeyboardEvent, prelude::*};
use uuid::Uuid;

use crate::ui::sortable::{
    grip::{focus_grip, grip_id, grip_of},
    order::Step,
    sorter::{Grabbed, Sorter},
};

impl Sorter {
    /// Handles a press of a grip: grabs its row, or drops it.
    pub(super) fn toggle(self, key: Uuid) {
        match self.grabbed.get_untracked() {
            Some(grabbed) if grabbed.key == key => self.drop_grabbed(),
            _ => {
                self.grabbed.set(Some(Grabbed { key, before: self.current.run(()) }));
                let name = self.name.run(key);
                self.announce(format!(
                    "{name} grabbed, {}. Arrow keys move it, Enter or Space drops it, Escape puts it back.",
                    self.describe_position(key)
                ));
            }
        }
    }

    pub(super) fn drop_grabbed(self) {
        let Some(grabbed) = self.grabbed.get_untracked() else { return };
        self.grabbed.set(None);
        self.announce(format!("{} dropped, {}.", self.name.run(grabbed.key), self.describe_position(grabbed.key)));
        self.notify_if_moved(grabbed.before);
    }

    fn step(self, key: Uuid, step: Step) {
        let order = self.current.run(());
        let next = order.step(key, step);
        if next == order {
            self.announce(format!("{} cannot go further, {}.", self.name.run(key), self.describe_position(key)));
            return;
        }
        self.show_animated(next);
        focus_grip(key);
        self.announce(format!("{}, {}.", self.name.run(key), self.describe_position(key)));
    }

    /// Restores the row that is grabbed by keyboard or dragged.
    fn cancel(self) {
        if let Some(grabbed) = self.grabbed.get_untracked() {
            self.grabbed.set(None);
            self.show_animated(grabbed.before);
            focus_grip(grabbed.key);
            self.announce(format!("{} is back, {}.", self.name.run(grabbed.key), self.describe_position(grabbed.key)));
        }
        self.end_drag(false);
    }

    pub(super) fn on_key(self, event: &KeyboardEvent) {
        let key = event.key();
        if key == "Escape" && (self.grabbed.get_untracked().is_some() || self.is_dragging()) {
            event.prevent_default();
            self.cancel();
            return;
        }
        // Key repeat must not grab and drop alternately.
        if event.repeat() && (key == "Enter" || key == " ") && grip_of(event).is_some() {
            event.prevent_default();
            return;
        }
        let Some(grabbed) = self.grabbed.get_untracked() else { return };
        let step = match key.as_str() {
            "ArrowUp" => Step::Up,
            "ArrowDown" => Step::Down,
            "Home" => Step::First,
            "End" => Step::Last,
            _ => return,
        };
        event.prevent_default();
        self.step(grabbed.key, step);
    }

    /// Drops the grabbed row where it is, when the focus has left its grip for another reason than a move.
    pub(super) fn on_blur(self) {
        let Some(grabbed) = self.grabbed.get_untracked() else { return };
        request_animation_frame(move || {
            request_animation_frame(move || {
                let focused = document().active_element().is_some_and(|element| element.id() == grip_id(grabbed.key));
                if !focused && self.grabbed.get_untracked().is_some_and(|now| now.key == grabbed.key) {
                    self.drop_grabbed();
                }
            });
        });
    }
}
