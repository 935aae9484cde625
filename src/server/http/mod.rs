//! HTTP: extractors of the viewer, form posts, client addresses, security headers.

pub mod client_ip;
pub mod form_post;
pub mod frame;
pub mod request_context;
pub mod security_headers;
pub mod viewer;
