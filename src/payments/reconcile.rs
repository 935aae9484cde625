//! Reconciliation: reads Stripe's lists, and applies what the webhook missed with the same functions. Repeating it changes nothing more.

use std::{fmt, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use stripe::StripeError;

use crate::{
    payments::{
        fulfil,
        outcome::{Outcome, label},
        reconcile_queries as queries, refund_fetching, refund_submission,
    },
    platform::clock,
    server::state::AppState,
    stripe::{
        lists::List,
        objects::{self, StripeObject},
    },
};

/// How far back the first reconciliation reads.
const FIRST_PERIOD: TimeDelta = TimeDelta::days(30);

/// How long before the cursor a list is read again, because an object may change after its creation. A session can be paid for a day; one
/// whose bank takes longer is retrieved by its id, and so is an open dispute. A bank may return a refund for weeks.
const fn overlap(list: List) -> TimeDelta {
    match list {
        List::Sessions | List::Disputes => TimeDelta::hours(25),
        List::Refunds => TimeDelta::days(30),
    }
}

const fn name(list: List) -> &'static str {
    match list {
        List::Sessions => "sessions",
        List::Refunds => "refunds",
        List::Disputes => "disputes",
    }
}

/// The result of a reconciliation.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many of each list were read.
    pub read: Vec<(&'static str, usize)>,
    /// One line for each object that was repaired.
    pub done: Vec<String>,
    /// One line for each list or object that could not be read.
    pub failed: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read: Vec<_> = self.read.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(f, "Read {} from Stripe.", read.join(", "))?;
        for line in &self.done {
            writeln!(f, "- {line}")?;
        }
        for line in &self.failed {
            writeln!(f, "! {line}")?;
        }
        match self.done.len() {
            0 => write!(f, "Nothing had to be repaired."),
            1 => write!(f, "Repaired 1 object."),
            many => write!(f, "Repaired {many} objects."),
        }
    }
}

/// An error while a list is read.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("{0}")]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Reads what is new at Stripe since the last time, or since `since` ago, and applies what was missed. A list that Stripe does not return
/// is read the next time.
///
/// # Errors
/// The database's.
pub async fn reconcile(state: &AppState, since: Option<TimeDelta>, now: DateTime<Utc>) -> sqlx::Result<Report> {
    let mut report = Report::default();
    // Payments come first, then their refunds and disputes.
    for list in [List::Sessions, List::Refunds, List::Disputes] {
        let cursor = queries::find_cursor(&state.db, name(list)).await?;
        let from = match (since, cursor) {
            (Some(since), _) => now - since,
            (None, Some(cursor)) => cursor - overlap(list),
            (None, None) => now - FIRST_PERIOD,
        };
        match read_list(state, list, from, &mut report).await {
            // A cursor means that everything before it was read.
            Ok(()) => {
                if from <= cursor.unwrap_or(now - FIRST_PERIOD) {
                    queries::set_cursor(&state.db, name(list), now).await?;
                }
            }
            Err(ReadError::Database(error)) => return Err(error),
            Err(ReadError::Stripe(error)) => {
                tracing::warn!(%error, list = name(list), "Could not read a list from Stripe");
                let (list, reason) = (name(list), describe(&error));
                report.failed.push(format!("Stripe did not return its {list}: {reason}. They are read next time."));
            }
        }
    }
    let found = refund_fetching::fetch_missing_refunds(state).await?;
    if found > 0 {
        report.done.push(format!("{found} refunds that an event did not contain"));
    }
    let finished = refund_submission::submit_due(state, now).await?;
    if finished > 0 {
        report.done.push(format!("{finished} pending refunds finished"));
    }
    Ok(report)
}

/// Describes an error of Stripe's on one line, for the report.
fn describe(error: &StripeError) -> String {
    match error {
        StripeError::Stripe(_, status) => format!("the status was {status}"),
        StripeError::Timeout => "the request timed out".into(),
        StripeError::ClientError(_) => "no connection".into(),
        StripeError::JSONDeserialize(_) | StripeError::ConfigError(_) => "the response could not be parsed".into(),
    }
}

