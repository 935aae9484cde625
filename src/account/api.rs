//! What the pages of an account ask of the server: about the viewer, and about the link that their browser opened.

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
    server::http::request_context::RequestContext,
};

/// The viewer's account.
#[server(output = Json)]
pub async fn get_account() -> Result<Account> {
    let RequestContext { db, viewer, state } = RequestContext::current().await?;
    let user = viewer.signed_in()?;
    let here = request_cookie(cookies::session_name(state.config.is_https())).unwrap_or_default();
    let now = clock::now();
    let (confirmed, moves_to) = queries::find_addresses(&db, user.id, now).await?;
    Ok(Account {
        name: user.name.clone(),
        email: user.email.clone(),
        confirmed,
        moves_to,
        sessions: queries::list_sessions(&db, user.id, &local::digest(&here), now).await?,
    })
}

/// What the link that this browser opened is for.
#[server(output = Json)]
pub async fn get_open_link() -> Result<OpenLink> {
    let RequestContext { db, state, .. } = RequestContext::current().await?;
    let token = request_cookie(cookies::link_name(state.config.is_https())).ok_or(Error::NotFound)?;
    queries::find_link(&db, &local::digest(&token), clock::now()).await?.ok_or(Error::NotFound)
}
