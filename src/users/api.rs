//! What the pages about people ask of the server.

use leptos::prelude::*;

use super::{
    UserId,
    roster::{CourseChoice, Roster, StudentPage},
};
use crate::{courses::CourseId, error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{people, roster::RosterFilter, roster_queries as queries},
    crate::server::{
        call::{AdminCall, Call},
        like,
    },
};

/// A page of everybody who is here, newest first. `role` is `admin` or nothing. For admins.
#[server(output = Json)]
pub async fn get_roster(
    #[server(default)] q: String,
    #[server(default)] role: String,
    before: Option<UserId>,
) -> Result<Roster> {
    let AdminCall { db, .. } = Call::admin().await?;
    people::roster(&db, RosterFilter::new(&q, &role), before).await
}

/// One student with courses and purchases. For admins.
#[server(output = Json)]
pub async fn get_student(student: UserId) -> Result<StudentPage> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    people::page(&db, student, admin.id).await
}

/// Courses that can be given to a student, by a part of their name. For admins.
#[server(output = Json)]
pub async fn list_courses_to_give(student: UserId, #[server(default)] q: String) -> Result<Vec<CourseChoice>> {
    let AdminCall { db, .. } = Call::admin().await?;
    let RosterFilter { q, .. } = RosterFilter::new(&q, "");
    Ok(queries::list_to_give(&db, student, &like::contains(&q)).await?)
}

/// Gives a student a course. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn give_course(student: UserId, course: Option<CourseId>, #[server(default)] note: String) -> Result<String> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    people::give_course(&db, admin.id, student, course, &note).await
}

/// Takes a gift back. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn take_back_course(student: UserId, course: CourseId) -> Result<String> {
    let AdminCall { db, admin, .. } = Call::admin().await?;
    people::take_back_course(&db, admin.id, student, course).await
}

/// Makes somebody an admin, or a student again. Returns what happened, as a sentence. For admins.
#[server(output = Json)]
pub async fn set_admin(student: UserId, admin: bool) -> Result<String> {
    let AdminCall { db, admin: actor, .. } = Call::admin().await?;
    people::set_admin(&db, actor.id, student, admin).await
}
