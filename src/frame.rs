//! The frame of a page: the viewer, the school's name, the identity provider and the theme. Sent with the page and valid for one page load.

use crate::users::{Viewer, identity_provider::IdentityProvider};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// What the school is called, and its one sentence.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolNames {
    pub name: String,
    pub tagline: String,
}

/// What is true for as long as a page is loaded: it is sent with the page, and not asked for again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub viewer: Viewer,
    pub school: SchoolNames,
    pub identity_provider: IdentityProvider,
    /// The theme that the visitor chose, if any.
    pub theme: Option<String>,
}

/// The frame of this page load.
pub fn frame() -> Frame {
    use_context::<Frame>().unwrap_or_default()
}
