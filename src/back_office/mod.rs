//! The frame of the back office: layout, guard, searched lists, confirmation dialogs.

pub mod confirm_dialog;
pub mod layout;
pub mod searched_list;

#[cfg(feature = "ssr")]
pub mod guard;
