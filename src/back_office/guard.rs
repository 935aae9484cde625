//! The door for forms of the back office, which are handled before there is a page: as `RequestContext::admin` is for server functions.

use axum::{extract::Request, response::Response};

use crate::{
    error::{Error, Result},
    paths,
    platform::response,
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer,
        },
        state::AppState,
    },
    users::{User, Viewer},
};

/// The admin who posts a form. A student who tries leaves a line in the audit log.
///
/// # Errors
/// [`Error::Unauthenticated`] for a visitor, [`Error::Forbidden`] for a student.
pub fn admin<'a>(state: &'a AppState, request: &Request) -> impl Future<Output = Result<User>> + Send + use<'a> {
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal));
    let path = request.uri().path().to_owned();
    async move { viewer::require_admin(&state.db, &viewer?, &path).await }
}

/// What is answered to a form: it goes on `to` where the thing is now, and the next page says what happened; or it was refused.
pub async fn answer(
    state: &AppState,
    request: Request,
    posted: PostedForm,
    saved: Result<(String, impl AsRef<str>)>,
) -> Response {
    match saved {
        Ok((to, said)) => response::with_flash(response::see_other(&to), &state.config, said.as_ref()),
        Err(error) => refused(state, request, posted, &error).await,
    }
}

/// What is answered to a form that was refused: a visitor signs in and comes back to the page; everybody else sees it again, with
/// what was typed, where they may see it at all.
pub async fn refused(state: &AppState, request: Request, posted: PostedForm, error: &Error) -> Response {
    if *error == Error::Unauthenticated {
        let here = request.uri().path_and_query().map_or("/", |here| here.as_str()).to_owned();
        return response::see_other(&paths::sign_in(&here));
    }
    form_post::render_invalid(state, request, posted, error).await
}
