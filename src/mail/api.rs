//! Server functions of the outbox, for admins.

use leptos::prelude::*;

use crate::{
    error::Result,
    id::UserId,
    mail::{MailPage, Outbox},
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    error::Error,
    mail::{MailState, OutboxFilter, queries},
    pagination::Page,
    server::http::request_context::{AdminContext, extract},
};

/// Returns a page of the outbox: the mails to one user, else those in one state, else all.
#[server(output = Json)]
pub async fn get_outbox(to: Option<UserId>, state: String, before: Option<i64>) -> Result<Outbox> {
    const PAGE_SIZE: u16 = 50;
    let AdminContext { db, state: app, .. } = extract().await?;
    let filter = OutboxFilter { to, state: MailState::parse(&state).filter(|_| to.is_none()) };
    let has_mail_server = app.mailer.is_configured();
    let mails = queries::list(&db, filter, before).await?;
    let mails = mails.into_iter().map(|mail| mail.for_admins(has_mail_server)).collect();
    let mails = Page::from_rows(mails, PAGE_SIZE, &before.into());
    let undelivered = queries::count_undelivered(&db).await?;
    Ok(Outbox { filter, mails, has_mail_server, undelivered })
}

/// Returns one mail.
#[server(output = Json)]
pub async fn get_mail(mail: i64) -> Result<MailPage> {
    let AdminContext { db, state, .. } = extract().await?;
    let mail = queries::find(&db, mail).await?.ok_or(Error::NotFound)?;
    let has_mail_server = state.mailer.is_configured();
    Ok(MailPage { mail: mail.for_admins(has_mail_server), has_mail_server })
}
