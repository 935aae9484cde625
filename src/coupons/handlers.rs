//! The forms of coupons. Plain posts to the page's own address: they work before, and without, wasm.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    back_office::guard,
    coupons::{input, queries, service},
    error::{Error, Result},
    id::CouponId,
    paths,
    server::{http::form_post::PostedForm, state::AppState},
};

/// `POST /admin/coupons/new`.
pub async fn create(State(state): State<AppState>, request: Request) -> Response {
    save(&state, None, request).await
}

/// `POST /admin/coupons/:coupon/edit`.
pub async fn update(State(state): State<AppState>, Path(coupon): Path<String>, request: Request) -> Response {
    save(&state, Some(coupon), request).await
}

/// Saves what was posted and goes on to the list; or shows the form again.
async fn save(state: &AppState, coupon: Option<String>, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let admin = guard::admin(state, &request);
    let saved = async {
        let admin = admin.await?.id;
        let coupon = coupon.map(|id| id.parse::<CouponId>().map_err(|_| Error::NotFound)).transpose()?;
        let (draft, errors) = input::read(&posted);
        if !errors.is_empty() {
            // An address that is none is no form either.
            if let Some(coupon) = coupon {
                queries::find(&state.db, coupon).await?.ok_or(Error::NotFound)?;
            }
            return Err(Error::Invalid(errors));
        }
        let Some(coupon) = coupon else {
            service::create(&state.db, admin, &draft).await?;
            return Ok(format!("Made {}.", draft.code));
        };
        let seen = posted.get("version").parse().unwrap_or_default();
        let said = service::update(&state.db, admin, coupon, seen, &draft).await;
        if let Err(Error::Conflict(_)) = said
            && let Some(now) = queries::find(&state.db, coupon).await?
        {
            // Whoever was told that another saved meanwhile saves over it the next time.
            posted.set("version", now.version.to_string());
        }
        said
    };
    let saved: Result<String> = saved.await;
    guard::answer(state, request, posted, saved.map(|said| (paths::ADMIN_COUPONS.to_owned(), said))).await
}
