//! The machine room: everything that is not about courses.

pub mod call;
pub mod changes;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod cookies;
pub mod database;
#[cfg(test)]
mod desk_doors;
#[cfg(test)]
mod doors;
pub mod health;
pub mod http_client;
pub mod jobs;
pub mod kept;
pub mod like;
pub mod limits;
pub mod listen;
pub mod markdown;
pub mod page;
#[cfg(test)]
mod plans;
pub mod reference;
pub mod router;
pub mod school;
pub mod security;
pub mod seed;
pub mod serve;
pub mod state;
#[cfg(test)]
pub mod strangers;
pub mod telemetry;
#[cfg(test)]
pub mod testing;
pub mod visitors;
