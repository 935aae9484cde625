//! Expiry and events of checkout sessions.

use crate::sandbox::{
    data::Data,
    error::{ApiError, Result},
    model::{checkout_session::SessionStatus, event::RequestInfo},
};

impl Data {
    /// Whether an open session has reached its expiry.
    pub fn has_overdue_sessions(&self, now: i64) -> bool {
        self.sessions.rows().iter().any(|session| session.is_overdue(now))
    }

    /// Expires every open session that has reached its expiry.
    pub fn expire_overdue_sessions(&mut self, now: i64) {
        let overdue: Vec<_> = self
            .sessions
            .rows()
            .iter()
            .filter(|session| session.is_overdue(now))
            .map(|session| session.id.clone())
            .collect();
        for id in overdue {
            if let Err(error) = self.expire_session(&id, now, None) {
                tracing::error!(session = id, "Session {id} is overdue but was not expired: {}.", error.message);
            }
        }
    }

    /// Expires an open session and cancels its payment intent.
    ///
    /// # Errors
    /// 404 for an unknown session, 400 for one that is not open.
    pub fn expire_session(&mut self, id: &str, now: i64, caused_by: Option<&RequestInfo>) -> Result<()> {
        let session = self.sessions.get_mut(id, "session")?;
        if session.status != SessionStatus::Open {
            let message = "Only Checkout Sessions with a status in [\"open\"] can be expired.";
            return Err(ApiError::invalid(message).replayable());
        }
        session.status = SessionStatus::Expired;
        if let Some(intent) = session.payment_intent.clone() {
            self.cancel_payment_intent(&intent, now)?;
        }
        self.record_session_event(id, "checkout.session.expired", now, caused_by)
    }

    /// Records an event about a session.
    ///
    /// # Errors
    /// 404 for an unknown session.
    pub fn record_session_event(
        &mut self,
        id: &str,
        kind: &str,
        now: i64,
        caused_by: Option<&RequestInfo>,
    ) -> Result<()> {
        let object = self.sessions.get(id, "session")?.json();
        self.record_event(kind, object, id, now, caused_by);
        Ok(())
    }
}
