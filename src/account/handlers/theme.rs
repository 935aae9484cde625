//! The theme switch in the footer.

use axum::{
    extract::{Request, State},
    response::Response,
};
use chrono::TimeDelta;
use http::header::REFERER;

use crate::{
    paths,
    platform::{cookies, response},
    server::{http::form_post::PostedForm, state::AppState},
};

const COOKIE_LIFETIME: TimeDelta = TimeDelta::days(365);

/// `POST /theme`: stores the chosen theme in a cookie and redirects to the page before; `system` deletes the cookie.
pub async fn set_theme(State(state): State<AppState>, request: Request) -> Response {
    let referer = request.headers().get(REFERER).and_then(|referer| referer.to_str().ok());
    let return_to = referer.unwrap_or(paths::HOME).to_owned();
    let (_, form) = PostedForm::read(request).await;
    let cookie = match form.get("theme") {
        chosen @ ("paper" | "night") => cookies::theme(&state.config, chosen, COOKIE_LIFETIME),
        _ => cookies::theme(&state.config, "", TimeDelta::zero()),
    };
    response::with_cookie(response::see_other(paths::safe_redirect(&return_to)), cookie)
}
