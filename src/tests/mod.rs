//! Tests that span features.

mod architecture;
mod authoring_endpoints;
mod authorization;
mod clerk;
mod concurrent_editing_model;
mod course_access;
mod database_md;
pub mod fake_clerk;
pub mod fixtures;
pub mod fuzz;
pub mod log_redaction;
mod migration;
mod payment_events;
mod payment_model;
mod query_plans;
pub mod security_headers;
pub mod security_md;
