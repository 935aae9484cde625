//! Tests that span features.

mod database_md;
mod migration;
