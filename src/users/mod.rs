//! Users, their roles, and the viewer of a request: a visitor, a student, or an admin.

pub mod identity_provider;

#[cfg(feature = "ssr")]
pub mod queries;

use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    id::UserId,
};

/// The role of a user. `User` is a student.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "ssr", derive(sqlx::Type), sqlx(type_name = "user_role", rename_all = "lowercase"))]
pub enum Role {
    User,
    Admin,
}

/// A signed-in user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub role: Role,
}

/// The sender of a request. It holds for one page load: signing in and out are full page loads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Viewer {
    #[default]
    Visitor,
    User(User),
}

impl Viewer {
    /// Returns the user, unless the viewer is a visitor.
    pub const fn user(&self) -> Option<&User> {
        match self {
            Self::Visitor => None,
            Self::User(user) => Some(user),
        }
    }

    pub fn user_id(&self) -> Option<UserId> {
        self.user().map(|user| user.id)
    }

    pub fn is_admin(&self) -> bool {
        self.user().is_some_and(|user| user.role == Role::Admin)
    }

    /// Returns the signed-in user.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a visitor.
    pub fn signed_in(&self) -> Result<&User> {
        self.user().ok_or(Error::Unauthenticated)
    }

    /// Returns the admin. For students, the back office does not exist.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for a visitor, [`Error::NotFound`] for a student.
    pub fn admin(&self) -> Result<&User> {
        let user = self.signed_in()?;
        if user.role == Role::Admin { Ok(user) } else { Err(Error::NotFound) }
    }
}
