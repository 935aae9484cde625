//! Tables: rows in the order of their creation, indexed by id, and paginated as in Stripe's lists.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Value, json};

use crate::sandbox::{
    error::{ApiError, Result},
    form_encoding::form::Form,
};

/// An object with an id and a time of creation.
pub trait Row {
    /// Stripe's name of the type in errors, such as `checkout.session`.
    const RESOURCE: &'static str;
    fn id(&self) -> &str;
    /// Seconds since 1970.
    fn created(&self) -> i64;
}

/// The number of rows on a page.
const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 100;

/// Rows in the order of their creation, indexed by id. The state file contains them as a list.
#[derive(Debug)]
pub struct Table<T> {
    rows: Vec<T>,
    positions: HashMap<String, usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { rows: Vec::new(), positions: HashMap::new() }
    }
}

impl<T: Row> Table<T> {
    /// Appends a row.
    pub fn insert(&mut self, row: T) {
        self.positions.insert(row.id().to_owned(), self.rows.len());
        self.rows.push(row);
    }

    /// Finds a row by its id.
    pub fn find(&self, id: &str) -> Option<&T> {
        self.positions.get(id).and_then(|position| self.rows.get(*position))
    }

    /// Returns the row with an id.
    ///
    /// # Errors
    /// 404 `resource_missing`, naming the `param` that held the id.
    pub fn get(&self, id: &str, param: &str) -> Result<&T> {
        self.find(id).ok_or_else(|| ApiError::no_such(T::RESOURCE, id, param))
    }

    /// Returns the row with an id, to change it.
    ///
    /// # Errors
    /// 404 `resource_missing`, naming the `param` that held the id.
    pub fn get_mut(&mut self, id: &str, param: &str) -> Result<&mut T> {
        let position = self.positions.get(id).copied();
        position
            .and_then(|position| self.rows.get_mut(position))
            .ok_or_else(|| ApiError::no_such(T::RESOURCE, id, param))
    }

    /// Returns all rows, oldest first.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// Returns all rows to change them, oldest first. Their ids must not change.
    pub fn rows_mut(&mut self) -> &mut [T] {
        &mut self.rows
    }

    /// Deletes the rows for which `keep` returns false.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        let before = self.rows.len();
        self.rows.retain(keep);
        if self.rows.len() != before {
            *self = std::mem::take(&mut self.rows).into_iter().collect();
        }
    }

    /// Renders one page of the rows for which `matches` returns true, newest first. Removes `limit` (1 to 100, default 10),
    /// `starting_after`, `ending_before` and `created` from the form. See <https://docs.stripe.com/api/pagination>.
    ///
    /// # Errors
    /// 400 for a limit out of range, both cursors at once, or a cursor that is no row's id.
    pub fn page(
        &self,
        form: &mut Form,
        url: &str,
        matches: impl Fn(&T) -> bool,
        render: impl Fn(&T) -> Value,
    ) -> Result<Value> {
        let limit = form.number("limit", 1)?.unwrap_or(DEFAULT_LIMIT);
        if limit > MAX_LIMIT {
            let message = "This value must be less than or equal to 100.";
            return Err(ApiError::invalid(message).code("parameter_invalid_integer").param("limit"));
        }
        let limit = usize::try_from(limit).unwrap_or_default();
        let created = CreatedRange::parse(form)?;
        let after = self.cursor(form, "starting_after")?;
        let before = self.cursor(form, "ending_before")?;

        let in_range = |row: &&T| created.contains(row.created()) && matches(row);
        let (mut page, more): (Vec<&T>, bool) = match (after, before) {
            (Some(_), Some(_)) => {
                let message = "You cannot parameterize both starting_after and ending_before.";
                return Err(ApiError::invalid(message).param("starting_after"));
            }
            (None, Some(position)) => {
                let mut newer: Vec<_> = self.rows[position + 1..].iter().filter(in_range).take(limit + 1).collect();
                let more = newer.len() > limit;
                newer.truncate(limit);
                newer.reverse();
                (newer, more)
            }
            (after, None) => {
                let older = &self.rows[..after.unwrap_or(self.rows.len())];
                let page: Vec<_> = older.iter().rev().filter(in_range).take(limit + 1).collect();
                let more = page.len() > limit;
                (page, more)
            }
        };
        page.truncate(limit);
        let data: Vec<_> = page.into_iter().map(render).collect();
        Ok(json!({ "object": "list", "data": data, "has_more": more, "url": url }))
    }

    /// Removes a cursor, and returns the position of the row that it names.
    fn cursor(&self, form: &mut Form, field: &str) -> Result<Option<usize>> {
        let Some(id) = form.text(field)? else { return Ok(None) };
        let position = self.positions.get(&id).copied();
        position.map(Some).ok_or_else(|| {
            ApiError::invalid(ApiError::no_such(T::RESOURCE, &id, field).message).param(field).code("resource_missing")
        })
    }
}

