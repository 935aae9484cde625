//! Sorting an outline by hand: with a pointer, a finger, or the keyboard. It knows keys and places, not what they stand for.
//!
//! Around the outline stands [`Sortable`]; in it, every row says what it is by [`RowKind`] and carries a [`Grip`]. A drag moves
//! rows by `transform` alone, so that the page is laid out once, when it is dropped, however many rows there are.
//!
//! After the ARIA practices for rearrangeable lists and the pattern of WCAG 2.2's 2.5.7 (dragging movements): the grip is a
//! button; pressed by keyboard or by a screen reader it takes hold, arrow keys move, pressed again it drops, Escape puts back. Each
//! is said in a live region.

mod blocks;
mod drag;
mod glide;
mod order;

use leptos::{ev, html, prelude::*};
use send_wrapper::SendWrapper;
use uuid::Uuid;

pub use crate::ui::sortable::order::{Order, Place, Step};
use crate::ui::{
    icon::Icon,
    sortable::{
        blocks::{Block, Kind},
        drag::Drag,
    },
};

/// What an outline offers to be sorted.
#[derive(Clone, Copy)]
pub struct Sorter {
    /// The order that is shown.
    pub read: Callback<(), Order>,
    /// Shows another order, not yet saved.
    pub show: Callback<Order>,
    /// Something was dropped elsewhere: the order before, and the one that is shown now.
    pub moved: Callback<(Order, Order)>,
    /// What a key is called.
    pub name: Callback<Uuid, String>,
    /// It may be dropped on any thread of the server, where nothing is ever dragged: so not `new_local`, which insists on its own.
    drag: StoredValue<Option<SendWrapper<Drag>>>,
    held: RwSignal<Option<Held>>,
    said: RwSignal<String>,
    root: NodeRef<html::Div>,
}

/// Held by the keyboard, and how everything stood before.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    key: Uuid,
    before: Order,
}

impl Sorter {
    pub fn new(
        read: impl Fn() -> Order + Send + Sync + 'static,
        show: impl Fn(Order) + Send + Sync + 'static,
        moved: impl Fn(Order, Order) + Send + Sync + 'static,
        name: impl Fn(Uuid) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            read: Callback::new(move |()| read()),
            show: Callback::new(show),
            moved: Callback::new(move |(before, after)| moved(before, after)),
            name: Callback::new(name),
            drag: StoredValue::new(None),
            held: RwSignal::new(None),
            said: RwSignal::new(String::new()),
            root: NodeRef::new(),
        }
    }

    fn say(self, words: impl Into<String>) {
        self.said.set(words.into());
    }

    /// "position 2 of 5 in Basics".
    fn standing(self, key: Uuid) -> String {
        let order = self.read.run(());
        match order.place(key) {
            Some(Place::Group { index }) => format!("position {} of {}", index + 1, order.0.len()),
            Some(Place::Item { group, index }) => {
                let (id, items) = &order.0[group];
                format!("position {} of {} in {}", index + 1, items.len(), self.name.run(*id))
            }
            None => "no longer there".into(),
        }
    }

    /// Shows an order; what moved by it glides to its place.
    pub fn show_gliding(self, order: Order) {
        let root = self.root.get_untracked();
        let tops = root.as_deref().map(|root| glide::tops(root)).unwrap_or_default();
        self.show.run(order);
        if let Some(root) = root {
            glide::glide(&root, tops);
        }
    }

    /// The grip was pressed by keyboard or by a screen reader.
    fn toggle(self, key: Uuid) {
        match self.held.get_untracked() {
            Some(held) if held.key == key => self.drop_held(),
            _ => {
                self.held.set(Some(Held { key, before: self.read.run(()) }));
                let name = self.name.run(key);
                self.say(format!(
                    "{name} grabbed, {}. Arrow keys move it, Enter or Space drops it, Escape puts it back.",
                    self.standing(key)
                ));
            }
        }
    }

    fn drop_held(self) {
        let Some(held) = self.held.get_untracked() else { return };
        self.held.set(None);
        self.say(format!("{} dropped, {}.", self.name.run(held.key), self.standing(held.key)));
        self.tell(held.before);
    }

    /// Tells of a move, when there was one.
    fn tell(self, before: Order) {
        let after = self.read.run(());
        if after != before {
            self.moved.run((before, after));
        }
    }

    fn step(self, key: Uuid, step: Step) {
        let order = self.read.run(());
        let next = order.step(key, step);
        if next == order {
            self.say(format!("{} cannot go further, {}.", self.name.run(key), self.standing(key)));
            return;
        }
        self.show_gliding(next);
        focus_soon(key);
        self.say(format!("{}, {}.", self.name.run(key), self.standing(key)));
    }

    /// Puts back what is held, by keyboard or pointer.
    fn cancel(self) {
        if let Some(held) = self.held.get_untracked() {
            self.held.set(None);
            self.show_gliding(held.before);
            focus_soon(held.key);
            self.say(format!("{} is back, {}.", self.name.run(held.key), self.standing(held.key)));
        }
        self.end_drag(false);
    }

    fn on_key(self, event: &ev::KeyboardEvent) {
        let key = event.key();
        if key == "Escape" && (self.held.get_untracked().is_some() || self.is_dragging()) {
            event.prevent_default();
            self.cancel();
            return;
        }
        // Enter that is held down would press again and again.
        if event.repeat() && (key == "Enter" || key == " ") && grip_of(event).is_some() {
            event.prevent_default();
            return;
        }
        let Some(held) = self.held.get_untracked() else { return };
        let step = match key.as_str() {
            "ArrowUp" => Step::Up,
            "ArrowDown" => Step::Down,
            "Home" => Step::First,
            "End" => Step::Last,
            _ => return,
        };
        event.prevent_default();
        self.step(held.key, step);
    }

    /// The focus left what is held, and not because it moved: it stays where it is.
    fn on_blur(self) {
        let Some(held) = self.held.get_untracked() else { return };
        request_animation_frame(move || {
            request_animation_frame(move || {
                let there = document().active_element().is_some_and(|element| element.id() == grip_id(held.key));
                if !there && self.held.get_untracked().is_some_and(|now| now.key == held.key) {
                    self.drop_held();
                }
            });
        });
    }
}

