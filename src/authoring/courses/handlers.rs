//! The forms of writing a course's details. Plain posts to the page's own address: they work before, and without, wasm.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    authoring::courses::{CourseForm, service},
    back_office::guard,
    error::Error,
    id::CourseId,
    paths,
    server::{http::form_post::PostedForm, state::AppState},
};

fn form(posted: &PostedForm) -> CourseForm {
    CourseForm { name: posted.get("name").into(), description: posted.get("description").into() }
}

/// What the details were when they were written at, where the form says so.
fn seen(posted: &PostedForm) -> Option<CourseForm> {
    let name = posted.get("seen_name").to_owned();
    (!name.is_empty()).then(|| CourseForm { name, description: posted.get("seen_description").into() })
}

/// `POST /admin/courses/new`: makes a course, and goes on to its lessons.
pub async fn create(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let admin = guard::admin(&state, &request);
    let made = async {
        let admin = admin.await?;
        let course = service::create(&state.db, admin.id, &form(&posted)).await?;
        Ok((paths::edit_course(course), "Course created."))
    };
    let made = made.await;
    guard::answer(&state, request, posted, made).await
}

/// `POST /admin/courses/:course/edit?tab=details`.
pub async fn update(State(state): State<AppState>, Path(course): Path<String>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let admin = guard::admin(&state, &request);
    let saved = async {
        let admin = admin.await?;
        let course: CourseId = course.parse().map_err(|_| Error::NotFound)?;
        service::update(&state.db, admin.id, course, &form(&posted), seen(&posted).as_ref()).await?;
        Ok((paths::edit_course_details(course), "Saved."))
    };
    let saved = saved.await;
    guard::answer(&state, request, posted, saved).await
}
