//! Tests that span features, and the fixtures and fakes of all tests.

mod architecture;
mod authoring_endpoints;
mod authorization;
mod clerk;
mod concurrent_editing_model;
mod course_access;
mod database_md;
pub mod fake_clerk;
pub mod fixtures;
mod fuzz;
mod log_redaction;
mod migration;
mod outages;
mod payment_events;
mod payment_model;
mod query_plans;
mod responses;
mod security_headers;
mod security_md;
