//! What the browser may ask and do while learning.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::{CourseId, LessonId},
    learning::{CoursePage, LessonPage, MyCourses},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    learning::{
        LessonView,
        policy::{self, Access},
        queries,
    },
    platform::markdown,
    prices::quote,
    server::http::{client_ip::ClientInfo, request_context::RequestContext},
};

/// The courses the student has, and no others. `page` counts from 1.
#[server(output = Json)]
pub async fn get_my_courses(page: u32) -> Result<MyCourses> {
    const PAGE_SIZE: i64 = 24;
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let user = viewer.signed_in()?.id;
    let page = page.clamp(1, 10_000);
    let (mut courses, disputed) = futures::try_join!(
        queries::list_my_courses(&db, user, PAGE_SIZE, i64::from(page - 1) * PAGE_SIZE),
        queries::list_disputed(&db, user),
    )?;
    let more = courses.len() > 24;
    courses.truncate(24);
    Ok(MyCourses { courses, disputed, page, more })
}

/// A course with its outline: for those with access, and admins.
#[server(output = Json)]
pub async fn get_course_page(course: CourseId) -> Result<CoursePage> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    viewer.signed_in()?;
    let facts = queries::find_course(&db, course, viewer.user_id(), viewer.is_admin()).await?.ok_or(Error::NotFound)?;
    if !policy::can_open_course(Access { admin: viewer.is_admin(), access: facts.access }) {
        return Err(Error::NotFound);
    }
    let description = markdown::to_html(&facts.description);
    Ok(CoursePage { id: course, name: facts.name, description, outline: facts.outline })
}

/// A lesson under its own course: playing, locked, or not there.
#[server(output = Json)]
pub async fn get_lesson_page(course: CourseId, lesson: LessonId) -> Result<LessonPage> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let power = quote::ppp_discount(&db, ClientInfo::current().country).await?;
    let facts = queries::find_lesson(&db, course, lesson, viewer.user_id(), viewer.is_admin(), power.as_ref());
    let facts = facts.await?.ok_or(Error::NotFound)?;
    let who = Access { admin: viewer.is_admin(), access: facts.course.access };
    if !policy::can_see(who, facts.set) {
        return Err(Error::NotFound);
    }
    let offer = facts.offer.filter(|_| !who.access);
    let view = if policy::can_watch(who, facts.set) {
        let done = facts.course.outline.lessons().any(|(_, l)| l.id == lesson && l.done);
        LessonView::Playing {
            youtube_video_id: facts.youtube_video_id,
            notes: facts.notes.map(|notes| markdown::to_html(&notes)),
            done: policy::can_complete(who, facts.set).then_some(done),
            offer: offer.filter(|_| !who.admin),
        }
    } else {
        LessonView::Locked { offer }
    };
    Ok(LessonPage {
        course,
        course_name: facts.course.name,
        id: lesson,
        name: facts.name,
        set: facts.set,
        outline: facts.course.outline,
        view,
    })
}

/// Marks a lesson complete, or takes the mark back, and answers which. Saying the same twice changes nothing.
#[server(output = Json)]
pub async fn mark_complete(course: CourseId, lesson: LessonId, done: bool) -> Result<bool> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let user = viewer.signed_in()?.id;
    let (set, access) = queries::find_access(&db, course, lesson, user).await?.ok_or(Error::NotFound)?;
    let who = Access { admin: viewer.is_admin(), access };
    if !policy::can_see(who, set) {
        return Err(Error::NotFound);
    }
    if !policy::can_complete(who, set) {
        return Err(Error::Forbidden);
    }
    if done {
        queries::insert_complete(&db, user, lesson).await?;
    } else {
        queries::delete_complete(&db, user, lesson).await?;
    }
    Ok(done)
}