impl<T: Row> FromIterator<T> for Table<T> {
    fn from_iter<I: IntoIterator<Item = T>>(rows: I) -> Self {
        let mut table = Self::default();
        rows.into_iter().for_each(|row| table.insert(row));
        table
    }
}

impl<T: Serialize> Serialize for Table<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        self.rows.serialize(serializer)
    }
}

impl<'de, T: Row + Deserialize<'de>> Deserialize<'de> for Table<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        Ok(Vec::deserialize(deserializer)?.into_iter().collect())
    }
}

/// The filter `created=…` or `created[gte|gt|lte|lt]=…`, as an inclusive range of seconds.
struct CreatedRange {
    from: i64,
    to: i64,
}

impl CreatedRange {
    fn parse(form: &mut Form) -> Result<Self> {
        let mut range = Self { from: i64::MIN, to: i64::MAX };
        if let Ok(Some(at)) = form.clone().number("created", 0) {
            form.tolerate(&["created"]);
            return Ok(Self { from: at, to: at });
        }
        let Some(mut bounds) = form.form("created")? else { return Ok(range) };
        if let Some(at) = bounds.number("gte", 0)? {
            range.from = range.from.max(at);
        }
        if let Some(at) = bounds.number("gt", 0)? {
            range.from = range.from.max(at.saturating_add(1));
        }
        if let Some(at) = bounds.number("lte", 0)? {
            range.to = range.to.min(at);
        }
        if let Some(at) = bounds.number("lt", 0)? {
            range.to = range.to.min(at.saturating_sub(1));
        }
        bounds.finish()?;
        Ok(range)
    }

    fn contains(&self, created: i64) -> bool {
        (self.from..=self.to).contains(&created)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    struct TestRow(String, i64);

    impl Row for TestRow {
        const RESOURCE: &'static str = "test_row";
        fn id(&self) -> &str {
            &self.0
        }
        fn created(&self) -> i64 {
            self.1
        }
    }

    #[rstest]
    #[case("", "5 4 3 2 1", false)]
    #[case("limit=2", "5 4", true)]
    #[case("limit=2&starting_after=4", "3 2", true)]
    #[case("limit=2&starting_after=3", "2 1", false)]
    #[case("limit=2&ending_before=2", "4 3", true)]
    #[case("limit=2&ending_before=3", "5 4", false)]
    #[case("created[gte]=20&created[lt]=40", "3 2", false)]
    #[case("created=30", "3", false)]
    fn pages_are_newest_first(#[case] query: &str, #[case] ids: &str, #[case] more: bool) -> Result<()> {
        let table: Table<TestRow> = (1..=5).map(|n| TestRow(n.to_string(), n * 10)).collect();
        let mut form = Form::parse(query.as_bytes())?;
        let page = table.page(&mut form, "/v1/test_rows", |_| true, |row| json!(row.0))?;
        let shown: Vec<_> = page["data"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        assert_eq!((shown.join(" ").as_str(), page["has_more"].as_bool()), (ids, Some(more)));
        form.finish()
    }

    #[rstest]
    #[case("limit=0")]
    #[case("limit=101")]
    #[case("starting_after=9")]
    #[case("starting_after=1&ending_before=2")]
    #[case("created[since]=1")]
    fn invalid_pagination_is_rejected(#[case] query: &str) -> Result<()> {
        let table: Table<TestRow> = (1..=5).map(|n| TestRow(n.to_string(), n)).collect();
        assert!(table.page(&mut Form::parse(query.as_bytes())?, "/", |_| true, |_| json!(null)).is_err());
        Ok(())
    }
}
