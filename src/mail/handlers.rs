//! The form that sends a mail again, posted to the page of the mail.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    error::Error,
    mail::service,
    paths,
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

/// `POST /admin/outbox/:mail`.
pub async fn resend(
    State(state): State<AppState>,
    AdminUser(admin): AdminUser,
    Path(mail): Path<String>,
    request: Request,
) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let sent = async {
        let mail = mail.parse().map_err(|_| Error::NotFound)?;
        service::resend(&state.db, admin.id, mail).await?;
        Ok((paths::mail(mail), "The mail will be sent again."))
    };
    let sent = sent.await;
    form_post::respond(&state, request, posted, sent).await
}
