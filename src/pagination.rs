//! Pagination: one page of a list, which is addressed by a number or by a cursor.
//!
//! The query of a list reads one row more than a page has, so that the page knows whether another follows without counting all rows.
//! Short lists are addressed by number ([`PageRequest`]). Lists that grow at their beginning are addressed by a row
//! ([`PageDirection`]), because a number would skip or repeat rows while new ones arrive.

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The highest page number. It limits the rows that a statement skips.
const MAX_PAGE_NUMBER: u32 = 10_000;

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    pub rows: Vec<T>,
    pub has_previous: bool,
    pub has_next: bool,
}

impl<T> Page<T> {
    /// Makes a page of at most `size` rows. `rows` are in the order of reading and contain one row more when another page follows.
    ///
    /// The rows of [`PageDirection::After`] are reversed, so that every page is newest first.
    pub fn from_rows<K>(mut rows: Vec<T>, size: u16, direction: &PageDirection<K>) -> Self {
        let follows = rows.len() > usize::from(size);
        rows.truncate(size.into());
        match direction {
            PageDirection::Newest => Self { rows, has_previous: false, has_next: follows },
            PageDirection::Before(_) => Self { rows, has_previous: true, has_next: follows },
            PageDirection::After(_) => {
                rows.reverse();
                Self { rows, has_previous: follows, has_next: true }
            }
        }
    }
}

/// A request for a page by its number, for statements with `limit` and `offset`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub number: u32,
    size: u16,
}

impl PageRequest {
    /// Page `number` of a list with `size` rows a page. A number out of range becomes the nearest one in range.
    pub fn new(number: u32, size: u16) -> Self {
        Self { number: number.clamp(1, MAX_PAGE_NUMBER), size }
    }

    /// Rows of a page.
    pub fn limit(self) -> i64 {
        self.size.into()
    }

    /// Rows before the page.
    pub fn offset(self) -> i64 {
        i64::from(self.number - 1) * self.limit()
    }

    /// Makes the page of `rows`, which contain one row more than [`limit`](Self::limit) when another page follows.
    pub fn page<T>(self, rows: Vec<T>) -> Page<T> {
        let page = Page::from_rows(rows, self.size, &PageDirection::<Cursor>::Newest);
        Page { has_previous: self.number > 1, ..page }
    }
}

/// A position in a list that is ordered by time and id, both descending: between one row and the next. It stays valid
/// whatever is inserted meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: DateTime<Utc>,
    pub id: Uuid,
}

/// Microseconds since 1970, which is the precision of PostgreSQL, and the id.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id)
    }
}

/// The text is not the one of a cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let (micros, id) = text.split_once('.').ok_or(InvalidCursor)?;
        let micros: i64 = micros.parse().map_err(|_| InvalidCursor)?;
        let at = DateTime::from_timestamp_micros(micros).ok_or(InvalidCursor)?;
        // PostgreSQL stores the years from -4713 to 294276: this range leaves room at both ends.
        if !(1970..9000).contains(&at.year()) {
            return Err(InvalidCursor);
        }
        Ok(Self { at, id: id.parse().map_err(|_| InvalidCursor)? })
    }
}

/// Which page of a list that is newest first, by the key of a row that borders on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageDirection<K = Cursor> {
    /// The first page.
    Newest,
    /// The page of the rows that are older than this one.
    Before(K),
    /// The page of the rows that are newer than this one. Its statement reads in ascending order.
    After(K),
}

impl<K: FromStr> PageDirection<K> {
    /// Reads the parameters `before` and `after` of a URL. What is no key is the newest page.
    pub fn parse(before: &str, after: &str) -> Self {
        match (before.parse(), after.parse()) {
            (Ok(key), _) => Self::Before(key),
            (_, Ok(key)) => Self::After(key),
            _ => Self::Newest,
        }
    }
}

impl<K: fmt::Display> PageDirection<K> {
    /// The name and value of the URL parameter; the value is empty for the newest page.
    pub fn parameter(&self) -> (&'static str, String) {
        match self {
            Self::Newest => ("before", String::new()),
            Self::Before(key) => ("before", key.to_string()),
            Self::After(key) => ("after", key.to_string()),
        }
    }
}

/// The page of a list that is only read towards older rows.
impl<K> From<Option<K>> for PageDirection<K> {
    fn from(before: Option<K>) -> Self {
        before.map_or(Self::Newest, Self::Before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn cursor() -> Cursor {
        Cursor { at: "2026-03-04T05:06:07.123456Z".parse().unwrap(), id: Uuid::from_u128(7) }
    }

    #[test]
    fn a_cursor_survives_its_text() {
        let text = cursor().to_string();
        assert_eq!(text, "1772600767123456.00000000-0000-0000-0000-000000000007");
        assert_eq!(text.parse(), Ok(cursor()));
        assert_eq!(PageDirection::parse(&text, ""), PageDirection::Before(cursor()));
        assert_eq!(PageDirection::parse("", &text), PageDirection::After(cursor()));
    }

    #[rstest]
    #[case("")]
    #[case("1.2")]
    #[case("x.00000000-0000-0000-0000-000000000007")]
    #[case("9223372036854775807.00000000-0000-0000-0000-000000000007")]
    #[case("-1.00000000-0000-0000-0000-000000000007")]
    fn an_invalid_cursor_is_the_newest_page(#[case] text: &str) {
        assert_eq!(PageDirection::<Cursor>::parse(text, text), PageDirection::Newest);
    }

    #[rstest]
    #[case(PageDirection::Newest, 3, &[1, 2], false, true)]
    #[case(PageDirection::Newest, 2, &[1, 2], false, false)]
    #[case(PageDirection::Newest, 0, &[], false, false)]
    #[case(PageDirection::Before(0), 3, &[1, 2], true, true)]
    #[case(PageDirection::Before(0), 1, &[1], true, false)]
    #[case(PageDirection::After(0), 3, &[2, 1], true, true)]
    #[case(PageDirection::After(0), 2, &[2, 1], false, true)]
    fn one_row_more_is_another_page(
        #[case] direction: PageDirection<i32>,
        #[case] read: i32,
        #[case] rows: &[i32],
        #[case] has_previous: bool,
        #[case] has_next: bool,
    ) {
        let page = Page::from_rows((1..=read).collect(), 2, &direction);
        assert_eq!(page, Page { rows: rows.to_vec(), has_previous, has_next });
    }

    #[rstest]
    #[case(0, 1, 0, false)]
    #[case(1, 1, 0, false)]
    #[case(3, 3, 50, true)]
    #[case(u32::MAX, 10_000, 249_975, true)]
    fn a_numbered_page_has_an_offset(
        #[case] requested: u32,
        #[case] number: u32,
        #[case] offset: i64,
        #[case] has_previous: bool,
    ) {
        let request = PageRequest::new(requested, 25);
        assert_eq!((request.number, request.limit(), request.offset()), (number, 25, offset));
        let page = request.page(vec![(); 26]);
        assert_eq!((page.rows.len(), page.has_previous, page.has_next), (25, has_previous, true));
    }
}
