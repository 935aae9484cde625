//! A server that implements the part of Stripe's API that Lectern uses, for development and tests.
//!
//! `lectern stripe-sandbox` implements what a shop with hosted checkout needs (<https://docs.stripe.com/api>), shows the payment
//! page, and sends signed webhooks. The same client calls the sandbox and Stripe; only the base URL differs. No money moves and
//! no card is needed. The sandbox imports nothing from the rest of the crate.
//!
//! | module | holds |
//! |---|---|
//! | [`mod@router`], [`server`], [`config`] | routes, start and shutdown, flags |
//! | [`api`] | endpoints of Stripe's API, and of `/sandbox/…` for test programs |
//! | [`pages`] | payment page, receipt and dashboard for people |
//! | [`webhooks`] | signed delivery of events |
//! | [`store`] | the shared state behind one lock, and its file |
//! | [`operations`] | changes of the data: payments, refunds, disputes, expiry, retention |
//! | [`data`], [`table`] | the tables |
//! | [`model`] | Stripe's objects |
//! | [`form_encoding`] | Stripe's encoding of request parameters |
//! | [`error`], [`ids`], [`money`], [`clock`] | what all others use |

pub mod api;
pub mod clock;
pub mod config;
pub mod data;
pub mod error;
pub mod form_encoding;
pub mod ids;
pub mod model;
pub mod money;
pub mod operations;
pub mod pages;
pub mod router;
pub mod server;
pub mod store;
pub mod table;
pub mod webhooks;

#[cfg(test)]
mod tests;

pub use crate::sandbox::{
    config::{SandboxArgs, SandboxConfig},
    router::router,
    server::{run, serve},
    store::Sandbox,
};
