//! Listing sessions, refunds and disputes, and retrieving one of them.
//!
//! async-stripe has a type for each list; all three are requested alike here, and returned as JSON. <https://docs.stripe.com/api/pagination>

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use crate::stripe::client::{Stripe, StripeError};

/// The most that Stripe returns in one page.
const PAGE_SIZE: u8 = 100;

/// A list of Stripe's, newest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Sessions,
    Refunds,
    Disputes,
}

impl List {
    const fn path(self) -> &'static str {
        match self {
            Self::Sessions => "/checkout/sessions",
            Self::Refunds => "/refunds",
            Self::Disputes => "/disputes",
        }
    }

    /// The fields to expand. A session does not contain whether the bank declined: its payment intent does.
    const fn expand(self) -> &'static [&'static str] {
        match self {
            Self::Sessions => &["data.payment_intent"],
            Self::Refunds | Self::Disputes => &[],
        }
    }
}

/// The query parameters of a list.
#[derive(Default, Serialize)]
struct ListParams<'a> {
    limit: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    created: Option<CreatedFilter>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_intent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starting_after: Option<String>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    expand: &'a [&'a str],
}

#[derive(Clone, Copy, Serialize)]
struct CreatedFilter {
    gte: i64,
}

/// A page of a list. Its objects are parsed as those of events are, whatever their API version is.
pub struct ObjectPage {
    pub objects: Vec<Value>,
    /// The id after which the next page starts.
    pub next: Option<String>,
}

impl Stripe {
    /// Returns a page of the objects that were created since `since`, starting after the id `after`.
    /// <https://docs.stripe.com/api/checkout/sessions/list>, <https://docs.stripe.com/api/refunds/list>,
    /// <https://docs.stripe.com/api/disputes/list>
    ///
    /// # Errors
    /// Stripe's, after three attempts.
    pub async fn list(
        &self,
        list: List,
        since: DateTime<Utc>,
        after: Option<String>,
    ) -> Result<ObjectPage, StripeError> {
        let created = Some(CreatedFilter { gte: since.timestamp().max(0) });
        let params = ListParams {
            limit: PAGE_SIZE,
            created,
            starting_after: after,
            expand: list.expand(),
            ..ListParams::default()
        };
        self.list_page(list, &params).await
    }

    /// Returns all refunds of a payment.
    ///
    /// # Errors
    /// Stripe's, after three attempts for each page.
    pub async fn list_refunds_of(&self, payment_intent: &str) -> Result<Vec<Value>, StripeError> {
        let (mut refunds, mut after) = (Vec::new(), None);
        loop {
            let params = ListParams {
                limit: PAGE_SIZE,
                payment_intent: Some(payment_intent),
                starting_after: after.take(),
                ..ListParams::default()
            };
            let page = self.list_page(List::Refunds, &params).await?;
            refunds.extend(page.objects);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(refunds),
            }
        }
    }

    /// Retrieves one object, with the same fields expanded as in its list.
    ///
    /// # Errors
    /// Stripe's, after three attempts.
    pub async fn retrieve(&self, list: List, id: &str) -> Result<Value, StripeError> {
        let expand: Vec<_> = list.expand().iter().filter_map(|path| path.strip_prefix("data.")).collect();
        // An empty list would be encoded as `expand=`, which Stripe rejects.
        let params: HashMap<_, _> = [("expand", expand)].into_iter().filter(|(_, paths)| !paths.is_empty()).collect();
        self.get(&format!("{}/{id}", list.path()), &params).await
    }

    async fn list_page(&self, list: List, params: &ListParams<'_>) -> Result<ObjectPage, StripeError> {
        let mut response = self.get(list.path(), params).await?;
        let more = response.get("has_more").and_then(Value::as_bool).unwrap_or_default();
        let Some(Value::Array(objects)) = response.get_mut("data").map(Value::take) else {
            return Err(StripeError::JSONDeserialize(format!("{} is not a list", list.path())));
        };
        let last = objects.last().and_then(|last| last.get("id")).and_then(Value::as_str);
        let next = last.filter(|_| more).map(str::to_owned);
        Ok(ObjectPage { objects, next })
    }
}
