//! Starts and stops the program: router, server, background jobs, health checks, demo data.

pub mod health;
pub mod jobs;
pub mod router;
pub mod seed;
pub mod serve;
