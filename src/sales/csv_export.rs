//! `/admin/sales.csv`: the sales of a filtered list as CSV. The file is read from the database and sent in chunks, so that its
//! length needs no memory.

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, SecondsFormat, Utc};
use futures::stream;
use http::{
    HeaderValue,
    header::{CONTENT_DISPOSITION, CONTENT_TYPE},
};

use crate::{
    error::Result,
    pagination::PageDirection,
    paths,
    platform::clock,
    sales::{
        SaleRow, SaleState,
        filter::SalesFilter,
        queries::{self, SearchTerms},
        search,
    },
    server::{
        http::{form_post, viewer::AdminUser},
        state::AppState,
    },
};

/// Rows of one chunk.
const CHUNK_ROWS: i64 = 2000;

const HEADER: [&str; 11] =
    ["when", "receipt", "buyer", "product", "subtotal", "discount", "paid", "refunded", "currency", "state", "session"];

/// Sends the file. A student gets 404; a visitor is redirected to the sign-in page.
pub async fn download(State(state): State<AppState>, _: AdminUser, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or(paths::ADMIN_SALES_CSV, |path| path.as_str());
    match open(&state, request.uri().query().unwrap_or_default()).await {
        Ok(file) => file,
        Err(error) => form_post::no_file(&error, path),
    }
}

async fn open(state: &AppState, query: &str) -> Result<Response> {
    let value = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let filter = SalesFilter::new(&value("q"), &value("state"));
    let terms = search::parse_terms(&state.db, &filter.q).await?;
    let export =
        Export { state: state.clone(), states: search::states(&filter), terms, next: Some(PageDirection::Newest) };
    let day = clock::now().date_naive();
    let name = format!("attachment; filename=\"sales-{day}.csv\"");
    let chunks = stream::try_unfold(export, Export::next_chunk);
    let header = stream::once(async { Ok(Bytes::from(line(&HEADER.map(str::to_owned)))) });
    let body = Body::from_stream(futures::StreamExt::chain(header, chunks));
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    response.headers_mut().insert(CONTENT_DISPOSITION, name.parse().map_err(anyhow::Error::from)?);
    Ok(response)
}

/// The state of an export between two chunks.
struct Export {
    state: AppState,
    states: Vec<SaleState>,
    terms: Option<SearchTerms>,
    /// Where the next chunk begins; `None` after the last.
    next: Option<PageDirection>,
}

impl Export {
    /// Reads the next chunk. An error aborts the response, so that an incomplete file is not taken for a complete one.
    async fn next_chunk(mut self) -> anyhow::Result<Option<(Bytes, Self)>> {
        let Some(direction) = self.next else { return Ok(None) };
        let db = &self.state.db;
        // A search by an id matches few rows; any other search filters a scan of all sales.
        let rows = match &self.terms {
            Some(terms) if terms.email.is_none() => {
                self.next = None;
                queries::search_by_index(db, &self.states, direction, terms, CHUNK_ROWS).await?
            }
            terms => {
                let scanned = queries::scan_recent(db, &self.states, direction, terms.as_ref(), CHUNK_ROWS).await?;
                let more = i64::try_from(scanned.len()).is_ok_and(|scanned| scanned == CHUNK_ROWS);
                self.next = scanned.last().filter(|_| more).map(|(last, _)| PageDirection::Before(last.cursor()));
                search::matching(scanned).collect()
            }
        };
        let text: String = rows.iter().map(|sale| line(&cells(sale))).collect();
        Ok(Some((Bytes::from(text), self)))
    }
}

fn cells(sale: &SaleRow) -> [String; 11] {
    [
        timestamp(sale.at),
        sale.number.to_string(),
        escape_formula(&sale.email),
        escape_formula(&sale.product),
        sale.subtotal.plain(),
        (sale.subtotal - sale.paid).plain(),
        sale.paid.plain(),
        sale.refunded.plain(),
        "USD".into(),
        sale.state.as_str().into(),
        escape_formula(sale.session.as_deref().unwrap_or_default()),
    ]
}

fn timestamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Escapes a cell that a spreadsheet would take for a formula. <https://owasp.org/www-community/attacks/CSV_Injection>
fn escape_formula(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// Writes a line as in RFC 4180.
fn line(cells: &[String]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Neither step can fail: the writer writes to memory, and cells are UTF-8.
    let written = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8(written.unwrap_or_default()).unwrap_or_default()
}
