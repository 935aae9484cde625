//! Identity: authentication of requests, by local sessions or by Clerk.

pub mod authentication;
pub mod clerk;
pub mod local;
pub mod password_strength;
