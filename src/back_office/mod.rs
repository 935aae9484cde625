//! The frame of the back office: layout, searched lists, confirmation dialogs.

pub mod confirm_dialog;
pub mod layout;
pub mod searched_list;
