//! Clerk, tried from outside: what a token, a visit, a webhook and a command come to. Only tests are here.

pub mod people;
pub mod tokens;
pub mod visits;
pub mod webhooks;
