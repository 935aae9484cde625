//! Settings of an account: name, sessions, password, email address.

use axum::{
    extract::{Request, State},
    response::Response,
};
use uuid::Uuid;

use crate::{
    account::{handlers::shows_links, service, session_cookie::session_token},
    error::Error,
    paths,
    platform::{clock, response},
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
    users::User,
};

/// `POST /account`: changes the name, ends sessions, or mails another link to confirm the address.
pub async fn account(State(state): State<AppState>, user: User, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let here = session_token(&state, request.headers()).unwrap_or_default();
    let from = ClientInfo::of(&request).address;
    let saved = async {
        match posted.get("do") {
            "rename" => service::rename(&state.db, user.id, posted.get("name")).await.map(|()| "Saved."),
            "end" => {
                let session: Uuid = posted.get("session").parse().map_err(|_| Error::NotFound)?;
                service::end_sessions(&state.db, user.id, &here, Some(session)).await
            }
            "end_others" => service::end_sessions(&state.db, user.id, &here, None).await,
            "confirm" => {
                state.limits.mail(&state.db, from, &user.email).await?;
                match service::request_confirmation(&state.db, user.id, clock::now()).await? {
                    Some(_) => Ok("We sent you a mail. Open the link in it."),
                    None => Ok("Your address is already confirmed."),
                }
            }
            _ => Err(Error::NotFound),
        }
    };
    let saved = saved.await.map(|message| (paths::ACCOUNT.to_owned(), message));
    form_post::respond(&state, request, posted, saved).await
}

/// `POST /account/password`.
pub async fn change_password(State(state): State<AppState>, user: User, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let here = session_token(&state, request.headers()).unwrap_or_default();
    let changed = async {
        let attempts = state.limits.confirm_password(&state.db, user.id).await?;
        let (old, new) = (posted.get("current_password"), posted.get("new_password"));
        service::change_password(&state.db, user.id, &user.email, &here, old, new).await?;
        attempts.return_tokens(&state.db).await?;
        Ok((paths::ACCOUNT.to_owned(), "Your password is changed. You are signed out everywhere else."))
    };
    let changed = changed.await;
    form_post::respond(&state, request, posted, changed).await
}

/// `POST /account/address`: mails a link to the new address.
pub async fn change_address(State(state): State<AppState>, user: User, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let from = ClientInfo::of(&request).address;
    let requested = async {
        let attempts = state.limits.confirm_password(&state.db, user.id).await?;
        let (new, password) = (posted.get("email"), posted.get("password"));
        state.limits.mail(&state.db, from, new).await?;
        let path = service::change_address(&state.db, user.id, &user.email, password, new, clock::now()).await?;
        attempts.return_tokens(&state.db).await?;
        Ok(path)
    };
    match requested.await {
        Ok(path) if shows_links(&state, from) => {
            posted.set("link", path);
            posted.set("password", String::new());
            form_post::render(&state, request, posted).await
        }
        Ok(_) => {
            let message = "We sent a link to the new address. Your account changes to it when you open the link.";
            response::with_flash(response::see_other(paths::ACCOUNT), &state.config, message)
        }
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}
