//! Finding sales: by the buyer's address, the product, the receipt or Stripe's id, among however many there are.
//!
//! What is looked for is either common, and then among the newest sales, or rare, and then quickly found from the other side.
//! So a search scans the newest thousand first, and asks the indexes only when they do not fill the page.

use sqlx::PgPool;

use crate::{
    platform::postgres::like_pattern,
    sales::{
        PageDirection, SaleRow, SaleState, SalesFilter, SalesPage,
        queries::{self, SearchTerms},
    },
};

/// Rows of a page.
pub const PAGE_SIZE: usize = 50;
/// How many sales a search scans before it asks the indexes.
const MAX_SCANNED: i64 = 1000;

/// What was typed, as what it looks like. `None` looks for nothing in particular.
pub async fn read(db: &PgPool, q: &str) -> sqlx::Result<Option<SearchTerms>> {
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
    let products = if q.contains('@') { Vec::new() } else { queries::list_products_named(db, &pattern).await? };
    Ok(Some(SearchTerms { email: Some(pattern), products, receipt: q.parse().ok(), stripe_id: None }))
}

/// The states that a filter lets through.
pub fn states(filter: &SalesFilter) -> Vec<SaleState> {
    filter.state.map_or_else(|| SaleState::ALL.to_vec(), |state| vec![state])
}

/// A page of the sales that are looked at.
///
/// # Errors
/// The database's.
pub async fn page(db: &PgPool, filter: SalesFilter, turn: PageDirection) -> sqlx::Result<SalesPage> {
    let sought = read(db, &filter.q).await?;
    let (states, limit) = (states(&filter), PAGE_SIZE + 1);
    let mut sales = next(db, &states, turn, sought.as_ref(), limit).await?;
    let more = sales.len() > PAGE_SIZE;
    sales.truncate(PAGE_SIZE);
    match turn {
        PageDirection::Newest => Ok(SalesPage { filter, sales, newer: false, older: more }),
        PageDirection::Before(_) => Ok(SalesPage { filter, sales, newer: true, older: more }),
        PageDirection::After(_) if more => {
            sales.reverse();
            Ok(SalesPage { filter, sales, newer: true, older: true })
        }
        // Back at the top: the newest page, whole.
        PageDirection::After(_) => Box::pin(page(db, filter, PageDirection::Newest)).await,
    }
}

async fn next(
    db: &PgPool,
    states: &[SaleState],
    turn: PageDirection,
    sought: Option<&SearchTerms>,
    limit: usize,
) -> sqlx::Result<Vec<SaleRow>> {
    let rows = i64::try_from(limit).unwrap_or(MAX_SCANNED);
    let Some(sought) = sought else {
        return Ok(all(queries::scan_recent(db, states, turn, None, rows).await?).collect());
    };
    if sought.email.is_none() {
        return queries::search_by_index(db, states, turn, sought, rows).await;
    }
    let scanned = queries::scan_recent(db, states, turn, Some(sought), MAX_SCANNED).await?;
    let to_the_end = i64::try_from(scanned.len()).is_ok_and(|scanned| scanned < MAX_SCANNED);
    let found: Vec<_> = all(scanned).take(limit).collect();
    if to_the_end || found.len() == limit {
        return Ok(found);
    }
    // The index of addresses knows parts of three letters; fewer would read every buyer.
    let email = sought.email.clone().filter(|pattern| pattern.chars().filter(|c| c.is_alphanumeric()).count() >= 3);
    queries::search_by_index(db, states, turn, &SearchTerms { email, ..sought.clone() }, rows).await
}

/// Those that were looked for.
pub fn all(scanned: Vec<(SaleRow, bool)>) -> impl Iterator<Item = SaleRow> {
    scanned.into_iter().filter_map(|(sale, hit)| hit.then_some(sale))
}
