//! Form posts that create and update a product. They carry a picture as a file, and work without JavaScript.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};

use crate::{
    error::{Error, FieldError, Result},
    id::{ProductId, UserId},
    paths, pictures,
    platform::response,
    products::{admin_queries, input, service},
    server::{
        http::{
            form_post::{self, PostedForm},
            viewer::AdminUser,
        },
        state::AppState,
    },
};

/// `POST /admin/products/new`: creates a product and redirects to the list.
pub async fn create(State(state): State<AppState>, AdminUser(admin): AdminUser, request: Request) -> Response {
    save(&state, admin.id, None, request).await
}

/// `POST /admin/products/:product/edit`: updates a product and redirects to the list.
pub async fn update(
    State(state): State<AppState>,
    AdminUser(admin): AdminUser,
    Path(product): Path<String>,
    request: Request,
) -> Response {
    save(&state, admin.id, Some(product), request).await
}

/// Saves the posted product. An invalid form is rendered again, with the picture that was uploaded.
async fn save(state: &AppState, admin: UserId, product: Option<String>, request: Request) -> Response {
    let (request, mut posted, upload) = PostedForm::read_with_file(request, "upload", pictures::MAX_UPLOAD_BYTES).await;
    let saved = async {
        let product = product.map(|id| id.parse::<ProductId>().map_err(|_| Error::NotFound)).transpose()?;
        save_posted(state, admin, product, &mut posted, upload).await
    };
    match saved.await {
        Ok(message) => response::with_flash(response::see_other(paths::ADMIN_PRODUCTS), &state.config, &message),
        Err(error) => form_post::render_invalid(state, request, posted, &error).await,
    }
}

/// Stores the picture first, so that it need not be uploaded again when another field is invalid; then creates or updates the
/// product. Returns the message for the next page.
async fn save_posted(
    state: &AppState,
    admin: UserId,
    product: Option<ProductId>,
    posted: &mut PostedForm,
    upload: Option<Vec<u8>>,
) -> Result<String> {
    let mut errors = Vec::new();
    if let Some(file) = upload {
        match pictures::store::store(&state.db, file).await {
            Ok(path) => posted.set("image_url", path),
            Err(Error::Rejected(reason)) => errors.push(FieldError::new("upload", reason)),
            Err(error) => return Err(error),
        }
    }
    let (draft, parse_errors) = input::parse(posted);
    errors.extend(parse_errors);
    let Some(product) = product else {
        service::create(&state.db, admin, &draft, errors).await?;
        return Ok(format!("Created “{}”.", draft.name));
    };
    let version = posted.get("version").parse().unwrap_or_default();
    match service::update(&state.db, admin, product, version, &draft, errors).await {
        Ok(true) => Ok(format!("Saved “{}”.", draft.name)),
        Ok(false) => Ok(format!("“{}” has no changes.", draft.name)),
        Err(error) => {
            // After a conflict the form has the new version, so that saving it again replaces the other admin's changes.
            if let Error::Conflict(_) = error
                && let Some(stored) = admin_queries::find_form(&state.db, product).await?
            {
                posted.set("version", stored.version.to_string());
            }
            Err(error)
        }
    }
}
