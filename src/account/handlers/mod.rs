//! The forms of one's account. Plain posts to each page's own address: they work before, and without, wasm.

#[cfg(test)]
mod tests;

use std::net::IpAddr;

use axum::{
    extract::{Query, Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};
use chrono::TimeDelta;
use http::{
    HeaderMap, HeaderValue,
    header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE},
};
use serde::Deserialize;
use uuid::Uuid;

use crate::{
    account::{
        Purpose, data_export, input,
        service::{self, Used},
        session_cookie::{session, sign_in_and_redirect, user},
    },
    error::{Error, Result},
    identity::authentication::Identity,
    paths,
    platform::{clock, cookies, environment::Environment, response},
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
};

/// Lets through where accounts are here.
pub async fn here_only(State(state): State<AppState>, request: Request, next: Next) -> Response {
    match state.identity {
        Identity::Local { .. } => next.run(request).await,
        Identity::Clerk(_) => response::see_other(paths::ACCOUNT),
    }
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
    let (request, mut posted) = PostedForm::read(request).await;
    let address = posted.get("email").trim().to_owned();
    if let Some(trouble) = input::address_trouble(&address) {
        let error = Error::Invalid(vec![crate::error::FieldError::new("email", trouble)]);
        return form_post::render_invalid(&state, request, posted, &error).await;
    }
    let from = ClientInfo::of(&request).address;
    if let Err(error) = state.limits.mail(&state.db, from, &address).await {
        return form_post::render_invalid(&state, request, posted, &error).await;
    }
    let (db, about) = (state.db.clone(), address);
    let asked = tokio::spawn(async move { service::ask_for_link(&db, &about, purpose, clock::now()).await });
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
    form_post::render(&state, request, posted).await
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
    response::with_cookie(
        response::see_other(paths::ACCOUNT_LINK),
        cookies::link(&state.config, token, TimeDelta::minutes(20)),
    )
}

/// `POST /account/link`: uses it.
pub async fn use_link(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let token = cookies::get(request.headers(), cookies::link_name(state.config.is_https())).unwrap_or_default();
    let admin = state.config.admin_email.as_deref();
    let headers = request.headers().clone();
    let used = async {
        let used = service::use_link(&state.db, &token, posted.get("password"), admin, clock::now()).await?;
        after_link(&state, &headers, &used).await
    };
    match used.await {
        Ok(response) => response::with_cookie(response, cookies::link(&state.config, "", TimeDelta::zero())),
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}

const PASSWORD_GONE: &str = "You are signed in. Your address had not been confirmed before, so its password is gone: choose a new one by “Forgot your password?”.";

async fn after_link(state: &AppState, headers: &HeaderMap, used: &Used) -> Result<Response> {
    let said = |response, words| response::with_flash(response, &state.config, words);
    Ok(match used.purpose {
        Purpose::Confirm => said(response::see_other(paths::ACCOUNT), "Thank you: your address is confirmed."),
        Purpose::ChangeAddress => {
            said(response::see_other(paths::ACCOUNT), "Your account has moved to the new address.")
        }
        Purpose::Reset => {
            let response = sign_in_and_redirect(state, headers, used.user, paths::COURSES).await?;
            said(response, "Your password is changed, and you are signed in.")
        }
        Purpose::SignIn => {
            let response = sign_in_and_redirect(state, headers, used.user, paths::COURSES).await?;
            if used.password_gone { said(response, PASSWORD_GONE) } else { response }
        }
    })
}

/// `POST /account`: a new name, an end of sessions, or the confirming mail once more.
pub async fn account(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let (user, here) = (user(&request), session(&state, request.headers()).unwrap_or_default());
    let from = ClientInfo::of(&request).address;
    let done = async {
        let user = user?;
        match posted.get("do") {
            "rename" => service::rename(&state.db, user.id, posted.get("name")).await.map(|()| "Saved."),
            "end" => {
                let session: Uuid = posted.get("session").parse().map_err(|_| Error::NotFound)?;
                service::end_sessions(&state.db, user.id, &here, Some(session)).await
            }
            "end_others" => service::end_sessions(&state.db, user.id, &here, None).await,
            "confirm" => {
                state.limits.mail(&state.db, from, &user.email).await?;
                match service::ask_to_confirm(&state.db, user.id, clock::now()).await? {
                    Some(_) => Ok("We have sent you a mail. Open the link in it."),
                    None => Ok("Your address is confirmed already."),
                }
            }
            _ => Err(Error::NotFound),
        }
    };
    match done.await {
        Ok(said) => response::with_flash(response::see_other(paths::ACCOUNT), &state.config, said),
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/password`.
pub async fn password(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let (user, here) = (user(&request), session(&state, request.headers()).unwrap_or_default());
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        let (old, new) = (posted.get("current_password"), posted.get("new_password"));
        service::change_password(&state.db, user.id, &user.email, &here, old, new).await?;
        tries.give_back(&state.db).await
    };
    match done.await {
        Ok(()) => {
            let said = "Your password is changed. Everywhere else you are signed out.";
            response::with_flash(response::see_other(paths::ACCOUNT), &state.config, said)
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/address`.
pub async fn address(State(state): State<AppState>, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let (user, from) = (user(&request), ClientInfo::of(&request).address);
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        let (new, password) = (posted.get("email"), posted.get("password"));
        state.limits.mail(&state.db, from, new).await?;
        let path = service::change_address(&state.db, user.id, &user.email, password, new, clock::now()).await?;
        tries.give_back(&state.db).await?;
        Ok(path)
    };
    match done.await {
        Ok(path) if shows_links(&state, from) => {
            posted.set("link", path);
            posted.set("password", String::new());
            form_post::render(&state, request, posted).await
        }
        Ok(_) => {
            let said = "We have written to the new address. Your account moves when you open the link there.";
            response::with_flash(response::see_other(paths::ACCOUNT), &state.config, said)
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `POST /account/delete`.
pub async fn delete(State(state): State<AppState>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let user = user(&request);
    let done = async {
        let user = user?;
        let tries = state.limits.confirm(&state.db, user.id).await?;
        service::delete(&state.db, user.id, &user.email, posted.get("password")).await?;
        tries.give_back(&state.db).await
    };
    match done.await {
        Ok(()) => {
            let gone =
                response::with_flash(response::see_other(paths::HOME), &state.config, "Your account is deleted.");
            response::with_cookie(gone, cookies::session(&state.config, "", TimeDelta::zero()))
        }
        Err(error) => refused(&state, request, posted, &error).await,
    }
}

/// `GET /account/data.json`: everything that is kept about the viewer, as a file.
pub async fn download(State(state): State<AppState>, request: Request) -> Response {
    let user = user(&request);
    let data = async { data_export::write(&state.db, user?.id).await };
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

async fn refused(state: &AppState, request: Request, posted: PostedForm, error: &Error) -> Response {
    if *error == Error::Unauthenticated {
        return response::see_other(&paths::sign_in(request.uri().path()));
    }
    form_post::render_invalid(state, request, posted, error).await
}
