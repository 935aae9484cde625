//! Deletion of an account.

use axum::{
    extract::{Request, State},
    response::Response,
};
use chrono::TimeDelta;

use crate::{
    account::service,
    paths,
    platform::{cookies, response},
    server::{
        http::form_post::{self, PostedForm},
        state::AppState,
    },
    users::User,
};

/// `POST /account/delete`.
pub async fn delete(State(state): State<AppState>, user: User, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let deleted = async {
        let attempts = state.limits.confirm_password(&state.db, user.id).await?;
        service::delete(&state.db, user.id, &user.email, posted.get("password")).await?;
        attempts.return_tokens(&state.db).await
    };
    match deleted.await {
        Ok(()) => {
            let message = "Your account is deleted.";
            let response = response::with_flash(response::see_other(paths::HOME), &state.config, message);
            response::with_cookie(response, cookies::session(&state.config, "", TimeDelta::zero()))
        }
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}
