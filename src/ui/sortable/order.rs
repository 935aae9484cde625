//! The order of an outline: groups with their items. What moving means is decided here, without a browser.

use uuid::Uuid;

/// Groups with their items, each by its key, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Order(pub Vec<(Uuid, Vec<Uuid>)>);

/// Where something stands. Indices count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Group { index: usize },
    Item { group: usize, index: usize },
}

/// One step of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Up,
    Down,
    First,
    Last,
}

impl Order {
    pub fn place(&self, key: Uuid) -> Option<Place> {
        self.0.iter().enumerate().find_map(|(group, (id, items))| {
            if *id == key {
                return Some(Place::Group { index: group });
            }
            items.iter().position(|item| *item == key).map(|index| Place::Item { group, index })
        })
    }

    /// The order with `key` at that place; indices count without it. A place beyond the end is the end.
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

    /// This order for what is there in truth: what is gone is left out, what is new stands at the end of where it is.
    #[must_use]
    pub fn reconciled(&self, truth: &Self) -> Self {
        let is_group = |key: &Uuid| matches!(truth.place(*key), Some(Place::Group { .. }));
        let is_item = |key: &Uuid| matches!(truth.place(*key), Some(Place::Item { .. }));
        let kept = self.0.iter().filter(|(group, _)| is_group(group));
        let mut order =
            Self(kept.map(|(group, items)| (*group, items.iter().copied().filter(is_item).collect())).collect());
        for (group, items) in &truth.0 {
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

    /// The order after one step of the keyboard: items go on into the neighbouring group at the ends of theirs.
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
    #[case::a_move_is_kept("A2 B13", "A12 B3", "A2 B13")]
    #[case::what_is_gone_is_left_out("B13 A2", "A12 B", "B1 A2")]
    #[case::what_is_new_stands_at_the_end("A21", "A123 B4", "A213 B4")]
    #[case::a_group_is_gone_but_its_item_is_not("A B12", "A12", "A12")]
    fn reconciling(#[case] shown: &str, #[case] truth: &str, #[case] after: &str) {
        assert_eq!(order(shown).reconciled(&order(truth)), order(after));
    }

    #[rstest]
    #[case::down("A12 B3", '1', Step::Down, "A21 B3")]
    #[case::on_into_the_next_group("A12 B3", '2', Step::Down, "A1 B23")]
    #[case::back_to_the_end_of_the_one_before("A12 B3", '3', Step::Up, "A123 B")]
    #[case::not_beyond_the_last("A12 B3", '3', Step::Down, "A12 B3")]
    #[case::not_before_the_first("A12 B3", '1', Step::Up, "A12 B3")]
    #[case::over_an_empty_group_one_at_a_time("A1 B C", '1', Step::Down, "A B1 C")]
    #[case::first_of_the_group("A123", '3', Step::First, "A312")]
    #[case::last_of_the_group("A123", '1', Step::Last, "A231")]
    #[case::a_group("A1 B2", 'A', Step::Down, "B2 A1")]
    #[case::the_last_group_stays("A1 B2", 'B', Step::Down, "A1 B2")]
    #[case::a_group_to_the_end("A1 B2 C", 'A', Step::Last, "B2 C A1")]
    fn stepping(#[case] before: &str, #[case] what: char, #[case] step: Step, #[case] after: &str) {
        assert_eq!(order(before).step(key(what), step), order(after));
    }
}
