//! The pages of an account, one file for each page or form.

pub mod address;
pub mod delete;
pub mod link;
pub mod parts;
pub mod password;
pub mod recover;
pub mod sessions;
pub mod settings;
pub mod sign_in;
