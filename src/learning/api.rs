//! Server functions of learning: the student's courses, course and lesson pages, completion.

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
    pagination::PageRequest,
    platform::markdown,
    prices::quote,
    server::http::{
        client_ip::ClientInfo,
        request_context::{RequestContext, extract},
    },
};

/// Lists the courses that the viewer has access to. `page` counts from 1.
#[server(output = Json)]
pub async fn get_my_courses(page: u32) -> Result<MyCourses> {
    const PAGE_SIZE: u16 = 24;
    let RequestContext { db, viewer, .. } = extract().await?;
    let user = viewer.signed_in()?.id;
    let request = PageRequest::new(page, PAGE_SIZE);
    let (courses, disputed) = futures::try_join!(
        queries::list_my_courses(&db, user, request.limit(), request.offset()),
        queries::list_disputed_products(&db, user),
    )?;
    Ok(MyCourses { courses: request.page(courses), disputed, page: request.number })
}

/// Returns a course with its outline. It is [`Error::NotFound`](crate::error::Error::NotFound) for users without access, except
/// admins.
#[server(output = Json)]
pub async fn get_course_page(course: CourseId) -> Result<CoursePage> {
    let RequestContext { db, viewer, .. } = extract().await?;
    viewer.signed_in()?;
    let facts = queries::find_course(&db, course, viewer.user_id(), viewer.is_admin()).await?.ok_or(Error::NotFound)?;
    if !policy::can_open_course(Access { is_admin: viewer.is_admin(), has_access: facts.has_access }) {
        return Err(Error::NotFound);
    }
    let description = markdown::to_html(&facts.description);
    Ok(CoursePage { id: course, name: facts.name, description, outline: facts.outline })
}

/// Returns a lesson of a course, playing or locked. A lesson that the viewer may not see, or of another course, is
/// [`Error::NotFound`](crate::error::Error::NotFound).
#[server(output = Json)]
pub async fn get_lesson_page(course: CourseId, lesson: LessonId) -> Result<LessonPage> {
    let RequestContext { db, viewer, .. } = extract().await?;
    let ppp_discount = quote::ppp_discount(&db, ClientInfo::current().country).await?;
    let facts = queries::find_lesson(&db, course, lesson, viewer.user_id(), viewer.is_admin(), ppp_discount.as_ref());
    let facts = facts.await?.ok_or(Error::NotFound)?;
    let access = Access { is_admin: viewer.is_admin(), has_access: facts.course.has_access };
    if !policy::can_see(access, facts.visibility) {
        return Err(Error::NotFound);
    }
    let offer = facts.offer.filter(|_| !access.has_access);
    let view = if policy::can_watch(access, facts.visibility) {
        let done = facts.course.outline.lessons().any(|(_, other)| other.id == lesson && other.done);
        LessonView::Playing {
            youtube_video_id: facts.youtube_video_id,
            notes: facts.notes.map(|notes| markdown::to_html(&notes)),
            done: policy::can_complete(access, facts.visibility).then_some(done),
            offer: offer.filter(|_| !access.is_admin),
        }
    } else {
        LessonView::Locked { offer }
    };
    Ok(LessonPage {
        course,
        course_name: facts.course.name,
        id: lesson,
        name: facts.name,
        visibility: facts.visibility,
        outline: facts.course.outline,
        view,
    })
}

/// Marks a lesson complete or incomplete, and returns which. Repeating a call changes nothing.
#[server(output = Json)]
pub async fn mark_complete(course: CourseId, lesson: LessonId, done: bool) -> Result<bool> {
    let RequestContext { db, viewer, .. } = extract().await?;
    let user = viewer.signed_in()?.id;
    let (visibility, has_access) = queries::find_access(&db, course, lesson, user).await?.ok_or(Error::NotFound)?;
    let access = Access { is_admin: viewer.is_admin(), has_access };
    if !policy::can_see(access, visibility) {
        return Err(Error::NotFound);
    }
    if !policy::can_complete(access, visibility) {
        return Err(Error::Forbidden);
    }
    if done {
        queries::insert_completion(&db, user, lesson).await?;
    } else {
        queries::delete_completion(&db, user, lesson).await?;
    }
    Ok(done)
}
