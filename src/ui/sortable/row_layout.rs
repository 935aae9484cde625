//! The measured rows of a sortable list, and where a dragged row is dropped among them. It does not use the browser.

use uuid::Uuid;

use crate::ui::sortable::order::{Order, Place};

/// The kind of a row, stated in its attribute `data-sort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// The heading of a group.
    Group,
    Item,
    /// The end of a group, below its items.
    Tail,
}

impl RowKind {
    /// The value of `data-sort`.
    pub const fn attribute(self) -> &'static str {
        match self {
            Self::Group => "group",
            Self::Item => "item",
            Self::Tail => "tail",
        }
    }

    pub(super) fn from_attribute(value: &str) -> Option<Self> {
        [Self::Group, Self::Item, Self::Tail].into_iter().find(|kind| kind.attribute() == value)
    }
}

/// A row with its position on the page, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MeasuredRow {
    pub kind: RowKind,
    pub key: Uuid,
    pub top: f64,
    pub height: f64,
}

/// All rows from top to bottom, and the index of the dragged one.
#[derive(Clone, Debug, PartialEq)]
pub struct RowLayout {
    pub rows: Vec<MeasuredRow>,
    pub dragged: usize,
    /// The distance by which the rows below move up when the dragged row is taken out.
    pub pitch: f64,
}

impl RowLayout {
    pub fn new(rows: Vec<MeasuredRow>, dragged: usize) -> Self {
        let row = rows[dragged];
        // There is space between groups, but not between items.
        let pitch = match (row.kind, rows.get(dragged + 1), dragged.checked_sub(1).map(|before| rows[before])) {
            (RowKind::Group, Some(next), _) => next.top - row.top,
            (RowKind::Group, None, Some(before)) => row.top - before.top,
            _ => row.height,
        };
        Self { rows, dragged, pitch }
    }

    /// The number of rows without the dragged one.
    fn other_count(&self) -> usize {
        self.rows.len() - 1
    }

    /// Returns the row at `index` among the others, positioned as if the dragged row were taken out.
    fn other(&self, index: usize) -> MeasuredRow {
        if index < self.dragged {
            self.rows[index]
        } else {
            let row = self.rows[index + 1];
            MeasuredRow { top: row.top - self.pitch, ..row }
        }
    }

    /// Returns the index among the other rows before which the dragged row is dropped when its top is at `top`. Past the middle of a
    /// row, they change places. Items are dropped within a group, never above the first heading or between two groups.
    pub fn landing(&self, top: f64) -> usize {
        let (mut low, mut high) = (0, self.other_count());
        while low < high {
            let middle = usize::midpoint(low, high);
            let row = self.other(middle);
            if row.top + row.height / 2.0 < top { low = middle + 1 } else { high = middle }
        }
        if self.rows[self.dragged].kind == RowKind::Group {
            return low;
        }
        let low = low.max(1);
        if self.other(low - 1).kind != RowKind::Tail {
            return low;
        }
        // Between two groups: the end of one or the beginning of the other, the nearer of both.
        let distance = |landing| (self.top_of(landing) - top).abs();
        if low < self.other_count() && distance(low + 1) <= distance(low - 1) { low + 1 } else { low - 1 }
    }

    /// The landing at which the dragged row is not moved.
    pub fn original(&self) -> usize {
        self.dragged
    }

    /// Returns the top of the dragged row when it is dropped at `landing`.
    pub fn top_of(&self, landing: usize) -> f64 {
        match landing.checked_sub(1) {
            Some(before) => {
                let before = self.other(before);
                let gap = if before.kind == RowKind::Group && self.rows[self.dragged].kind == RowKind::Group {
                    self.pitch - self.rows[self.dragged].height
                } else {
                    0.0
                };
                before.top + before.height + gap
            }
            None => self.rows.first().map_or(0.0, |row| row.top),
        }
    }

    /// Returns the rows between two landings, each with the distance by which it moves to make room at `landing`. Other rows are where
    /// they were at `previous`.
    pub fn shifts(&self, previous: usize, landing: usize) -> impl Iterator<Item = (usize, f64)> {
        (previous.min(landing)..previous.max(landing)).map(move |index| {
            let row = if index < self.dragged { index } else { index + 1 };
            let shift = match (index < self.dragged, index < landing) {
                (true, false) => self.pitch,
                (false, true) => -self.pitch,
                _ => 0.0,
            };
            (row, shift)
        })
    }