fn grip_id(key: Uuid) -> String {
    format!("grip-{key}")
}

/// The key of the grip that an event comes from.
fn grip_of(event: &web_sys::Event) -> Option<Uuid> {
    use leptos::wasm_bindgen::JsCast;
    let element = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    element.closest("[data-grip]").ok()??.get_attribute("data-grip")?.parse().ok()
}

/// Gives the focus back to a grip once the page shows it at its new place.
fn focus_soon(key: Uuid) {
    use leptos::wasm_bindgen::JsCast;
    // At once when the rows have moved, so that no key is lost; and in sight with the next frame.
    leptos::task::spawn_local(async move {
        leptos::task::tick().await;
        let grip = document().get_element_by_id(&grip_id(key));
        if let Some(grip) = grip.and_then(|grip| grip.dyn_into::<web_sys::HtmlElement>().ok()) {
            let _ = grip.focus();
        }
    });
    request_animation_frame(move || {
        let grip = document().get_element_by_id(&grip_id(key));
        if let Some(grip) = grip.and_then(|grip| grip.dyn_into::<web_sys::HtmlElement>().ok()) {
            // It fails only for an element that has left the page.
            let _ = grip.focus();
            let options = web_sys::ScrollIntoViewOptions::new();
            options.set_block(web_sys::ScrollLogicalPosition::Nearest);
            grip.scroll_into_view_with_scroll_into_view_options(&options);
        }
    });
}

/// An outline that can be sorted. It needs JavaScript.
#[component]
pub fn Sortable(sorter: Sorter, children: Children) -> impl IntoView {
    drag::guard_touches(sorter.root, sorter);
    drag::follow_scrolling(sorter);
    view! {
        <div
            node_ref=sorter.root
            class="sortable"
            class:sortable-held=move || sorter.held.with(Option::is_some)
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
                if event.detail() == 0
                    && let Some(key) = grip_of(&event)
                {
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
                {move || sorter.said.get()}
            </p>
        </div>
    }
}

/// What a row is to the sorting: goes on the element that moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    Group,
    Item,
    Tail,
}

impl RowKind {
    /// The value of `data-sort`.
    pub const fn mark(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Item => "item",
            Self::Tail => "tail",
        }
    }
}

/// What is taken hold of.
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