/// Reads a list page by page, then the older objects that are still open.
async fn read_list(state: &AppState, list: List, from: DateTime<Utc>, report: &mut Report) -> Result<(), ReadError> {
    let (mut count, mut after, mut deferred) = (0, None, Vec::new());
    loop {
        let page = state.stripe.list(list, from, after.take()).await?;
        count += page.objects.len();
        for object in page.objects {
            if repair(state, list, &object, report).await? == Some(Outcome::Deferred) {
                deferred.push(object);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // Lists begin with the newest object, and an older one may be what it waited for.
    for object in &deferred {
        repair(state, list, object, report).await?;
    }
    let open = match list {
        List::Sessions => queries::list_pending_sessions(&state.db, from).await?,
        List::Disputes => queries::list_open_disputes(&state.db, from).await?,
        // Pending refunds are submitted after this.
        List::Refunds => Vec::new(),
    };
    for id in open {
        match state.stripe.retrieve(list, &id).await {
            Ok(object) => {
                count += 1;
                repair(state, list, &object, report).await?;
            }
            // Of another account, or of a sandbox whose data was deleted.
            Err(StripeError::Stripe(_, 404)) => tracing::warn!(id, "Stripe no longer has an open object"),
            Err(error) => return Err(error.into()),
        }
    }
    report.read.push((name(list), count));
    Ok(())
}

/// Applies one object, and reports whether that repaired something.
async fn repair(state: &AppState, list: List, object: &Value, report: &mut Report) -> sqlx::Result<Option<Outcome>> {
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let parsed = match list {
        List::Sessions => objects::parse_session(object)
            .map(|session| session.map(|(event, facts)| StripeObject::Session(event, facts))),
        List::Refunds => objects::parse_refund(object).map(|facts| Some(StripeObject::Refund(facts))),
        List::Disputes => objects::parse_dispute(object).map(|facts| Some(StripeObject::Dispute(facts))),
    };
    let parsed = match parsed {
        Ok(Some(parsed)) => parsed,
        Ok(None) => return Ok(None),
        Err(error) => {
            let error = objects::describe_error(&error);
            tracing::error!(id, error, "Could not parse an object from Stripe");
            report.failed.push(format!("{id} could not be parsed: {error}."));
            return Ok(None);
        }
    };
    let outcome = fulfil::apply_without_event(&state.db, &parsed).await?;
    if let Outcome::UnusablePayment { reason, refund: Some(refund), .. } = &outcome {
        // The refund is stored: when it fails now, a job submits it later.
        let result = refund_submission::submit(state, *refund, clock::now()).await;
        tracing::info!(%refund, ?reason, ?result, "Found an unusable payment and submitted its refund");
    }
    if outcome.changes() {
        tracing::info!(id, outcome = outcome.detail(), "Repaired an object whose event was missed");
        report.done.push(format!("{id}: {}", label(outcome.detail())));
    } else if outcome == Outcome::MISMATCH {
        tracing::error!(id, "A payment did not match its checkout; nothing was granted");
    }
    Ok(Some(outcome))
}

/// Parses a duration from the command line: `90m`, `36h`, `30d`, `2w`; from a minute to ten years.
///
/// # Errors
/// A sentence that names the accepted forms.
pub fn parse_duration(text: &str) -> Result<TimeDelta, String> {
    const RANGE: RangeInclusive<std::time::Duration> =
        std::time::Duration::from_mins(1)..=std::time::Duration::from_hours(10 * 365 * 24);
    let duration = humantime::parse_duration(text).ok().filter(|duration| RANGE.contains(duration));
    duration
        .and_then(|duration| TimeDelta::from_std(duration).ok())
        .ok_or_else(|| format!("{text:?} is not a duration from a minute to ten years; write it like 36h, 30d or 2w"))
}
