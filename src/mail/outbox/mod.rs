//! The outbox: who sends what is due, tries again what was not taken, and leaves alone what may have been taken.

#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use tokio_util::sync::CancellationToken;

use crate::{
    mail::{
        MailState,
        queries::{self, Claimed},
        render::Sender,
    },
    platform::{clock, smtp::Delivery},
    server::state::AppState,
};

/// How often it is looked for mail that is due.
const POLL_INTERVAL: std::time::Duration = std::time::Duration::from_secs(2);
/// Longer than any attempt takes: who has not said by then how it ended is gone.
const ABANDONED_AFTER: TimeDelta = TimeDelta::minutes(10);
/// How long a mail server may be away.
const RETRY_PERIOD: TimeDelta = TimeDelta::days(3);
/// How long what was sent can be read.
const RETENTION: TimeDelta = TimeDelta::days(90);

const LOST_WORDS: &str = "We stopped while it was being sent. The mail server may have taken it.";

/// Sends until told to stop.
pub async fn send(state: AppState, stop: CancellationToken) {
    let mut turns = tokio::time::interval(POLL_INTERVAL);
    turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! { () = stop.cancelled() => return, _ = turns.tick() => {} }
        // A mail that is on its way is waited for: broken off, nobody would know whether it went.
        while !stop.is_cancelled() {
            match send_next(&state).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::warn!(%error, "Could not look after the outbox");
                    break;
                }
            }
        }
    }
}

/// Sends one mail. Says whether one was due.
///
/// # Errors
/// The database's. A mail that was sent then is not sent again by itself.
pub async fn send_next(state: &AppState) -> sqlx::Result<bool> {
    let now = clock::now();
    let Some(mail) = queries::claim(&state.db, now).await? else { return Ok(false) };
    let names = state.school.names();
    let sender = Sender { school: &names.name, url: &state.config.url };
    let delivery = state.mailer.deliver(&mail, sender).await;
    settle(&state.db, &mail, delivery, clock::now()).await?;
    Ok(true)
}

async fn settle(db: &PgPool, mail: &Claimed, delivery: Delivery, now: DateTime<Utc>) -> sqlx::Result<()> {
    let id = mail.id;
    let (state, trouble) = match &delivery {
        Delivery::Taken | Delivery::Kept => (MailState::Sent, ""),
        Delivery::Later(trouble) if now - mail.created_at > RETRY_PERIOD => (MailState::Failed, trouble.as_str()),
        Delivery::Later(trouble) => (MailState::Due, trouble.as_str()),
        Delivery::Refused(trouble) => (MailState::Failed, trouble.as_str()),
        Delivery::Unsure(trouble) => (MailState::Unsure, trouble.as_str()),
    };
    if state == MailState::Sent {
        tracing::debug!(mail = id, "Sent a mail");
    } else {
        tracing::warn!(mail = id, attempt = mail.attempt, state = state.word(), "A mail was not taken");
    }
    let kept = delivery == Delivery::Kept;
    queries::settle(db, mail, state, kept, trouble, now, now + wait(mail.attempt)).await.map(drop)
}

/// How long until the next attempt: a minute, two, four, and from then on not more than an hour.
fn wait(attempt: i32) -> TimeDelta {
    TimeDelta::minutes(1 << (attempt.clamp(1, 7) - 1)).min(TimeDelta::hours(1))
}

/// Finds attempts that never ended, and forgets what was sent long ago.
///
/// # Errors
/// The database's.
pub async fn sweep(db: &PgPool, now: DateTime<Utc>) -> sqlx::Result<()> {
    let lost = queries::give_up_lost(db, now - ABANDONED_AFTER, LOST_WORDS).await?;
    if lost > 0 {
        tracing::warn!(lost, "Mails may have been sent or not; look at the outbox");
    }
    queries::delete_sent(db, now - RETENTION).await.map(drop)
}
