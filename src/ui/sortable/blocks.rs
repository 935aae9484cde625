//! What is dragged over: the rows of an outline as blocks beneath each other, measured once when a drag begins. Where something
//! would land is decided here, without a browser.

use uuid::Uuid;

use crate::ui::sortable::{Order, Place};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The heading of a group.
    Group,
    Item,
    /// The end of a group, beneath its items.
    Tail,
}

/// A row: what it is, whose, and where it stands on the page, in CSS pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    pub kind: Kind,
    pub key: Uuid,
    pub top: f64,
    pub height: f64,
}

/// All rows from top to bottom, and which of them is dragged.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks {
    pub rows: Vec<Block>,
    pub dragged: usize,
    /// How much the rows beneath move up when the dragged one is taken out.
    pub pitch: f64,
}

impl Blocks {
    pub fn new(rows: Vec<Block>, dragged: usize) -> Self {
        let here = rows[dragged];
        // Groups stand apart, items do not.
        let pitch = match (here.kind, rows.get(dragged + 1), dragged.checked_sub(1).map(|before| rows[before])) {
            (Kind::Group, Some(next), _) => next.top - here.top,
            (Kind::Group, None, Some(before)) => here.top - before.top,
            _ => here.height,
        };
        Self { rows, dragged, pitch }
    }

    /// How many rows there are beside the dragged one.
    fn others(&self) -> usize {
        self.rows.len() - 1
    }

    /// A row that is not the dragged one, by its number among these, as if the dragged one were taken out.
    fn other(&self, number: usize) -> Block {
        if number < self.dragged {
            self.rows[number]
        } else {
            let row = self.rows[number + 1];
            Block { top: row.top - self.pitch, ..row }
        }
    }

    /// Before which of the other rows the dragged one lands when its top is at `top`: past the middle of a row, it changes places
    /// with it. Items land within a group, never above the first heading or between two groups.
    pub fn landing(&self, top: f64) -> usize {
        let (mut low, mut high) = (0, self.others());
        while low < high {
            let middle = usize::midpoint(low, high);
            let row = self.other(middle);
            if row.top + row.height / 2.0 < top { low = middle + 1 } else { high = middle }
        }
        if self.rows[self.dragged].kind == Kind::Group {
            return low;
        }
        let low = low.max(1);
        if self.other(low - 1).kind != Kind::Tail {
            return low;
        }
        // Between two groups: the end of the one or the beginning of the other, whichever is nearer.
        let far = |landing| (self.top_of(landing) - top).abs();
        if low < self.others() && far(low + 1) <= far(low - 1) { low + 1 } else { low - 1 }
    }

    /// Where the dragged row was before anything moved.
    pub fn home(&self) -> usize {
        self.dragged
    }

    /// Where a row that lands there has its top.
    pub fn top_of(&self, landing: usize) -> f64 {
        match landing.checked_sub(1) {
            Some(before) => {
                let before = self.other(before);
                let gap = if before.kind == Kind::Group && self.rows[self.dragged].kind == Kind::Group {
                    self.pitch - self.rows[self.dragged].height
                } else {
                    0.0
                };
                before.top + before.height + gap
            }
            None => self.rows.first().map_or(0.0, |row| row.top),
        }
    }

    /// How far each row has to move for the dragged one to have room at `landing`, for the rows whose answer may differ from
    /// that at `was`.
    pub fn shifts(&self, was: usize, landing: usize) -> impl Iterator<Item = (usize, f64)> {
        (was.min(landing)..was.max(landing)).map(move |number| {
            let row = if number < self.dragged { number } else { number + 1 };
            let shift = match (number < self.dragged, number < landing) {
                (true, false) => self.pitch,
                (false, true) => -self.pitch,
                _ => 0.0,
            };
            (row, shift)
        })
    }

