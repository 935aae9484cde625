//! Download of the viewer's data.

use axum::{
    extract::State,
    response::{IntoResponse, Response},
};
use http::{
    HeaderValue,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
};

use crate::{
    account::data_export,
    paths,
    server::{http::form_post, state::AppState},
    users::Viewer,
};

/// `GET /account/data.json`: responds with everything that is stored about the viewer, as a file.
pub async fn download(State(state): State<AppState>, viewer: Viewer) -> Response {
    let data = async { data_export::write(&state.db, viewer.signed_in()?.id).await };
    match data.await {
        Ok(file) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
                (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
            ];
            (headers, file).into_response()
        }
        Err(error) => form_post::no_file(&error, paths::ACCOUNT),
    }
}
