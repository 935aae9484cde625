//! Tests of accounts at Clerk against a fake Clerk: tokens, visits, webhooks, and the users they make.

pub mod tokens;
pub mod users;
pub mod visits;
pub mod webhooks;
