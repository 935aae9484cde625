//! The form of the discounts by country, a plain post that works without JavaScript.

use axum::{
    extract::{Request, State},
    response::Response,
};
use sqlx::PgPool;

use crate::{
    error::{Error, Result},
    id::UserId,
    paths,
    prices::{input, queries, service},
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

/// `POST /admin/pricing`.
pub async fn update(State(state): State<AppState>, AdminUser(admin): AdminUser, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let result = save(&state.db, admin.id, &mut posted).await;
    let result = result.map(|message| (paths::ADMIN_PRICING.to_owned(), message));
    form_post::respond(&state, request, posted, result).await
}

async fn save(db: &PgPool, admin: UserId, posted: &mut PostedForm) -> Result<&'static str> {
    let draft = input::parse(posted)?;
    let version = posted.get("version").parse().unwrap_or_default();
    match service::update(db, admin, version, &draft).await {
        Ok(true) => Ok("Saved."),
        Ok(false) => Ok("No changes."),
        Err(error) => {
            if let Error::Conflict(_) = error {
                // The form shown again has the current version, so that saving it again replaces the other change.
                posted.set("version", queries::read_settings(db).await?.version.to_string());
            }
            Err(error)
        }
    }
}
