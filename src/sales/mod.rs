//! Sales: purchases as the back office sees them, the addresses of their lists, and what became of one.

pub mod admin_pages;
pub mod api;
pub mod detail;
pub mod unmatched_payments;

#[cfg(feature = "ssr")]
pub mod csv_export;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod list_tests;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
pub mod search;

use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    id::{PurchaseId, UserId},
    money::Cents,
    paths,
    payments::RefundOrigin,
    stripe::states::{DisputeState, RefundState},
    ui::Tone,
};

/// How a sale stands. The database says it of every purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "sale_state", rename_all = "snake_case"))]
pub enum SaleState {
    Paid,
    Free,
    /// The buyer disputes the payment at their bank: access pauses.
    Disputed,
    PartlyRefunded,
    Refunded,
    /// Money is on its way back, or is to be sent.
    Refunding,
}

impl SaleState {
    pub const ALL: [Self; 6] =
        [Self::Paid, Self::Free, Self::PartlyRefunded, Self::Refunded, Self::Refunding, Self::Disputed];

    /// As an address says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paid => "paid",
            Self::Free => "free",
            Self::Disputed => "disputed",
            Self::PartlyRefunded => "partly_refunded",
            Self::Refunded => "refunded",
            Self::Refunding => "refunding",
        }
    }

    pub const fn words(self) -> &'static str {
        match self {
            Self::Paid => "Paid",
            Self::Free => "Free",
            Self::Disputed => "Disputed",
            Self::PartlyRefunded => "Partly refunded",
            Self::Refunded => "Refunded",
            Self::Refunding => "Refund under way",
        }
    }

    pub const fn tone(self) -> Tone {
        match self {
            Self::Paid => Tone::Accent,
            Self::Free => Tone::Plain,
            Self::PartlyRefunded | Self::Refunded => Tone::Warning,
            Self::Refunding | Self::Disputed => Tone::Danger,
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// Which sales are looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesFilter {
    /// What was typed to search for; at most 200 characters of it count.
    pub q: String,
    /// All where there is none.
    pub state: Option<SaleState>,
}

impl SalesFilter {
    pub fn new(q: &str, state: &str) -> Self {
        Self { q: q.trim().chars().take(200).collect(), state: SaleState::parse(state) }
    }

    /// The list that is filtered like this.
    pub fn address(&self) -> String {
        self.at(paths::ADMIN_SALES, None)
    }

    /// The page of the list before or after a sale.
    pub fn page(&self, turn: &PageDirection) -> String {
        self.at(paths::ADMIN_SALES, Some(turn))
    }

    /// The file of all of them.
    pub fn csv(&self) -> String {
        self.at(paths::ADMIN_SALES_CSV, None)
    }

    fn at(&self, path: &str, turn: Option<&PageDirection>) -> String {
        let (name, cursor) = match turn {
            Some(PageDirection::Before(cursor)) => ("before", cursor.to_string()),
            Some(PageDirection::After(cursor)) => ("after", cursor.to_string()),
            Some(PageDirection::Newest) | None => ("before", String::new()),
        };
        let state = self.state.map(SaleState::name).unwrap_or_default().to_owned();
        paths::query(path, &[("q", self.q.clone()), ("state", state), (name, cursor)])
    }
}

/// A place in the list: between this sale and the next. It stays where it is, whatever is sold meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: DateTime<Utc>,
    pub id: PurchaseId,
}

/// Microseconds since 1970, which is as fine as the database's, and the id.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.at.timestamp_micros(), self.id)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (micros, id) = text.split_once('.').ok_or(())?;
        let micros: i64 = micros.parse().map_err(drop)?;
        let at = DateTime::from_timestamp_micros(micros).ok_or(())?;
        // What the database can hold, with room at both ends.
        if !(1970..9000).contains(&at.year()) {
            return Err(());
        }
        Ok(Self { at, id: id.parse().map_err(drop)? })
    }
}

/// Which page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageDirection {
    Newest,
    /// Older than this.
    Before(Cursor),
    /// Newer than this.
    After(Cursor),
}

impl PageDirection {
    /// From an address. What cannot be read is the newest page.
    pub fn parse(before: &str, after: &str) -> Self {
        match (before.parse(), after.parse()) {
            (Ok(cursor), _) => Self::Before(cursor),
            (_, Ok(cursor)) => Self::After(cursor),
            _ => Self::Newest,
        }
    }
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SaleRow {
    pub id: PurchaseId,
    /// The receipt's.
    pub number: i64,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub email: String,
    /// What the product was called when it was bought.
    pub product: String,
    pub subtotal: Cents,
    pub paid: Cents,
    pub refunded: Cents,
    pub state: SaleState,
    pub session: Option<String>,
    /// The card is of another country than the price was made for.
    pub country_differs: bool,
}

impl SaleRow {
    pub const fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }
}

/// A page of the list, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesPage {
    pub filter: SalesFilter,
    pub sales: Vec<SaleRow>,
    pub newer: bool,
    pub older: bool,
}

/// A sale with all that is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sale {
    pub id: PurchaseId,
    pub number: i64,
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub buyer_name: String,
    pub email: String,
    /// As bought.
    pub product: String,
    pub subtotal: Cents,
    pub paid: Cents,
    pub discount_name: Option<String>,
    /// The country that the price was made for.
    pub country: Option<String>,
    pub card_country: Option<String>,
    pub country_differs: bool,
    pub refunded: Cents,
    /// On its way back.
    pub refunding: Cents,
    #[serde(with = "chrono::serde::ts_microseconds_option")]
    pub refunded_at: Option<DateTime<Utc>>,
    pub state: SaleState,
    pub session: Option<String>,
    pub payment_intent: Option<String>,
    pub refunds: Vec<RefundLine>,
    pub disputes: Vec<DisputeLine>,
    /// The courses that end with it: those that the buyer has from nowhere else.
    pub ends: Vec<String>,
    pub history: Vec<TimelineEntry>,
}

