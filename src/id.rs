//! Ids: a UUID that knows what it identifies, so that a course's id is never passed for a product's.

use std::{fmt, marker::PhantomData, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The id of a `T`. On the wire and in addresses it is the bare UUID.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id<T> {
    uuid: Uuid,
    #[serde(skip)]
    of: PhantomData<fn() -> T>,
}

impl<T> Id<T> {
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

// Derived, these would ask the same of `T`, which is only a name here.
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

/// Names what an [`AttemptId`] identifies.
pub enum AttemptKey {}

pub type AttemptId = Id<AttemptKey>;

/// Names what a [`CouponId`] identifies.
pub enum CouponKey {}

pub type CouponId = Id<CouponKey>;

/// Names what a [`CourseId`] identifies.
pub enum CourseKey {}

pub type CourseId = Id<CourseKey>;

/// Names what a [`SectionId`] identifies.
pub enum SectionKey {}

pub type SectionId = Id<SectionKey>;

/// Names what a [`LessonId`] identifies.
pub enum LessonKey {}

pub type LessonId = Id<LessonKey>;

/// Names what a [`ProductId`] identifies.
pub enum ProductKey {}

pub type ProductId = Id<ProductKey>;

/// Names what a [`PurchaseId`] identifies.
pub enum PurchaseKey {}

pub type PurchaseId = Id<PurchaseKey>;

/// Names what a [`UserId`] identifies.
pub enum UserKey {}

pub type UserId = Id<UserKey>;
