//! The frame of a page: the viewer, the school's name, the identity provider and the theme. Sent with the page and valid for one page load.

use crate::users::{Viewer, identity_provider::IdentityProvider};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

/// The name and tagline of the school.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchoolNames {
    pub name: String,
    pub tagline: String,
}

/// Data that every page gets. It is sent with the page and holds until the next page load, so the browser never requests it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame {
    pub viewer: Viewer,
    pub school: SchoolNames,
    pub identity_provider: IdentityProvider,
    /// The theme that the visitor chose, if any.
    pub theme: Option<String>,
}

/// Returns the frame of this page load.
pub fn frame() -> Frame {
    use_context::<Frame>().unwrap_or_default()
}
