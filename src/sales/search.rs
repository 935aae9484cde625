//! Search for sales by the buyer's email address, the product, the receipt or Stripe's id, whatever the number of sales.
//!
//! A search text is either common, and then among the newest sales, or rare, and then quickly found by index. So a search scans
//! the newest thousand sales first, and uses the indexes only when these do not fill the page.

use sqlx::PgPool;

use crate::{
    pagination::{Page, PageDirection},
    platform::postgres::like_pattern,
    sales::{
        SaleRow, SaleState,
        filter::{SaleList, SalesFilter},
        queries::{self, SearchTerms},
    },
};

/// Rows of a page.
pub const PAGE_SIZE: u16 = 50;
/// The number of sales that a search scans before it uses the indexes.
const MAX_SCANNED: i64 = 1000;

/// Interprets a search text. An empty one has no terms.
///
/// # Errors
/// The database's.
pub async fn parse_terms(db: &PgPool, q: &str) -> sqlx::Result<Option<SearchTerms>> {
    if q.is_empty() {
        return Ok(None);
    }
    if let Some(number) = q.strip_prefix('#').and_then(|number| number.trim().parse().ok()) {
        return Ok(Some(SearchTerms { receipt: Some(number), ..SearchTerms::default() }));
    }
    if q.starts_with("cs_") || q.starts_with("pi_") {
        return Ok(Some(SearchTerms { stripe_id: Some(q.to_owned()), ..SearchTerms::default() }));
    }
    let pattern = like_pattern::contains(q);
    let products = if q.contains('@') { Vec::new() } else { queries::list_product_ids(db, &pattern).await? };
    Ok(Some(SearchTerms { email: Some(pattern), products, receipt: q.parse().ok(), stripe_id: None }))
}

/// The states that a filter selects.
pub fn states(filter: &SalesFilter) -> Vec<SaleState> {
    filter.state.map_or_else(|| SaleState::ALL.to_vec(), |state| vec![state])
}

/// Lists a page of the sales that a filter selects.
///
/// # Errors
/// The database's.
pub async fn list_sales(db: &PgPool, filter: SalesFilter, direction: PageDirection) -> sqlx::Result<SaleList> {
    let (states, terms) = (states(&filter), parse_terms(db, &filter.q).await?);
    let rows = list_rows(db, &states, direction, terms.as_ref()).await?;
    let mut sales = Page::from_rows(rows, PAGE_SIZE, &direction);
    if matches!(direction, PageDirection::After(_)) && !sales.has_previous {
        // The page begins with the newest sale but may be short: read the newest page, which is full.
        let newest = PageDirection::Newest;
        let rows = list_rows(db, &states, newest, terms.as_ref()).await?;
        sales = Page::from_rows(rows, PAGE_SIZE, &newest);
    }
    Ok(SaleList { filter, sales })
}

/// Reads the rows of a page, and one more.
async fn list_rows(
    db: &PgPool,
    states: &[SaleState],
    direction: PageDirection,
    terms: Option<&SearchTerms>,
) -> sqlx::Result<Vec<SaleRow>> {
    let limit = usize::from(PAGE_SIZE) + 1;
    let rows = i64::from(PAGE_SIZE) + 1;
    let Some(terms) = terms else {
        return Ok(matching(queries::scan_recent(db, states, direction, None, rows).await?).collect());
    };
    if terms.email.is_none() {
        return queries::search_by_index(db, states, direction, terms, rows).await;
    }
    let scanned = queries::scan_recent(db, states, direction, Some(terms), MAX_SCANNED).await?;
    let scanned_all = i64::try_from(scanned.len()).is_ok_and(|scanned| scanned < MAX_SCANNED);
    let found: Vec<_> = matching(scanned).take(limit).collect();
    if scanned_all || found.len() == limit {
        return Ok(found);
    }
    // The index of email addresses consists of trigrams: a shorter pattern would read every buyer.
    let email = terms.email.clone().filter(|pattern| pattern.chars().filter(|c| c.is_alphanumeric()).count() >= 3);
    queries::search_by_index(db, states, direction, &SearchTerms { email, ..terms.clone() }, rows).await
}

/// The scanned sales that match.
pub fn matching(scanned: Vec<(SaleRow, bool)>) -> impl Iterator<Item = SaleRow> {
    scanned.into_iter().filter_map(|(sale, matches)| matches.then_some(sale))
}
