//! Sending a mail once more, as a plain post to its page.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    audit,
    back_office::guard,
    error::{Error, Result},
    id::UserId,
    mail::queries,
    paths,
    platform::clock,
    server::{http::form_post::PostedForm, state::AppState},
};

/// `POST /admin/outbox/:mail`.
pub async fn send_again(State(state): State<AppState>, Path(mail): Path<String>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let admin = guard::admin(&state, &request);
    let sent = async {
        let admin = admin.await?.id;
        let mail = mail.parse().map_err(|_| Error::NotFound)?;
        again(&state, admin, mail).await?;
        Ok((paths::mail(mail), "It is sent again."))
    };
    let sent = sent.await;
    guard::answer(&state, request, posted, sent).await
}

async fn again(state: &AppState, admin: UserId, mail: i64) -> Result<()> {
    let mut tx = state.db.begin().await?;
    let Some((user, subject)) = queries::send_again(&mut *tx, mail, clock::now()).await? else {
        queries::find(&mut *tx, mail).await?.ok_or(Error::NotFound)?;
        return Err(Error::Conflict("This mail was sent, or waits to be sent already. Reload the page.".into()));
    };
    audit::service::record(&mut *tx, admin, "mail.send_again", user, &format!("Had the mail “{subject}” sent again"))
        .await?;
    tx.commit().await?;
    Ok(())
}
