//! The design system: what every page is made of. It knows no feature, and class names live only here.
//!
//! Pages speak intentions (`<Button intent=Intent::Danger>`); what an intention looks like is said once, here and in
//! `style/`. Everything works without JavaScript unless its comment says otherwise. No element carries a `style`
//! attribute: the content security policy forbids them.

#![allow(
    clippy::must_use_candidate,
    clippy::needless_pass_by_value,
    reason = "components own their props, and a view that is not used is seen at once"
)]

mod admin;
mod button;
mod card;
mod chart;
mod choice;
mod code;
mod dialog;
mod disclosure;
mod editor;
mod facts;
mod feedback;
mod field;
mod focus;
mod form;
mod icon;
mod inline;
mod layout;
mod lesson;
mod markdown;
mod money;
mod navigation;
mod page;
mod picker;
mod picture;
mod sortable;
mod table;
mod text;
mod theme;
mod time;
mod toast;
mod words;

pub use admin::*;
pub use button::*;
pub use card::*;
pub use chart::*;
pub use choice::*;
pub use code::*;
pub use dialog::*;
pub use disclosure::*;
pub use editor::*;
pub use facts::*;
pub use feedback::*;
pub use field::*;
pub use focus::*;
pub use form::*;
pub use icon::*;
pub use inline::*;
pub use layout::*;
pub use lesson::*;
pub use markdown::*;
pub use money::*;
pub use navigation::*;
pub use page::*;
pub use picker::*;
pub use picture::*;
pub use sortable::*;
pub use table::*;
pub use text::*;
pub use theme::*;
pub use time::*;
pub use toast::*;
pub use words::*;
