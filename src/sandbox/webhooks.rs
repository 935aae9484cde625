//! Delivery of events to the webhook: each event is signed and posted until the receiver accepts it.
//!
//! Signatures follow <https://docs.stripe.com/webhooks#verify-manually>. An attempt without a 2xx response within ten seconds is
//! repeated with a new signature, with growing delays, for three days. Pending deliveries survive a restart.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, redirect};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use sha2::Sha256;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::sandbox::{
    clock::{now, now_ms},
    model::{event::Event, fault_injection::DeliveryMode},
    store::Sandbox,
};

/// Delays after the first, second … failed attempt, in milliseconds. The last one repeats.
const RETRY_DELAYS_MS: [i64; 10] = [500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000, 300_000, 900_000, 3_600_000];

/// How long after its creation an event is retried, in seconds. The dashboard can resend it later.
const MAX_RETRY_SECONDS: i64 = 3 * 24 * 60 * 60;

/// The longest delay of an event when the order is shuffled, in milliseconds.
const MAX_SHUFFLE_DELAY_MS: i64 = 1_500;

/// How long the delivery sleeps at most, in milliseconds.
const MAX_IDLE_MS: i64 = 60_000;

/// How many events are posted at the same time.
const MAX_CONCURRENT_DELIVERIES: usize = 16;

/// Computes the `Stripe-Signature` header of a payload: `t=…,v1=…`, where `v1` is the HMAC-SHA-256 of `t.payload` in hex.
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
    pub(super) async fn run_webhook_delivery(self, client: Client, shutdown: CancellationToken) {
        let posting: Arc<Mutex<HashSet<String>>> = Arc::default();
        let mut posts = JoinSet::new();
        while !shutdown.is_cancelled() {
            let (due, next) = self.due_events(&posting, MAX_CONCURRENT_DELIVERIES.saturating_sub(posts.len()));
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
                () = self.delivery_requested() => {}
                Some(_) = posts.join_next() => {}
                () = tokio::time::sleep(next) => {}
            }
        }
    }

    /// Returns at most `max` events to post now, oldest first, and the time until the next one is due.
    fn due_events(&self, posting: &Mutex<HashSet<String>>, max: usize) -> (Vec<String>, Duration) {
        let faults = self.faults();
        let now = now_ms();
        let mut next = now + MAX_IDLE_MS;
        let mut due = Vec::new();
        if faults.delivery == DeliveryMode::Paused {
            return (due, Duration::from_millis(MAX_IDLE_MS.unsigned_abs()));
        }
        let posting = posting.lock().unwrap_or_else(PoisonError::into_inner);
        for event in self.data().events.rows_mut().iter_mut().filter(|event| !posting.contains(&event.id)) {
            if faults.shuffle && event.delivery.next_ms == Some(0) {
                event.delivery.next_ms = Some(now + rand::random_range(0..MAX_SHUFFLE_DELAY_MS));
            }
            match event.delivery.next_ms {
                Some(at) if at <= now && due.len() < max => due.push(event.id.clone()),
                Some(at) if at > now => next = next.min(at),
                _ => {}
            }
        }
        (due, Duration::from_millis(u64::try_from(next - now).unwrap_or(1)))
    }

    async fn deliver(&self, client: &Client, id: &str) {
        let Some((payload, kind)) = self.data().events.find(id).map(|event| (payload(event), event.kind.clone()))
        else {
            return;
        };
        let result = self.post(client, payload.clone()).await;
        if result.is_ok() {
            for _ in 0..self.faults().duplicates {
                _ = self.post(client, payload.clone()).await;
            }
        }
        self.change(now(), |data| {
            let Ok(event) = data.events.get_mut(id, "id") else { return };
            let delivery = &mut event.delivery;
            delivery.attempts += 1;
            match result {
                Ok(status) => {
                    delivery.delivered = true;
                    delivery.next_ms = None;
                    delivery.last_result = Some(format!("status {status}"));
                    tracing::info!(event = id, kind, "Event {id} ({kind}) was delivered.");
                }
                Err(reason) => {
                    let delay = RETRY_DELAYS_MS[(delivery.attempts - 1).min(RETRY_DELAYS_MS.len() - 1)];
                    delivery.next_ms = (now() < event.created + MAX_RETRY_SECONDS).then(|| now_ms() + delay);
                    tracing::warn!(
                        event = id,
                        kind,
                        attempts = delivery.attempts,
                        "Event {id} ({kind}) was not delivered: {reason}."
                    );
                    delivery.last_result = Some(reason);
                }
            }
        });
    }

    async fn post(&self, client: &Client, payload: String) -> Result<u16, String> {
        if self.faults().delivery == DeliveryMode::Refused {
            return Err("injected failure".to_owned());
        }
        let config = self.config();
        let signature =
            signature(&config.webhook_secret, now(), &payload).map_err(|error| format!("signing failed: {error}"))?;
        let request = client
            .post(&config.webhook_url)
            .header("content-type", "application/json; charset=utf-8")
            .header("user-agent", "Stripe/1.0 (+https://stripe.com/docs/webhooks)")
            .header("stripe-signature", signature)
            .body(payload);
        let response = request.send().await.map_err(|error| {
            let reason = if error.is_timeout() { "no response within ten seconds" } else { "no connection" };
            reason.to_owned()
        })?;
        let status = response.status();
        if status.is_success() { Ok(status.as_u16()) } else { Err(format!("status {}", status.as_u16())) }
    }
}

/// Renders an event as JSON over several lines, as Stripe does: a receiver must verify the bytes as they are.
fn payload(event: &Event) -> String {
    format!("{:#}", event.json())
}

/// The client that posts events. It follows no redirect: Stripe takes one for a failure.
///
/// # Errors
/// When ring offers no protocol version that rustls considers safe.
pub fn client() -> anyhow::Result<Client> {
    let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.into() };
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let client = Client::builder().tls_backend_preconfigured(tls).timeout(Duration::from_secs(10));
    Ok(client.redirect(redirect::Policy::none()).no_proxy().build()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From a shell: `printf '%s' '1492774577.{"id":"evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret`.
    #[test]
    fn signatures_equal_those_of_openssl() -> anyhow::Result<()> {
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
