//! The forms of one's account. Plain posts to each page's own address: they work before, and without, wasm.

use std::net::IpAddr;

use axum::{
    extract::{Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, USER_AGENT},
};
use serde::Deserialize;
use uuid::Uuid;

use super::{Purpose, data, story, story::Used};
use crate::{
    error::{Error, Result},
    paths,
    server::{
        clock,
        config::Environment,
        cookies,
        page::{self, Posted},
        state::AppState,
        visitors::Visitor,
    },
    users::{User, UserId, Viewer, identity::Identity, local},
};

/// Lets through where accounts are here.
pub async fn here_only(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.identity {
        Identity::Local { .. } => next.run(request).await,
        Identity::Clerk(_) => page::see_other(paths::ACCOUNT),
    }
}

/// Who posts.
fn user(request: &Request) -> Result<User> {
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal))?;
    viewer.signed_in().cloned()
}

/// The session that the browser came with.
fn session(state: &AppState, headers: &HeaderMap) -> Option<String> {
    cookies::get(headers, cookies::session_name(state.config.is_https()))
}

/// What the browser says it is, in a few words.
pub fn agent(headers: &HeaderMap) -> String {
    let said = headers.get(USER_AGENT).and_then(|said| said.to_str().ok()).unwrap_or_default();
    // Whoever pretends to be all of them names itself first in this order.
    let browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    let systems = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let named =
        |names: &[(&str, &'static str)]| names.iter().find(|(part, _)| said.contains(part)).map(|(_, name)| *name);
    match (named(&browsers), named(&systems)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => String::new(),
    }
}

/// Goes on as somebody who is signed in from now on.
pub async fn let_in(state: &AppState, headers: &HeaderMap, user: UserId, next: &str) -> Result<Response> {
    let previous = session(state, headers);
    let token = local::start_session(&state.db, user, previous.as_deref(), &agent(headers), clock::now()).await?;
    let cookie = cookies::session(&state.config, &token, local::SESSION);
    Ok(page::with_cookie(page::see_other(paths::own(next)), cookie))
}

/// A school that is tried without a mail server shows its links on the page: to whoever sits at its machine, and nobody else.
fn shows_links(state: &AppState, from: Option<IpAddr>) -> bool {
    state.config.environment == Environment::Development
        && !state.mailer.sends()
        && state.config.is_local()
        && from.is_some_and(|from| from.to_canonical().is_loopback())
}

/// `POST /forgot-password`.
pub async fn forgot(state: State<AppState>, request: Request) -> Response {
    ask(state.0, request, Purpose::Reset).await
}

/// `POST /sign-in/link`.
pub async fn sign_in_link(state: State<AppState>, request: Request) -> Response {
    ask(state.0, request, Purpose::SignIn).await
}

/// Answers the same whether there is such an account, and does not wait for what it does then.
async fn ask(state: AppState, request: Request, purpose: Purpose) -> Response {
    let (request, mut posted) = Posted::read(request).await;
    let address = posted.get("email").trim().to_owned();
    if let Some(trouble) = local::address_trouble(&address) {
        let error = Error::Invalid(vec![crate::error::FieldError::new("email", trouble)]);
        return page::again(&state, request, posted, &error).await;
    }
    let from = Visitor::of(&request).address;
    if let Err(error) = state.limits.mail(&state.db, from, &address).await {
        return page::again(&state, request, posted, &error).await;
    }
    let (db, about) = (state.db.clone(), address);
    let asked = tokio::spawn(async move { story::ask_for_link(&db, &about, purpose, clock::now()).await });
    if shows_links(&state, from) {
        if let Ok(Ok(Some(path))) = asked.await {
            posted.set("link", path);
        }
    } else {
        tokio::spawn(async move {
            if let Ok(Err(error)) = asked.await {
                tracing::error!(%error, "Could not make a link");
            }
        });
    }
    posted.set("asked", "yes".into());
    page::shown(&state, request, posted).await
}

#[derive(Deserialize)]
pub struct Token {
    #[serde(default)]
    token: String,
}

/// `GET /link?token=…`: takes the token out of the address, into a cookie that no script can read, and shows what it is for. Nothing
/// is used by that: programs that look at mail open links.
pub async fn open(State(state): State<AppState>, Query(Token { token }): Query<Token>) -> Response {
    let plain = token.len() == 64 && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    let token = if plain { token.as_str() } else { "" };
    page::with_cookie(page::see_other(paths::ACCOUNT_LINK), cookies::link(&state.config, token, TimeDelta::minutes(20)))
}

/// `POST /account/link`: uses it.
pub async fn use_link(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = Posted::read(request).await;
    let token = cookies::get(request.headers(), cookies::link_name(state.config.is_https())).unwrap_or_default();
    let admin = state.config.admin_email.as_deref();
    let headers = request.headers().clone();
    let used = async {
        let used = story::use_link(&state.db, &token, posted.get("password"), admin, clock::now()).await?;
        after_link(&state, &headers, &used).await
    };
    match used.await {
        Ok(response) => page::with_cookie(response, cookies::link(&state.config, "", TimeDelta::zero())),
        Err(error) => page::again(&state, request, posted, &error).await,
    }
}

const PASSWORD_GONE: &str = "You are signed in. Your address had not been confirmed before, so its password is gone: choose a new one by “Forgot your password?”.";

async fn after_link(state: &AppState, headers: &HeaderMap, used: &Used) -> Result<Response> {
    let said = |response, words| page::with_flash(response, &state.config, words);
    Ok(match used.purpose {
        Purpose::Confirm => said(page::see_other(paths::ACCOUNT), "Thank you: your address is confirmed."),
        Purpose::ChangeAddress => said(page::see_other(paths::ACCOUNT), "Your account has moved to the new address."),
        Purpose::Reset => {
            let response = let_in(state, headers, used.user, paths::COURSES).await?;
            said(response, "Your password is changed, and you are signed in.")
        }
        Purpose::SignIn => {
            let response = let_in(state, headers, used.user, paths::COURSES).await?;
            if used.password_gone { said(response, PASSWORD_GONE) } else { response }
        }
    })
}

/// `POST /account`: a new name, an end of sessions, or the confirming mail once more.
pub async fn account(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = Posted::read(request).await;
    let (user, here) = (user(&request), session(&state, request.headers()).unwrap_or_default());
    let from = Visitor::of(&request).address;
    let done = async {
        let user = user?;
        match posted.get("do") {
            "rename" => story::rename(&state.db, user.id, posted.get("name")).await.map(|()| "Saved."),
            "end" => {
                let session: Uuid = posted.get("session").parse().map_err(|_| Error::NotFound)?;
                story::end_sessions(&state.db, user.id, &here, Some(session)).await
            }
            "end_others" => story::end_sessions(&state.db, user.id, &here, None).await,
            "confirm" => {
                state.limits.mail(&state.db, from, &user.email).await?;
                match story::ask_to_confirm(&state.db, user.id, clock::now()).await? {
                    Some(_) => Ok("We have sent you a mail. Open the link in it."),
                    None => Ok("Your address is confirmed already."),
                }
            }
            _ => Err(Error::NotFound),
        }
    };
    match done.await {
        Ok(said) => page::with_flash(page::see_other(paths::ACCOUNT), &state.config, said),
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/password`.
pub async fn password(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = Posted::read(request).await;
    let (user, here) = (user(&request), session(&state, request.headers()).unwrap_or_default());
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        let (old, new) = (posted.get("current_password"), posted.get("new_password"));
        story::change_password(&state.db, user.id, &user.email, &here, old, new).await?;
        tries.give_back(&state.db).await
    };
    match done.await {
        Ok(()) => {
            let said = "Your password is changed. Everywhere else you are signed out.";
            page::with_flash(page::see_other(paths::ACCOUNT), &state.config, said)
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/address`.
pub async fn address(State(state): State<AppState>, request: Request) -> Response {
    let (request, mut posted) = Posted::read(request).await;
    let (user, from) = (user(&request), Visitor::of(&request).address);
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        let (new, password) = (posted.get("email"), posted.get("password"));
        state.limits.mail(&state.db, from, new).await?;
        let path = story::change_address(&state.db, user.id, &user.email, password, new, clock::now()).await?;
        tries.give_back(&state.db).await?;
        Ok(path)
    };
    match done.await {
        Ok(path) if shows_links(&state, from) => {
            posted.set("link", path);
            posted.set("password", String::new());
            page::shown(&state, request, posted).await
        }
        Ok(_) => {
            let said = "We have written to the new address. Your account moves when you open the link there.";
            page::with_flash(page::see_other(paths::ACCOUNT), &state.config, said)
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/delete`.
pub async fn delete(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = Posted::read(request).await;
    let user = user(&request);
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        story::delete(&state.db, user.id, &user.email, posted.get("password")).await?;
        tries.give_back(&state.db).await
    };
    match done.await {
        Ok(()) => {
            let gone = page::with_flash(page::see_other(paths::HOME), &state.config, "Your account is deleted.");
            page::with_cookie(gone, cookies::session(&state.config, "", TimeDelta::zero()))
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `GET /account/data.json`: everything that is kept about the viewer, as a file.
pub async fn download(State(state): State<AppState>, request: Request) -> Response {
    let user = user(&request);
    let data = async { data::write(&state.db, user?.id).await };
    match data.await {
        Ok(file) => {
            let headers = [
                (CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\"")),
                (CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
            ];
            (headers, file).into_response()
        }
        Err(error) => page::no_file(&error, paths::ACCOUNT),
    }
}

async fn refused(state: &AppState, request: Request, posted: Posted, error: &Error) -> Response {
    if *error == Error::Unauthenticated {
        return page::see_other(&paths::sign_in(request.uri().path()));
    }
    page::again(state, request, posted, error).await
}

#[cfg(test)]
mod tests;
