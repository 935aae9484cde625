//! The outbox job: sends due mails, retries what the mail server deferred, and never resends what it may have accepted.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    mail::{
        MailState, message,
        queries::{self, ClaimedMail},
        render::Sender,
    },
    platform::{
        clock,
        smtp::{Delivery, Mailer},
    },
    server::state::AppState,
};

/// The pause between two searches for due mail.
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(2);
/// The age at which an attempt without a result counts as abandoned. It is longer than any attempt takes.
const ABANDONED_AFTER: TimeDelta = TimeDelta::minutes(10);
/// How long a mail is retried after it was created.
const RETRY_PERIOD: TimeDelta = TimeDelta::days(3);
/// How long a sent mail is stored.
const RETENTION: TimeDelta = TimeDelta::days(90);

const ABANDONED_ERROR: &str = "The server stopped during the attempt. The mail server may have accepted the mail.";

/// Sends due mails until `stop` is cancelled.
pub async fn run(state: AppState, stop: CancellationToken) {
    let mut interval = tokio::time::interval(POLL_INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = interval.tick() => {} }
        // An attempt is never interrupted, since its result would be unknown.
        while !stop.is_cancelled() {
            match send_next(&state).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "Could not send the mails of the outbox");
                    break;
                }
            }
        }
    }
}

/// Sends one mail. Returns whether one was due.
///
/// # Errors
/// When the database fails. A mail that was sent before the failure is not resent automatically.
pub async fn send_next(state: &AppState) -> sqlx::Result<bool> {
    let now = clock::now();
    let Some(mail) = queries::claim(&state.db, now).await? else { return Ok(false) };
    let names = state.school.names();
    let sender = Sender { school: &names.name, url: &state.config.url };
    let delivery = match &state.mailer {
        Mailer::Outbox => Delivery::NotSent,
        Mailer::Smtp { from, host, .. } => match message::build(&mail, sender, from, host) {
            Ok(message) => state.mailer.deliver(&message).await,
            Err(error) => Delivery::Rejected(format!("{error:#}")),
        },
    };
    store_result(&state.db, &mail, delivery, clock::now()).await?;
    Ok(true)
}

async fn store_result(db: &PgPool, mail: &ClaimedMail, delivery: Delivery, now: DateTime<Utc>) -> sqlx::Result<()> {
    let id = mail.id;
    let (state, error) = match &delivery {
        Delivery::Accepted | Delivery::NotSent => (MailState::Sent, ""),
        Delivery::Deferred(error) if now - mail.created_at > RETRY_PERIOD => (MailState::Failed, error.as_str()),
        Delivery::Deferred(error) => (MailState::Due, error.as_str()),
        Delivery::Rejected(error) => (MailState::Failed, error.as_str()),
        Delivery::Unknown(error) => (MailState::Unsure, error.as_str()),
    };
    if state == MailState::Sent {
        tracing::debug!(mail = id, "Sent a mail");
    } else {
        tracing::warn!(mail = id, attempt = mail.attempt, state = state.as_str(), "Could not deliver a mail");
    }
    let stored_only = delivery == Delivery::NotSent;
    let due_at = now + retry_delay(mail.attempt);
    queries::update_after_attempt(db, mail, state, stored_only, error, now, due_at).await.map(drop)
}

/// Returns the time until the next attempt: one minute, doubled with every attempt, at most an hour.
fn retry_delay(attempt: i32) -> TimeDelta {
    TimeDelta::minutes(1 << (attempt.clamp(1, 7) - 1)).min(TimeDelta::hours(1))
}

/// Marks abandoned attempts as `unsure`, and deletes mails that were sent longer ago than the retention period.
///
/// # Errors
/// When the database fails.
pub async fn clean_up(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    let abandoned = queries::update_abandoned(db, now - ABANDONED_AFTER, ABANDONED_ERROR).await?;
    if abandoned > 0 {
        tracing::warn!(abandoned, "Marked mails of uncertain delivery; an admin has to check them in the outbox");
    }
    queries::delete_sent(db, now - RETENTION).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delivery_attempts_back_off() {
        let minutes: Vec<_> = (1..10).map(|attempt| retry_delay(attempt).num_minutes()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