    /// Returns the order after the dragged row is dropped at `landing`.
    pub fn drop_at(&self, order: &Order, landing: usize) -> Order {
        let dragged = self.rows[self.dragged];
        let before = (0..landing).map(|index| self.other(index));
        if dragged.kind == RowKind::Group {
            return order.with(dragged.key, Place::Group { index: before.count() });
        }
        let mut place = None;
        for row in before {
            match (row.kind, &mut place) {
                (RowKind::Group, _) => place = Some((row.key, 0)),
                (RowKind::Item, Some((_, index))) => *index += 1,
                _ => {}
            }
        }
        let Some((group, index)) = place else { return order.clone() };
        match order.place(group) {
            Some(Place::Group { index: group }) => order.with(dragged.key, Place::Item { group, index }),
            _ => order.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn key(letter: char) -> Uuid {
        Uuid::from_u128(letter as u128)
    }

    fn order(text: &str) -> Order {
        let group = |word: &str| (key(word.chars().next().unwrap()), word.chars().skip(1).map(key).collect());
        Order(text.split_whitespace().map(group).collect())
    }

    /// Rows of 10 px: the heading, items and tail of each group of `"A12 B3"`, the groups 20 px apart.
    fn layout(text: &str, dragged: char) -> RowLayout {
        let mut rows = Vec::new();
        let mut top = 0.0;
        for word in text.split_whitespace() {
            let group = word.chars().next().unwrap();
            for (i, letter) in word.chars().enumerate() {
                rows.push(MeasuredRow {
                    kind: if i == 0 { RowKind::Group } else { RowKind::Item },
                    key: key(letter),
                    top,
                    height: 10.0,
                });
                top += 10.0;
            }
            rows.push(MeasuredRow { kind: RowKind::Tail, key: key(group), top, height: 10.0 });
            top += 30.0;
        }
        let dragged = rows.iter().position(|row| row.key == key(dragged) && row.kind == RowKind::Item).unwrap();
        RowLayout::new(rows, dragged)
    }

    #[rstest]
    #[case::not_moved('2', 0.0, "A123 B4")]
    #[case::not_past_the_middle('2', 4.0, "A123 B4")]
    #[case::past_the_middle('2', 6.0, "A132 B4")]
    #[case::up('2', -6.0, "A213 B4")]
    #[case::above_everything('2', -500.0, "A213 B4")]
    #[case::on_the_tail_means_the_end('1', 28.0, "A231 B4")]
    #[case::between_the_groups_nearer_the_end('1', 35.0, "A231 B4")]
    #[case::between_the_groups_nearer_the_next('1', 45.0, "A23 B14")]
    #[case::past_the_next_heading('1', 60.0, "A23 B14")]
    #[case::below_everything('1', 900.0, "A23 B41")]
    #[case::half_way_back_to_the_group_before('4', -20.0, "A123 B4")]
    #[case::back_into_the_group_before('4', -36.0, "A1234 B")]
    fn an_item_is_dropped(#[case] what: char, #[case] by: f64, #[case] after: &str) {
        let layout = layout("A123 B4", what);
        let landing = layout.landing(layout.rows[layout.dragged].top + by);
        assert_eq!(layout.drop_at(&order("A123 B4"), landing), order(after));
    }

    #[test]
    fn an_item_is_dropped_into_an_empty_group() {
        let layout = layout("A1 B", '1');
        let landing = layout.landing(layout.rows[layout.dragged].top + 45.0);
        assert_eq!(layout.drop_at(&order("A1 B"), landing), order("A B1"));
        assert!((layout.top_of(landing) - 50.0).abs() < 0.01, "below the heading that moved up");
    }

    #[rstest]
    #[case('A', 16.0, "B A C", 1)]
    #[case('C', -500.0, "C A B", 0)]
    #[case('B', 3.0, "A B C", 1)]
    fn a_group_is_dropped(#[case] what: char, #[case] by: f64, #[case] after: &str, #[case] at: usize) {
        let row = |(i, letter): (u32, char)| MeasuredRow {
            kind: RowKind::Group,
            key: key(letter),
            top: f64::from(i) * 30.0,
            height: 10.0,
        };
        let rows: Vec<_> = (0..).zip("ABC".chars()).map(row).collect();
        let dragged = rows.iter().position(|row| row.key == key(what)).unwrap();
        let layout = RowLayout::new(rows, dragged);
        let landing = layout.landing(layout.rows[dragged].top + by);
        assert_eq!(landing, at);
        assert_eq!(layout.drop_at(&order("A B C"), landing), order(after));
    }

    #[test]
    fn rows_make_room_and_return() {
        let layout = layout("A123 B4", '1');
        let moved: Vec<_> = layout.shifts(layout.original(), 3).collect();
        assert_eq!(moved, [(2, -10.0), (3, -10.0)]);
        let back: Vec<_> = layout.shifts(3, layout.original()).collect();
        assert_eq!(back, [(2, 0.0), (3, 0.0)]);
    }
}
