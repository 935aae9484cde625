//! `/admin/sales.csv`: the sales that are looked at, as a file for a spreadsheet. It is read from the database and sent piece by
//! piece, so that it may be as long as it likes.

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
    error::{Error, Result},
    paths,
    platform::clock,
    sales::{
        PageDirection, SaleRow, SaleState, SalesFilter,
        queries::{self, SearchTerms},
        search,
    },
    server::{
        http::{form_post, viewer},
        state::AppState,
    },
    users::Viewer,
};

/// Rows of one piece.
const CHUNK_ROWS: i64 = 2000;

const HEAD: [&str; 11] =
    ["when", "receipt", "buyer", "product", "subtotal", "discount", "paid", "refunded", "currency", "state", "session"];

/// Answers with the file. For students it is not there; visitors sign in.
pub async fn download(State(state): State<AppState>, request: Request) -> Response {
    let path = request.uri().path_and_query().map_or(paths::ADMIN_SALES_CSV, |path| path.as_str());
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal));
    match open(&state, viewer, request.uri().query().unwrap_or_default()).await {
        Ok(file) => file,
        Err(error) => form_post::no_file(&error, path),
    }
}

async fn open(state: &AppState, viewer: Result<Viewer>, query: &str) -> Result<Response> {
    viewer::require_admin(&state.db, &viewer?, paths::ADMIN_SALES_CSV).await.map_err(|error| match error {
        Error::Forbidden => Error::NotFound,
        error => error,
    })?;
    let value = |name: &str| {
        let found = form_urlencoded::parse(query.as_bytes()).find(|(n, _)| n == name);
        found.map(|(_, value)| value.into_owned()).unwrap_or_default()
    };
    let filter = SalesFilter::new(&value("q"), &value("state"));
    let sought = search::read(&state.db, &filter.q).await?;
    let reading =
        Reading { state: state.clone(), states: search::states(&filter), sought, next: Some(PageDirection::Newest) };
    let day = clock::now().date_naive();
    let name = format!("attachment; filename=\"sales-{day}.csv\"");
    let pieces = stream::try_unfold(reading, Reading::piece);
    let head = stream::once(async { Ok(Bytes::from(line(&HEAD.map(str::to_owned)))) });
    let body = Body::from_stream(futures::StreamExt::chain(head, pieces));
    let mut response = body.into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    response.headers_mut().insert(CONTENT_DISPOSITION, name.parse().map_err(anyhow::Error::from)?);
    Ok(response)
}

/// A file that is being read.
struct Reading {
    state: AppState,
    states: Vec<SaleState>,
    sought: Option<SearchTerms>,
    /// Where it goes on; nowhere at the end.
    next: Option<PageDirection>,
}

impl Reading {
    /// The next piece. A failure breaks the answer off, so that nobody takes half a file for a whole one.
    async fn piece(mut self) -> anyhow::Result<Option<(Bytes, Self)>> {
        let Some(turn) = self.next else { return Ok(None) };
        let db = &self.state.db;
        // What is looked for by an id is few rows at most; anything else is picked out on a scan over all of them.
        let rows = match &self.sought {
            Some(sought) if sought.email.is_none() => {
                self.next = None;
                queries::search_by_index(db, &self.states, turn, sought, CHUNK_ROWS).await?
            }
            sought => {
                let scanned = queries::scan_recent(db, &self.states, turn, sought.as_ref(), CHUNK_ROWS).await?;
                let more = i64::try_from(scanned.len()).is_ok_and(|scanned| scanned == CHUNK_ROWS);
                self.next = scanned.last().filter(|_| more).map(|(last, _)| PageDirection::Before(last.cursor()));
                search::all(scanned).collect()
            }
        };
        let text: String = rows.iter().map(|sale| line(&cells(sale))).collect();
        Ok(Some((Bytes::from(text), self)))
    }
}

fn cells(sale: &SaleRow) -> [String; 11] {
    [
        moment(sale.at),
        sale.number.to_string(),
        harmless(&sale.email),
        harmless(&sale.product),
        sale.subtotal.plain(),
        (sale.subtotal - sale.paid).plain(),
        sale.paid.plain(),
        sale.refunded.plain(),
        "USD".into(),
        sale.state.name().into(),
        harmless(sale.session.as_deref().unwrap_or_default()),
    ]
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A cell that no spreadsheet takes for a formula. <https://owasp.org/www-community/attacks/CSV_Injection>
fn harmless(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}") } else { cell.to_owned() }
}

/// A line as RFC 4180 wants it.
fn line(cells: &[String]) -> String {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    // Neither can fail: it is written into memory, and cells are text.
    let written = writer.write_record(cells).ok().and_then(|()| writer.into_inner().ok());
    String::from_utf8(written.unwrap_or_default()).unwrap_or_default()
}
