//! Ids: UUIDs with the type of what they identify, so that a course's id cannot be passed for a product's.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a `T`. In JSON and in URLs it is the UUID alone.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<T> {
    uuid: Uuid,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
    /// Returns the UUID, for SQL parameters.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<T> From<Uuid> for Id<T> {
    fn from(uuid: Uuid) -> Self {
        Self { uuid, of: PhantomData }
    }
}

impl<T> FromStr for Id<T> {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse::<Uuid>().map(Self::from)
    }
}

impl<T> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

impl<T> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uuid.fmt(f)
    }
}

// Derived impls would require the same of `T`, which is only a marker.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Id<T> {}
impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}
impl<T> Eq for Id<T> {}
impl<T> std::hash::Hash for Id<T> {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

/// The marker of [`AttemptId`].
pub enum AttemptKey {}

/// The id of a checkout attempt.
pub type AttemptId = Id<AttemptKey>;

/// The marker of [`CouponId`].
pub enum CouponKey {}

/// The id of a coupon.
pub type CouponId = Id<CouponKey>;

/// The marker of [`CourseId`].
pub enum CourseKey {}

/// The id of a course.
pub type CourseId = Id<CourseKey>;

/// The marker of [`SectionId`].
pub enum SectionKey {}

/// The id of a section.
pub type SectionId = Id<SectionKey>;

/// The marker of [`LessonId`].
pub enum LessonKey {}

/// The id of a lesson.
pub type LessonId = Id<LessonKey>;

/// The marker of [`ProductId`].
pub enum ProductKey {}

/// The id of a product.
pub type ProductId = Id<ProductKey>;

/// The marker of [`PurchaseId`].
pub enum PurchaseKey {}

/// The id of a purchase.
pub type PurchaseId = Id<PurchaseKey>;

/// The marker of [`UserId`].
pub enum UserKey {}

/// The id of a user.
pub type UserId = Id<UserKey>;
