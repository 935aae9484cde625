//! The cards of the payment page: those of Stripe's test cards that make something happen later.
//!
//! See <https://docs.stripe.com/testing#refunds> and <https://docs.stripe.com/testing#disputes>.

use serde::{Deserialize, Serialize};

/// A test card, by what it does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Card {
    #[default]
    Plain,
    /// Its refunds are pending for a while.
    RefundsLater,
    /// Its refunds succeed, and fail a while later.
    RefundsFail,
    /// Charged, and disputed as fraudulent at once.
    Fraudulent,
    /// Charged, and disputed as not received at once.
    NotReceived,
}

impl Card {
    pub const ALL: [Self; 5] =
        [Self::Plain, Self::RefundsLater, Self::RefundsFail, Self::Fraudulent, Self::NotReceived];

    /// As forms and JSON name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::RefundsLater => "refunds_later",
            Self::RefundsFail => "refunds_fail",
            Self::Fraudulent => "fraudulent",
            Self::NotReceived => "not_received",
        }
    }

    pub const fn last4(self) -> &'static str {
        match self {
            Self::Plain => "4242",
            Self::RefundsLater => "7726",
            Self::RefundsFail => "5126",
            Self::Fraudulent => "0259",
            Self::NotReceived => "2685",
        }
    }

    /// For people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::Plain => "Just pays",
            Self::RefundsLater => "Refunds take a while",
            Self::RefundsFail => "Refunds fail after a while",
            Self::Fraudulent => "Disputed at once, as fraudulent",
            Self::NotReceived => "Disputed at once, as not received",
        }
    }

    /// How its refunds go.
    pub const fn course(self) -> Course {
        match self {
            Self::RefundsLater => Course::Later,
            Self::RefundsFail => Course::Fails,
            _ => Course::AtOnce,
        }
    }

    /// Why its payments are disputed, if they are.
    pub const fn disputed_as(self) -> Option<&'static str> {
        match self {
            Self::Fraudulent => Some("fraudulent"),
            Self::NotReceived => Some("product_not_received"),
            _ => None,
        }
    }
}

/// How the refunds of a payment go. It follows from the card, and can be switched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    #[default]
    AtOnce,
    /// Pending, then succeeded a few seconds later.
    Later,
    /// Succeeded, then failed a few seconds later.
    Fails,
    /// Pending, until somebody decides by hand.
    Held,
}

impl Course {
    pub const ALL: [Self; 4] = [Self::AtOnce, Self::Later, Self::Fails, Self::Held];

    /// As forms and JSON name it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::AtOnce => "at_once",
            Self::Later => "later",
            Self::Fails => "fails",
            Self::Held => "held",
        }
    }

    /// For people.
    pub const fn says(self) -> &'static str {
        match self {
            Self::AtOnce => "succeed at once",
            Self::Later => "take a while",
            Self::Fails => "fail after a while",
            Self::Held => "wait for this page",
        }
    }
}
