//! Infrastructure that knows no feature: configuration, database, SMTP, cookies, markdown, logs.

pub mod clock;
pub mod config;
pub mod cookies;
pub mod environment;
pub mod http_client;
pub mod listener;
pub mod markdown;
pub mod postgres;
pub mod request_id;
pub mod response;
pub mod smtp;
pub mod telemetry;
