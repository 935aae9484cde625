//! The filter of the sales list, and the URLs of the list and its CSV file with that filter.

use serde::{Deserialize, Serialize};

use crate::{
    pagination::{Page, PageDirection},
    paths,
    sales::{SaleRow, SaleState},
};

/// The longest search text that counts, in characters.
const MAX_SEARCH_LENGTH: usize = 200;

/// Which sales a list contains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesFilter {
    /// The search text, as typed.
    pub q: String,
    /// `None` for sales in every state.
    pub state: Option<SaleState>,
}

/// A page of the sales list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleList {
    pub filter: SalesFilter,
    pub sales: Page<SaleRow>,
}

impl SalesFilter {
    /// Reads URL parameters. An unknown state is no filter.
    pub fn new(q: &str, state: &str) -> Self {
        Self { q: q.trim().chars().take(MAX_SEARCH_LENGTH).collect(), state: SaleState::parse(state) }
    }

    /// The URL of the list.
    pub fn url(&self) -> String {
        self.url_at(paths::ADMIN_SALES, &PageDirection::Newest)
    }

    /// The URL of a page of the list.
    pub fn page_url(&self, direction: &PageDirection) -> String {
        self.url_at(paths::ADMIN_SALES, direction)
    }

    /// The URL of the CSV file with all sales of the list.
    pub fn csv_url(&self) -> String {
        self.url_at(paths::ADMIN_SALES_CSV, &PageDirection::Newest)
    }

    fn url_at(&self, path: &str, direction: &PageDirection) -> String {
        let state = self.state.map(SaleState::as_str).unwrap_or_default().to_owned();
        paths::query(path, &[("q", self.q.clone()), ("state", state), direction.parameter()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_part_of_the_url() {
        let filter = SalesFilter::new("  a&b=100% ", "partly_refunded");
        assert_eq!(filter.url(), "/admin/sales?q=a%26b%3D100%25&state=partly_refunded");
        assert_eq!(SalesFilter::new("", "everything").url(), "/admin/sales");
        assert_eq!(SalesFilter::new("", "free").csv_url(), "/admin/sales.csv?state=free");
    }
}
