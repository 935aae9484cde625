//! The form of the school's settings, a plain post that works without JavaScript.

use axum::{
    extract::{Request, State},
    response::Response,
};

use crate::{
    error::{Error, Result},
    id::UserId,
    paths,
    school::{SchoolForm, queries, service},
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

/// `POST /admin/school`.
pub async fn update(State(state): State<AppState>, AdminUser(admin): AdminUser, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let result = save(&state, admin.id, &mut posted).await.map(|message| (paths::ADMIN_SCHOOL.to_owned(), message));
    form_post::respond(&state, request, posted, result).await
}

async fn save(state: &AppState, admin: UserId, posted: &mut PostedForm) -> Result<&'static str> {
    let form = SchoolForm::parse(|field| posted.get(field))?;
    match service::update(&state.db, admin, &form).await {
        Ok(true) => {
            // The database notifies the other servers; this one reloads at once, so that its next page is right.
            state.school.reload(&state.db).await?;
            Ok("Saved.")
        }
        Ok(false) => Ok("No changes."),
        Err(error) => {
            if let Error::Conflict(_) = error {
                // The form shown again has the current version, so that saving it again replaces the other change.
                posted.set("version", queries::read(&state.db).await?.version.to_string());
            }
            Err(error)
        }
    }
}
