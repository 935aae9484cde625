//! Reconciling: Stripe's own lists are read, and what its webhooks missed is repaired by the same functions. Doing it again does
//! nothing more.

use std::{fmt, ops::RangeInclusive};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use stripe::StripeError;

use crate::{
    payments::{
        fulfil, ledger_queries as queries,
        outcome::{Outcome, label},
        refunds,
    },
    server::state::AppState,
    stripe::{
        client::List,
        objects::{self, StripeObject},
    },
};

/// How far back is read where nothing was read before.
const FIRST: TimeDelta = TimeDelta::days(30);

/// What is read again before the mark, because it may change after it was made. A session can be paid for a day; what waits longer for
/// its bank is asked for by its id, and so is a dispute. A bank may return a refund for weeks.
const fn again(list: List) -> TimeDelta {
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

/// What was found and done.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many of each list were read.
    pub read: Vec<(&'static str, usize)>,
    /// What was repaired, a line each.
    pub done: Vec<String>,
    /// What could not be read now.
    pub failed: Vec<String>,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let read: Vec<_> = self.read.iter().map(|(name, count)| format!("{count} {name}")).collect();
        writeln!(f, "Read {} at Stripe.", read.join(", "))?;
        for line in &self.done {
            writeln!(f, "- {line}")?;
        }
        for line in &self.failed {
            writeln!(f, "! {line}")?;
        }
        match self.done.len() {
            0 => write!(f, "Nothing had to be repaired."),
            1 => write!(f, "One thing was repaired."),
            many => write!(f, "{many} things were repaired."),
        }
    }
}

/// What goes wrong while a list is read.
#[derive(Debug, thiserror::Error)]
enum ErrorPage {
    #[error("{0}")]
    Stripe(#[from] StripeError),
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

/// Reads what is new at Stripe since the last time, or since `since` ago, and repairs what was missed. What Stripe does not answer is
/// read the next time.
///
/// # Errors
/// The database's.
pub async fn reconcile(state: &AppState, since: Option<TimeDelta>, now: DateTime<Utc>) -> sqlx::Result<Report> {
    let mut report = Report::default();
    // Payments come first, then what became of them.
    for list in [List::Sessions, List::Refunds, List::Disputes] {
        let mark = queries::find_mark(&state.db, name(list)).await?;
        let from = match (since, mark) {
            (Some(since), _) => now - since,
            (None, Some(mark)) => mark - again(list),
            (None, None) => now - FIRST,
        };
        match read(state, list, from, &mut report).await {
            // A mark says that everything before it was read.
            Ok(()) => {
                if from <= mark.unwrap_or(now - FIRST) {
                    queries::set_mark(&state.db, name(list), now).await?;
                }
            }
            Err(ErrorPage::Database(error)) => return Err(error),
            Err(ErrorPage::Stripe(error)) => {
                tracing::warn!(%error, list = name(list), "Could not read a list of Stripe's");
                let (list, why) = (name(list), why(&error));
                report.failed.push(format!("Stripe did not tell its {list}: {why}. They are read next time."));
            }
        }
    }
    let found = refunds::fetch_missing_refunds(state).await?;
    if found > 0 {
        report.done.push(format!("{found} refunds that Stripe had only hinted at"));
    }
    let finished = refunds::submit_due(state, now).await?;
    if finished > 0 {
        report.done.push(format!("{finished} refunds that were under way have come to an end"));
    }
    Ok(report)
}

/// Why Stripe did not answer, on one line.
fn why(error: &StripeError) -> String {
    match error {
        StripeError::Stripe(_, status) => format!("it answered {status}"),
        StripeError::Timeout => "it took too long".into(),
        StripeError::ClientError(_) => "it cannot be reached".into(),
        StripeError::JSONDeserialize(_) | StripeError::ConfigError(_) => "its answer cannot be read".into(),
    }
}

/// Reads a list page by page, then what is older and still open.
async fn read(state: &AppState, list: List, from: DateTime<Utc>, report: &mut Report) -> Result<(), ErrorPage> {
    let (mut count, mut after, mut early) = (0, None, Vec::new());
    loop {
        let page = state.stripe.list(list, from, after.take()).await?;
        count += page.objects.len();
        for object in page.objects {
            if repair(state, list, &object, report).await? == Some(Outcome::Deferred) {
                early.push(object);
            }
        }
        match page.next {
            Some(next) => after = Some(next),
            None => break,
        }
    }
    // Lists begin with what is newest, and what came before it may be what it waited for.
    for object in &early {
        repair(state, list, object, report).await?;
    }
    let open = match list {
        List::Sessions => queries::list_waiting_sessions(&state.db, from).await?,
        List::Disputes => queries::list_open_disputes(&state.db, from).await?,
        // Those under way are finished after this.
        List::Refunds => Vec::new(),
    };
    for id in open {
        match state.stripe.read(list, &id).await {
            Ok(object) => {
                count += 1;
                repair(state, list, &object, report).await?;
            }
            // Of another account, or of a sandbox that forgot it.
            Err(StripeError::Stripe(_, 404)) => tracing::warn!(id, "Stripe does not know this any more"),
            Err(error) => return Err(error.into()),
        }
    }
    report.read.push((name(list), count));
    Ok(())
}

async fn repair(state: &AppState, list: List, object: &Value, report: &mut Report) -> sqlx::Result<Option<Outcome>> {
    let id = object.get("id").and_then(Value::as_str).unwrap_or_default();
    let about = match list {
        List::Sessions => {
            objects::session(object).map(|said| said.map(|(word, facts)| StripeObject::Session(word, facts)))
        }
        List::Refunds => objects::refund(object).map(|facts| Some(StripeObject::Refund(facts))),
        List::Disputes => objects::dispute(object).map(|facts| Some(StripeObject::Dispute(facts))),
    };
    let about = match about {
        Ok(Some(about)) => about,
        Ok(None) => return Ok(None),
        Err(error) => {
            let error = objects::without_values(&error);
            tracing::error!(id, error, "Something at Stripe is not as we know it");
            report.failed.push(format!("{id} is not as we know it: {error}."));
            return Ok(None);
        }
    };
    let outcome = fulfil::apply_without_event(&state.db, &about).await?;
    if let Outcome::UnusablePayment { reason, refund: Some(refund), .. } = &outcome {
        // What does not go through now is stored, and sent later.
        let sent = refunds::submit(state, *refund, crate::platform::clock::now()).await;
        tracing::info!(%refund, ?reason, ?sent, "Found an unusable payment, and refunds it");
    }
    if outcome.changes() {
        tracing::info!(id, outcome = outcome.detail(), "Repaired what a webhook missed");
        report.done.push(format!("{id}: {}", label(outcome.detail())));
    } else if outcome == Outcome::MISMATCH {
        tracing::error!(id, "A payment does not fit its checkout");
    }
    Ok(Some(outcome))
}

/// A length of time as it is typed: `90m`, `36h`, `30d`, `2w`. From a minute to ten years, which are enough for any school.
///
/// # Errors
/// A sentence.
pub fn length(text: &str) -> Result<TimeDelta, String> {
    const RANGE: RangeInclusive<std::time::Duration> =
        std::time::Duration::from_mins(1)..=std::time::Duration::from_hours(10 * 365 * 24);
    let length = humantime::parse_duration(text).ok().filter(|length| RANGE.contains(length));
    length
        .and_then(|length| TimeDelta::from_std(length).ok())
        .ok_or_else(|| format!("{text:?} is no length of time; write it like 36h, 30d or 2w"))
}