    /// The order when the dragged row is dropped at `landing`.
    pub fn drop_at(&self, order: &Order, landing: usize) -> Order {
        let dragged = self.rows[self.dragged];
        let before = (0..landing).map(|number| self.other(number));
        if dragged.kind == Kind::Group {
            return order.with(dragged.key, Place::Group { index: before.count() });
        }
        let mut place = None;
        for row in before {
            match (row.kind, &mut place) {
                (Kind::Group, _) => place = Some((row.key, 0)),
                (Kind::Item, Some((_, index))) => *index += 1,
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
    fn blocks(text: &str, dragged: char) -> Blocks {
        let mut rows = Vec::new();
        let mut top = 0.0;
        for word in text.split_whitespace() {
            let group = word.chars().next().unwrap();
            for (i, letter) in word.chars().enumerate() {
                rows.push(Block {
                    kind: if i == 0 { Kind::Group } else { Kind::Item },
                    key: key(letter),
                    top,
                    height: 10.0,
                });
                top += 10.0;
            }
            rows.push(Block { kind: Kind::Tail, key: key(group), top, height: 10.0 });
            top += 30.0;
        }
        let dragged = rows.iter().position(|row| row.key == key(dragged) && row.kind == Kind::Item).unwrap();
        Blocks::new(rows, dragged)
    }

    #[rstest]
    #[case::not_moved('2', 0.0, "A123 B4")]
    #[case::not_past_the_middle('2', 4.0, "A123 B4")]
    #[case::past_the_middle('2', 6.0, "A132 B4")]
    #[case::up('2', -6.0, "A213 B4")]
    #[case::above_everything('2', -500.0, "A213 B4")]
    #[case::onto_the_tail_is_the_end('1', 28.0, "A231 B4")]
    #[case::between_the_groups_nearer_the_end('1', 35.0, "A231 B4")]
    #[case::between_the_groups_nearer_the_next('1', 45.0, "A23 B14")]
    #[case::past_the_next_heading('1', 60.0, "A23 B14")]
    #[case::beneath_everything('1', 900.0, "A23 B41")]
    #[case::half_way_back_to_the_group_before('4', -20.0, "A123 B4")]
    #[case::back_into_the_group_before('4', -36.0, "A1234 B")]
    fn an_item_lands(#[case] what: char, #[case] by: f64, #[case] after: &str) {
        let blocks = blocks("A123 B4", what);
        let landing = blocks.landing(blocks.rows[blocks.dragged].top + by);
        assert_eq!(blocks.drop_at(&order("A123 B4"), landing), order(after));
    }

    #[test]
    fn an_empty_group_takes_items() {
        let blocks = blocks("A1 B", '1');
        let landing = blocks.landing(blocks.rows[blocks.dragged].top + 45.0);
        assert_eq!(blocks.drop_at(&order("A1 B"), landing), order("A B1"));
        assert!((blocks.top_of(landing) - 50.0).abs() < 0.01, "beneath the heading that moved up");
    }

    #[rstest]
    #[case('A', 16.0, "B A C", 1)]
    #[case('C', -500.0, "C A B", 0)]
    #[case('B', 3.0, "A B C", 1)]
    fn a_group_lands(#[case] what: char, #[case] by: f64, #[case] after: &str, #[case] at: usize) {
        let row = |(i, letter): (u32, char)| Block {
            kind: Kind::Group,
            key: key(letter),
            top: f64::from(i) * 30.0,
            height: 10.0,
        };
        let rows: Vec<_> = (0..).zip("ABC".chars()).map(row).collect();
        let dragged = rows.iter().position(|row| row.key == key(what)).unwrap();
        let blocks = Blocks::new(rows, dragged);
        let landing = blocks.landing(blocks.rows[dragged].top + by);
        assert_eq!(landing, at);
        assert_eq!(blocks.drop_at(&order("A B C"), landing), order(after));
    }

    #[test]
    fn rows_make_room_and_take_it_back() {
        let blocks = blocks("A123 B4", '1');
        let moved: Vec<_> = blocks.shifts(blocks.home(), 3).collect();
        assert_eq!(moved, [(2, -10.0), (3, -10.0)]);
        let back: Vec<_> = blocks.shifts(3, blocks.home()).collect();
        assert_eq!(back, [(2, 0.0), (3, 0.0)]);
    }
}
