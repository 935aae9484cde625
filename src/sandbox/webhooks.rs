//! Webhooks: each event is signed and posted until the receiver says yes.
//!
//! Signatures are <https://docs.stripe.com/webhooks#verify-manually>; a try that is not answered with 2xx within ten seconds is made
//! again, later each time and for three days, signed afresh. What is left to deliver survives a restart.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, redirect};
use sha2::Sha256;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    model::fault_injection::Delivering,
    operations::events::Event,
    store::{Sandbox, now, now_ms},
};

/// Milliseconds to wait after the first, second … failed try; the last one repeats.
const WAITS_MS: [i64; 10] = [500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/// So many seconds after it happened an event is given up. It can be sent again from the dashboard.
const TRIED_FOR: i64 = 3 * 24 * 60 * 60;

/// Events that are shuffled are held back by up to so many milliseconds.
const SHUFFLED_BY_MS: i64 = 1_500;

/// How many events are posted at the same time.
const AT_ONCE: usize = 16;

/// The `Stripe-Signature` header of a payload: `t=…,v1=…`, where `v1` is the HMAC-SHA-256 of `t.payload` in hex.
///
/// # Errors
/// Never in practice: HMAC takes a key of any length.
pub fn signature(secret: &str, at: i64, payload: &str) -> anyhow::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())?;
    mac.update(format!("{at}.{payload}").as_bytes());
    Ok(format!("t={at},v1={}", hex::encode(mac.finalize().into_bytes())))
}

impl Sandbox {
    /// Delivers events as they become due, until shut down.
    pub(super) async fn keep_delivering(self, client: Client, shutdown: CancellationToken) {
        let posting: Arc<Mutex<HashSet<String>>> = Arc::default();
        let mut posts = JoinSet::new();
        while !shutdown.is_cancelled() {
            let (due, next) = self.due(&posting, AT_ONCE.saturating_sub(posts.len()));
            for id in due {
                posting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone());
                let (sandbox, client, posting) = (self.clone(), client.clone(), posting.clone());
                posts.spawn(async move {
                    sandbox.deliver(&client, &id).await;
                    posting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                });
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = self.something_to_deliver() => {}
                Some(_) = posts.join_next() => {}
                () = tokio::time::sleep(next) => {}
            }
        }
    }

    /// Events to post now, oldest first, and how long until the next one is due.
    fn due(&self, posting: &Mutex<HashSet<String>>, most: usize) -> (Vec<String>, Duration) {
        let switches = self.switches();
        let now = now_ms();
        let mut soonest = now + 60_000;
        let mut due = Vec::new();
        if switches.delivery == Delivering::Held {
            return (due, Duration::from_mins(1));
        }
        let posting = posting.lock().unwrap_or_else(PoisonError::into_inner);
        for event in self.data().events.rows_mut().iter_mut().filter(|event| !posting.contains(&event.id)) {
            if switches.shuffle && event.delivery.next_ms == Some(0) {
                event.delivery.next_ms = Some(now + rand::random_range(0..SHUFFLED_BY_MS));
            }
            match event.delivery.next_ms {
                Some(at) if at <= now && due.len() < most => due.push(event.id.clone()),
                Some(at) if at > now => soonest = soonest.min(at),
                _ => {}
            }
        }
        (due, Duration::from_millis(u64::try_from(soonest - now).unwrap_or(1)))
    }

    async fn deliver(&self, client: &Client, id: &str) {
        let Some((payload, kind)) = self.data().events.find(id).map(|event| (payload(event), event.kind.clone()))
        else {
            return;
        };
        let outcome = self.post(client, payload.clone()).await;
        if outcome.is_ok() {
            for _ in 0..self.switches().duplicates {
                _ = self.post(client, payload.clone()).await;
            }
        }
        self.change(now(), |data| {
            let Ok(event) = data.events.get_mut(id, "id") else { return };
            let delivery = &mut event.delivery;
            delivery.tries += 1;
            match outcome {
                Ok(status) => {
                    delivery.delivered = true;
                    delivery.next_ms = None;
                    delivery.last = Some(format!("answered with {status}"));
                    tracing::info!(event = id, kind, "Event {id} ({kind}) was delivered.");
                }
                Err(reason) => {
                    let wait = WAITS_MS[(delivery.tries - 1).min(WAITS_MS.len() - 1)];
                    delivery.next_ms = (now() < event.created + TRIED_FOR).then(|| now_ms() + wait);
                    tracing::warn!(
                        event = id,
                        kind,
                        tries = delivery.tries,
                        "Event {id} ({kind}) was not delivered: {reason}."
                    );
                    delivery.last = Some(reason);
                }
            }
        });
    }

    async fn post(&self, client: &Client, payload: String) -> Result<u16, String> {
        if self.switches().delivery == Delivering::Refused {
            return Err("a switch of the sandbox refuses deliveries".to_owned());
        }
        let config = self.config();
        let signature = signature(&config.webhook_secret, now(), &payload)
            .map_err(|error| format!("it could not be signed: {error}"))?;
        let request = client
            .post(&config.webhook_url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(payload);
        let response = request.send().await.map_err(|error| {
            let why = if error.is_timeout() { "no answer in ten seconds" } else { "no connection" };
            why.to_owned()
        })?;
        let status = response.status();
        if status.is_success() { Ok(status.as_u16()) } else { Err(format!("answered with {}", status.as_u16())) }
    }
}

/// The event as JSON over several lines, as Stripe sends it: whoever verifies it must take the bytes as they are.
fn payload(event: &Event) -> String {
    format!("{:#}", event.json())
}

/// The client that posts events. It follows no redirect: Stripe takes one for a failure.
///
/// # Errors
/// When the machine cannot make sockets.
pub fn client() -> reqwest::Result<Client> {
    Client::builder().timeout(Duration::from_secs(10)).redirect(redirect::Policy::none()).no_proxy().build()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a shell: `printf '%s' '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret`.
    #[test]
    fn signatures_are_those_that_openssl_makes() -> anyhow::Result<()> {
        let signed = signature("whsec_test_secret", 1_492_774_577, r#"{"id":"evt_1"}"#)?;
        assert_eq!(signed, "t=1492774577,v1=799c4ba7bb339f3c8601adfd112f0e477c930a268be1243d341abb8286501c2f");
        Ok(())
    }

    #[test]
    fn any_change_of_secret_time_or_payload_changes_the_signature() -> anyhow::Result<()> {
        let signed = signature("whsec_a", 1, "{}")?;
        for other in [signature("whsec_b", 1, "{}")?, signature("whsec_a", 2, "{}")?, signature("whsec_a", 1, "{ }")?] {
            assert_ne!(signed.split_once(",v1="), other.split_once(",v1="));
        }
        Ok(())
    }
}
