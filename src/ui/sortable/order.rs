//! The order of a sortable list: groups with their items. It does not use the browser.

use uuid::Uuid;

/// The keys of the groups and of their items, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(pub Vec<(Uuid, Vec<Uuid>)>);

/// The position of a group or an item. Indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Group { index: usize },
    Item { group: usize, index: usize },
}

/// A move by keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Up,
    Down,
    First,
    Last,
}

impl Order {
    /// Returns the position of a group or an item, if it is in the list.
    pub fn place(&self, key: Uuid) -> Option<Place> {
        self.0.iter().enumerate().find_map(|(group, (id, items))| {
            if *id == key {
                return Some(Place::Group { index: group });
            }
            items.iter().position(|item| *item == key).map(|index| Place::Item { group, index })
        })
    }

    /// Returns the order with `key` moved to a position. Indices count without it; an index past the end means the end.
    #[must_use]
    pub fn with(&self, key: Uuid, to: Place) -> Self {
        let mut order = self.clone();
        match (self.place(key), to) {
            (Some(Place::Group { index: from }), Place::Group { index: to }) => {
                let moved = order.0.remove(from);
                order.0.insert(to.min(order.0.len()), moved);
            }
            (Some(Place::Item { group: from, index }), Place::Item { group: to, index: at }) if to < order.0.len() => {
                order.0[from].1.remove(index);
                let items = &mut order.0[to].1;
                items.insert(at.min(items.len()), key);
            }
            _ => {}
        }
        order
    }

    /// Returns this order for the groups and items that `stored` has: deleted ones are left out, new ones are appended to the list or to
    /// their group.
    #[must_use]
    pub fn reconciled(&self, stored: &Self) -> Self {
        let is_group = |key: &Uuid| matches!(stored.place(*key), Some(Place::Group { .. }));
        let is_item = |key: &Uuid| matches!(stored.place(*key), Some(Place::Item { .. }));
        let remaining = self.0.iter().filter(|(group, _)| is_group(group));
        let mut order =
            Self(remaining.map(|(group, items)| (*group, items.iter().copied().filter(is_item).collect())).collect());
        for (group, items) in &stored.0 {
            if order.place(*group).is_none() {
                order.0.push((*group, Vec::new()));
            }
            for item in items {
                if order.place(*item).is_none()
                    && let Some((_, items)) = order.0.iter_mut().find(|(id, _)| id == group)
                {
                    items.push(*item);
                }
            }
        }
        order
    }

    /// Returns the order after a move by keyboard. At the ends of its group, an item moves into the neighbouring group.
    #[must_use]
    pub fn step(&self, key: Uuid, step: Step) -> Self {
        let to = match self.place(key) {
            Some(Place::Group { index }) => Place::Group {
                index: match step {
                    Step::Up => index.saturating_sub(1),
                    Step::Down => index + 1,
                    Step::First => 0,
                    Step::Last => usize::MAX,
                },
            },
            Some(Place::Item { group, index }) => {
                let last = self.0[group].1.len() - 1;
                match step {
                    Step::Up if index > 0 => Place::Item { group, index: index - 1 },
                    Step::Up if group > 0 => Place::Item { group: group - 1, index: usize::MAX },
                    Step::Down if index < last => Place::Item { group, index: index + 1 },
                    Step::Down if group + 1 < self.0.len() => Place::Item { group: group + 1, index: 0 },
                    Step::First => Place::Item { group, index: 0 },
                    Step::Last => Place::Item { group, index: usize::MAX },
                    Step::Up | Step::Down => return self.clone(),
                }
            }
            None => return self.clone(),
        };
        self.with(key, to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn key(letter: char) -> Uuid {
        Uuid::from_u128(letter as u128)
    }

    /// Groups in capitals, each before its items: `"A12 B3"`.
    fn order(text: &str) -> Order {
        let group = |word: &str| (key(word.chars().next().unwrap()), word.chars().skip(1).map(key).collect());
        Order(text.split_whitespace().map(group).collect())
    }

    #[rstest]
    #[case::within_a_group("A123 B4", '1', Place::Item { group: 0, index: 2 }, "A231 B4")]
    #[case::across_groups("A123 B4", '2', Place::Item { group: 1, index: 0 }, "A13 B24")]
    #[case::into_an_empty_group("A1 B", '1', Place::Item { group: 1, index: 0 }, "A B1")]
    #[case::beyond_the_end("A12 B", '1', Place::Item { group: 0, index: 9 }, "A21 B")]
    #[case::a_group_with_its_items("A12 B3 C", 'A', Place::Group { index: 2 }, "B3 C A12")]
    #[case::no_such_group("A1", '1', Place::Item { group: 3, index: 0 }, "A1")]
    #[case::an_item_is_no_group("A1 B", '1', Place::Group { index: 0 }, "A1 B")]
    #[case::unknown("A1", 'x', Place::Group { index: 0 }, "A1")]
    fn moving(#[case] before: &str, #[case] what: char, #[case] to: Place, #[case] after: &str) {
        assert_eq!(order(before).with(key(what), to), order(after));
    }

    #[rstest]
    #[case::the_same("A12 B3", "A12 B3", "A12 B3")]
    #[case::a_move_is_preserved("A2 B13", "A12 B3", "A2 B13")]
    #[case::deleted_ones_are_left_out("B13 A2", "A12 B", "B1 A2")]
    #[case::new_ones_are_appended("A21", "A123 B4", "A213 B4")]
    #[case::the_item_of_a_deleted_group_remains("A B12", "A12", "A12")]
    fn reconciling(#[case] shown: &str, #[case] stored: &str, #[case] after: &str) {
        assert_eq!(order(shown).reconciled(&order(stored)), order(after));
    }

    #[rstest]
    #[case::down("A12 B3", '1', Step::Down, "A21 B3")]
    #[case::into_the_next_group("A12 B3", '2', Step::Down, "A1 B23")]
    #[case::back_to_the_end_of_the_previous_group("A12 B3", '3', Step::Up, "A123 B")]
    #[case::not_beyond_the_last("A12 B3", '3', Step::Down, "A12 B3")]
    #[case::not_before_the_first("A12 B3", '1', Step::Up, "A12 B3")]
    #[case::into_an_empty_group("A1 B C", '1', Step::Down, "A B1 C")]
    #[case::first_of_the_group("A123", '3', Step::First, "A312")]
    #[case::last_of_the_group("A123", '1', Step::Last, "A231")]
    #[case::a_group("A1 B2", 'A', Step::Down, "B2 A1")]
    #[case::the_last_group_stays("A1 B2", 'B', Step::Down, "A1 B2")]
    #[case::a_group_to_the_end("A1 B2 C", 'A', Step::Last, "B2 C A1")]
    fn stepping(#[case] before: &str, #[case] what: char, #[case] step: Step, #[case] after: &str) {
        assert_eq!(order(before).step(key(what), step), order(after));
    }
}
