//! The page of one student.

pub mod page;

mod access;
mod dialog_result;
mod role;