impl Sale {
    /// What can still be sent back.
    pub fn left(&self) -> Cents {
        self.paid - self.refunded - self.refunding
    }

    /// Whether a purchase that has ended still owes its buyer money: a refund that failed while it was bought anew.
    pub fn owes(&self) -> bool {
        let lost = self.disputes.iter().any(|dispute| dispute.state == DisputeState::Lost);
        self.refunded_at.is_some() && !lost && self.left() > Cents::ZERO
    }
}

/// A buyer's dispute of a payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeLine {
    pub amount: Cents,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub opened_at: DateTime<Utc>,
    #[serde(with = "chrono::serde::ts_seconds_option")]
    pub closed_at: Option<DateTime<Utc>>,
    pub state: DisputeState,
    /// Stripe's words, such as `product_not_received`.
    pub reason: String,
    pub stripe_id: String,
}

impl DisputeLine {
    /// "The buyer disputes $60 (product not received)."
    pub fn words(&self) -> String {
        let reason = self.reason.replace('_', " ");
        let why = if reason.is_empty() { String::new() } else { format!(" ({reason})") };
        let amount = self.amount;
        match self.state {
            DisputeState::Open => format!(
                "The buyer disputes {amount} at their bank{why}. Access is paused until the bank decides; answer it in Stripe's dashboard."
            ),
            DisputeState::Won => format!("A dispute of {amount}{why} was decided for you: access is back."),
            DisputeState::Lost => {
                format!(
                    "A dispute of {amount}{why} was lost: the bank took the money back, and the purchase has ended."
                )
            }
        }
    }
}

/// Money that went back, is on its way, or did not go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundLine {
    pub amount: Cents,
    #[serde(with = "chrono::serde::ts_seconds")]
    pub at: DateTime<Utc>,
    pub state: RefundState,
    pub origin: RefundOrigin,
    /// Who pressed the button.
    pub by: Option<String>,
    pub reason: String,
    /// Why it failed.
    pub failure: String,
    pub stripe_id: Option<String>,
}

impl RefundLine {
    /// "Refund of $20 by Ada: sent back".
    pub fn words(&self) -> String {
        let who = match (self.origin, &self.by) {
            (RefundOrigin::Admin | RefundOrigin::Automatic, Some(by)) => format!(" by {by}"),
            (RefundOrigin::Stripe, _) => " in Stripe's dashboard".into(),
            _ => String::new(),
        };
        let (what, state) = match (self.origin, self.state) {
            (RefundOrigin::Dispute, RefundState::Succeeded) => ("Chargeback", "taken by the bank"),
            (RefundOrigin::Dispute, state) => ("Chargeback", state.words()),
            (_, state) => ("Refund", state.words()),
        };
        let why = if self.failure.is_empty() { String::new() } else { format!(". {}", self.failure) };
        format!("{what} of {}{who}: {state}{why}", self.amount)
    }
}

/// Something that happened to a sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineEntry {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub words: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures::utc;
    use rstest::rstest;

    #[test]
    fn a_filter_is_an_address_and_back() {
        let filter = SalesFilter::new("  a&b=100% ", "partly_refunded");
        assert_eq!(filter.address(), "/admin/sales?q=a%26b%3D100%25&state=partly_refunded");
        assert_eq!(SalesFilter::new("", "everything").address(), "/admin/sales");
        assert_eq!(SalesFilter::new("", "free").csv(), "/admin/sales.csv?state=free");
    }

    #[test]
    fn a_place_in_the_list_survives_its_address() {
        let cursor = Cursor { at: utc("2026-03-04T05:06:07.123456Z"), id: uuid::Uuid::from_u128(7).into() };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        assert_eq!(PageDirection::parse(&cursor.to_string(), ""), PageDirection::Before(cursor));
        assert_eq!(PageDirection::parse("", &cursor.to_string()), PageDirection::After(cursor));
    }

    /// The page before or after a row is asked for by what the browser was sent.
    #[test]
    fn a_moment_keeps_its_microseconds_on_the_wire() {
        let moment = TimelineEntry { at: utc("2026-03-04T05:06:07.123456Z"), words: String::new() };
        let sent = serde_json::to_string(&moment).unwrap();
        assert_eq!(sent, r#"{"at":1772600767123456,"words":""}"#);
        assert_eq!(serde_json::from_str::<TimelineEntry>(&sent).unwrap(), moment);
    }

    #[rstest]
    #[case("")]
    #[case("1.2")]
    #[case("x.00000000-0000-0000-0000-000000000007")]
    #[case("9223372036854775807.00000000-0000-0000-0000-000000000007")]
    #[case("-1.00000000-0000-0000-0000-000000000007")]
    fn a_place_that_is_none_is_the_newest_page(#[case] text: &str) {
        assert_eq!(PageDirection::parse(text, text), PageDirection::Newest);
    }

    #[test]
    fn every_state_is_found_by_its_name() {
        for state in SaleState::ALL {
            assert_eq!(SaleState::parse(state.name()), Some(state));
        }
    }
}
