//! The forms of coupons, plain posts to the address of their page. They work without JavaScript.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    coupons::{input, queries, service},
    error::{Error, Result},
    id::{CouponId, UserId},
    paths,
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

/// `POST /admin/coupons/new`.
pub async fn create(State(state): State<AppState>, AdminUser(admin): AdminUser, request: Request) -> Response {
    save(&state, admin.id, None, request).await
}

/// `POST /admin/coupons/:coupon/edit`.
pub async fn update(
    State(state): State<AppState>,
    AdminUser(admin): AdminUser,
    Path(coupon): Path<String>,
    request: Request,
) -> Response {
    save(&state, admin.id, Some(coupon), request).await
}

/// Stores the posted coupon and redirects to the list, or renders the form again with its errors.
async fn save(state: &AppState, admin: UserId, coupon: Option<String>, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let saved = async {
        let coupon = coupon.map(|id| id.parse::<CouponId>().map_err(|_| Error::NotFound)).transpose()?;
        let (draft, errors) = input::parse(&posted);
        if !errors.is_empty() {
            // The page of a coupon that does not exist has no form to show the errors in.
            if let Some(coupon) = coupon {
                queries::find(&state.db, coupon).await?.ok_or(Error::NotFound)?;
            }
            return Err(Error::Invalid(errors));
        }
        let Some(coupon) = coupon else {
            service::create(&state.db, admin, &draft).await?;
            return Ok(format!("Created {}.", draft.code));
        };
        let version = posted.get("version").parse().unwrap_or_default();
        let result = service::update(&state.db, admin, coupon, version, &draft).await;
        if let Err(Error::Conflict(_)) = result
            && let Some(stored) = queries::find(&state.db, coupon).await?
        {
            // The form shown again has the current version, so that saving it again replaces the other change.
            posted.set("version", stored.version.to_string());
        }
        result
    };
    let saved: Result<String> = saved.await;
    form_post::respond(state, request, posted, saved.map(|message| (paths::ADMIN_COUPONS.to_owned(), message))).await
}
