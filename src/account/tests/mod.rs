//! Tests of accounts: the service functions, and the pages and forms through the router.

mod handlers;
mod service;
