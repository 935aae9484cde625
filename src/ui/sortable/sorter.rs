//! State of a sortable list, shared by the pointer and the keyboard.

use leptos::{html, leptos_dom::helpers::TimeoutHandle, prelude::*};
use send_wrapper::SendWrapper;
use uuid::Uuid;
use web_sys::HtmlElement;

use crate::ui::sortable::{
    animation,
    order::{Order, Place},
    row_layout::RowLayout,
};

/// Connects a sortable list with the order that its owner shows and saves.
#[derive(Clone, Copy)]
pub struct Sorter {
    /// Returns the order that is shown.
    pub(super) current: Callback<(), Order>,
    /// Shows another order, which is not saved yet.
    pub(super) show: Callback<Order>,
    /// Called after a drop that changed the order, with the order before and after.
    on_move: Callback<(Order, Order)>,
    /// Returns the name of a row for announcements.
    pub(super) name: Callback<Uuid, String>,
    /// The server may drop this on any thread, and nothing is ever dragged there. Therefore it is not `new_local`, which panics on
    /// another thread.
    pub(super) drag: StoredValue<Option<SendWrapper<Drag>>>,
    pub(super) grabbed: RwSignal<Option<Grabbed>>,
    pub(super) announcement: RwSignal<String>,
    pub(super) root: NodeRef<html::Div>,
}

/// A row grabbed by keyboard, and the order before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Grabbed {
    pub(super) key: Uuid,
    pub(super) before: Order,
}

/// A pointer that is down on a grip.
pub(super) struct Drag {
    pub(super) key: Uuid,
    pub(super) pointer: i32,
    /// The position of the pointer when it went down, in the window.
    pub(super) start: (f64, f64),
    /// The vertical position of the pointer now, in the window.
    pub(super) y: f64,
    /// The timer of a long press by touch.
    pub(super) long_press: Option<TimeoutHandle>,
    /// Set once the pointer has moved far enough, or the long press is over.
    pub(super) lifted: Option<Lifted>,
}

/// The row that is being dragged, among the measured rows.
pub(super) struct Lifted {
    pub(super) layout: RowLayout,
    pub(super) rows: Vec<HtmlElement>,
    /// The distance from the pointer to the top of the dragged row.
    pub(super) offset: f64,
    /// The top of the list on the page, for the gap.
    pub(super) list_top: f64,
    /// The scroll position of the page. Reading it forces a layout, so it is read only after it has changed.
    pub(super) scroll_y: f64,
    pub(super) landing: usize,
}

impl Lifted {
    pub(super) fn dragged(&self) -> &HtmlElement {
        &self.rows[self.layout.dragged]
    }
}

impl Sorter {
    pub fn new(
        current: impl Fn() -> Order + Send + Sync + 'static,
        show: impl Fn(Order) + Send + Sync + 'static,
        on_move: impl Fn(Order, Order) + Send + Sync + 'static,
        name: impl Fn(Uuid) -> String + Send + Sync + 'static,
    ) -> Self {
        Self {
            current: Callback::new(move |()| current()),
            show: Callback::new(show),
            on_move: Callback::new(move |(before, after)| on_move(before, after)),
            name: Callback::new(name),
            drag: StoredValue::new(None),
            grabbed: RwSignal::new(None),
            announcement: RwSignal::new(String::new()),
            root: NodeRef::new(),
        }
    }

    pub(super) fn announce(self, text: impl Into<String>) {
        self.announcement.set(text.into());
    }

    /// The position of a row for announcements: "position 2 of 5 in Basics".
    pub(super) fn describe_position(self, key: Uuid) -> String {
        let order = self.current.run(());
        match order.place(key) {
            Some(Place::Group { index }) => format!("position {} of {}", index + 1, order.0.len()),
            Some(Place::Item { group, index }) => {
                let (id, items) = &order.0[group];
                format!("position {} of {} in {}", index + 1, items.len(), self.name.run(*id))
            }
            None => "no longer in the list".into(),
        }
    }

    /// Shows an order, and animates the rows that move.
    pub fn show_animated(self, order: Order) {
        let root = self.root.get_untracked();
        let tops = root.as_deref().map(|root| animation::row_tops(root)).unwrap_or_default();
        self.show.run(order);
        if let Some(root) = root {
            animation::animate_from(&root, tops);
        }
    }

    /// Calls `on_move` if the order differs from `before`.
    pub(super) fn notify_if_moved(self, before: Order) {
        let after = self.current.run(());
        if after != before {
            self.on_move.run((before, after));
        }
    }
}
