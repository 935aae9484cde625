//! Form posts for a course's name and description. They go to the page's own URL, so that they work without JavaScript.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    authoring::courses::{input::CourseForm, service},
    error::Error,
    id::CourseId,
    paths,
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

fn course_form(posted: &PostedForm) -> CourseForm {
    CourseForm { name: posted.get("name").into(), description: posted.get("description").into() }
}

/// The details as the form was opened with, where the form contains them.
fn seen_form(posted: &PostedForm) -> Option<CourseForm> {
    let name = posted.get("seen_name").to_owned();
    (!name.is_empty()).then(|| CourseForm { name, description: posted.get("seen_description").into() })
}

/// `POST /admin/courses/new`: creates a course and redirects to its lessons.
pub async fn create(State(state): State<AppState>, AdminUser(admin): AdminUser, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let created = async {
        let course = service::create(&state.db, admin.id, &course_form(&posted)).await?;
        Ok((paths::edit_course(course), "Course created."))
    };
    let created = created.await;
    form_post::respond(&state, request, posted, created).await
}

/// `POST /admin/courses/:course/edit?tab=details`: updates a course's name and description.
pub async fn update(
    State(state): State<AppState>,
    AdminUser(admin): AdminUser,
    Path(course): Path<String>,
    request: Request,
) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let saved = async {
        let course: CourseId = course.parse().map_err(|_| Error::NotFound)?;
        service::update(&state.db, admin.id, course, &course_form(&posted), seen_form(&posted).as_ref()).await?;
        Ok((paths::edit_course_details(course), "Saved."))
    };
    let saved = saved.await;
    form_post::respond(&state, request, posted, saved).await
}
