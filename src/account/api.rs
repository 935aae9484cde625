//! Server functions of the account pages: the viewer's account, and the link that their browser opened.

use leptos::prelude::*;

use crate::{
    account::{Account, OpenLink},
    error::Result,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    account::queries,
    error::Error,
    identity::local,
    platform::{clock, cookies, response::request_cookie},
    server::http::request_context::{RequestContext, extract},
};

/// Returns the viewer's account.
#[server(output = Json)]
pub async fn get_account() -> Result<Account> {
    let RequestContext { db, viewer, state } = extract().await?;
    let user = viewer.signed_in()?;
    let token = request_cookie(cookies::session_name(state.config.is_https())).unwrap_or_default();
    let now = clock::now();
    let (confirmed, pending_email) = queries::find_addresses(&db, user.id, now).await?;
    Ok(Account {
        name: user.name.clone(),
        email: user.email.clone(),
        confirmed,
        pending_email,
        sessions: queries::list_sessions(&db, user.id, &local::digest(&token), now).await?,
    })
}

/// Returns the purpose and address of the link that this browser opened.
#[server(output = Json)]
pub async fn get_open_link() -> Result<OpenLink> {
    let RequestContext { db, state, .. } = extract().await?;
    let token = request_cookie(cookies::link_name(state.config.is_https())).ok_or(Error::NotFound)?;
    queries::find_link(&db, &local::digest(&token), clock::now()).await?.ok_or(Error::NotFound)
}
