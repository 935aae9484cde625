//! Clerk, tried from outside: what a token, a visit, a webhook and a command come to. Only tests are here.

mod people;
mod strangers;
mod tokens;
mod visits;
mod webhooks;
