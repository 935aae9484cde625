//! Writing products: the form behind New product and Edit, and what deleting comes to. Each is one transaction with its line in the
//! audit log.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use sqlx::PgPool;

use crate::{
    audit,
    back_office::guard,
    error::{Error, FieldError, Result, on_constraint},
    id::{CourseId, ProductId, UserId},
    money::Cents,
    paths, pictures,
    platform::response,
    products::{
        ProductStatus, Removal,
        admin_queries::{self as queries, Held},
        input::{self, Draft},
    },
    server::{http::form_post::PostedForm, state::AppState},
};

/// `POST /admin/products/new`.
pub async fn create(State(state): State<AppState>, request: Request) -> Response {
    save(&state, None, request).await
}

/// `POST /admin/products/:product/edit`.
pub async fn change(State(state): State<AppState>, Path(product): Path<String>, request: Request) -> Response {
    save(&state, Some(product), request).await
}

/// Saves what was posted and goes on to the list; or shows the form again, with the picture that was uploaded.
async fn save(state: &AppState, product: Option<String>, request: Request) -> Response {
    // Who may not write is not listened to: a file is long.
    let admin = match guard::admin(state, &request).await {
        Ok(admin) => admin.id,
        Err(error) => return guard::refused(state, request, PostedForm(Vec::new()), &error).await,
    };
    let (request, mut posted, upload) = PostedForm::read_with_file(request, "upload", pictures::MAX_UPLOAD_BYTES).await;
    let saved = async {
        let product = product.map(|id| id.parse::<ProductId>().map_err(|_| Error::NotFound)).transpose()?;
        take_in(&state.db, admin, product, &mut posted, upload).await
    };
    match saved.await {
        Ok(said) => response::with_flash(response::see_other(paths::ADMIN_PRODUCTS), &state.config, &said),
        Err(error) => guard::refused(state, request, posted, &error).await,
    }
}

/// Stores the picture, so that it is kept whatever becomes of the rest, then reads the form and writes the product.
async fn take_in(
    db: &PgPool,
    admin: UserId,
    product: Option<ProductId>,
    posted: &mut PostedForm,
    upload: Option<Vec<u8>>,
) -> Result<String> {
    let mut errors = Vec::new();
    if let Some(file) = upload {
        match pictures::store::store(db, file).await {
            Ok(address) => posted.set("image_url", address),
            Err(Error::Rejected(why)) => errors.push(FieldError::new("upload", why)),
            Err(error) => return Err(error),
        }
    }
    let (draft, wrong) = input::read(posted);
    errors.extend(wrong);
    match product {
        None => insert(db, admin, &draft, errors).await,
        Some(product) => {
            let seen = posted.get("version").parse().unwrap_or_default();
            let said = update(db, admin, product, seen, &draft, errors).await;
            if let Err(Error::Conflict(_)) = said
                && let Some(now) = queries::find_form(db, product).await?
            {
                // Whoever was told that another saved meanwhile saves over it the next time.
                posted.set("version", now.version.to_string());
            }
            said
        }
    }
}

async fn insert(db: &PgPool, admin: UserId, draft: &Draft, mut errors: Vec<FieldError>) -> Result<String> {
    let mut tx = db.begin().await?;
    check(&mut tx, None, draft, &mut errors).await?;
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let product = queries::insert(&mut *tx, draft).await.map_err(|error| taken(error, draft))?;
    queries::add_courses(&mut *tx, product, &draft.courses).await.map_err(gone)?;
    let name = &draft.name;
    audit::service::record(&mut *tx, admin, "product.create", product.uuid(), &format!("Made the product “{name}”"))
        .await?;
    tx.commit().await?;
    Ok(format!("Made “{name}”."))
}

async fn update(
    db: &PgPool,
    admin: UserId,
    product: ProductId,
    seen: i64,
    draft: &Draft,
    mut errors: Vec<FieldError>,
) -> Result<String> {
    let mut tx = db.begin().await?;
    let Held { version, draft: before } = queries::hold(&mut *tx, product).await?.ok_or(Error::NotFound)?;
    if version != seen {
        return Err(Error::Conflict(
            "Another admin changed this product meanwhile. What you wrote is still here; saving it again replaces theirs.".into(),
        ));
    }
    check(&mut tx, Some(product), draft, &mut errors).await?;
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let added = without(&draft.courses, &before.courses);
    let taken_out = without(&before.courses, &draft.courses);
    let names = queries::list_courses(&mut *tx, &[&added[..], &taken_out[..]].concat()).await?;
    let changes = changes(&before, draft, &named(&names, &added), &named(&names, &taken_out));
    if changes.is_empty() {
        return Ok(format!("Nothing changed in “{}”.", draft.name));
    }
    queries::update(&mut *tx, product, draft).await.map_err(|error| taken(error, draft))?;
    if !added.is_empty() {
        queries::add_courses(&mut *tx, product, &added).await.map_err(gone)?;
    }
    if !taken_out.is_empty() {
        queries::take_courses(&mut *tx, product, &taken_out).await?;
    }
    let summary = format!("Changed the product “{}”: {}", before.name, changes.join(", "));
    audit::service::record(&mut *tx, admin, "product.update", product.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Saved “{}”.", draft.name))
}

/// What only the database knows: whose address it is, and which courses there are.
async fn check(
    tx: &mut sqlx::PgTransaction<'_>,
    product: Option<ProductId>,
    draft: &Draft,
    errors: &mut Vec<FieldError>,
) -> Result<()> {
    if let Some(other) = queries::find_name_of_slug(&mut **tx, &draft.slug, product).await? {
        let words = format!("The address {} belongs to “{other}”. Choose another.", draft.slug);
        errors.push(FieldError::new("slug", words));
    }
    if queries::list_courses(&mut **tx, &draft.courses).await?.len() < draft.courses.len() {
        errors.push(FieldError::new("courses", input::GONE));
    }
    Ok(())
}

/// Somebody took the address between the look and the write.
fn taken(error: sqlx::Error, draft: &Draft) -> Error {
    if on_constraint(&error, "products_slug_key") {
        let words = format!("The address {} was taken just now. Choose another.", draft.slug);
        return Error::Invalid(vec![FieldError::new("slug", words)]);
    }
    error.into()
}

/// Somebody deleted a course between the look and the write.
fn gone(error: sqlx::Error) -> Error {
    if on_constraint(&error, "course_products_course_id_fkey") {
        return Error::Invalid(vec![FieldError::new("courses", input::GONE)]);
    }
    error.into()
}

fn without(these: &[CourseId], those: &[CourseId]) -> Vec<CourseId> {
    these.iter().filter(|course| !those.contains(course)).copied().collect()
}

fn named(names: &[(CourseId, String)], courses: &[CourseId]) -> String {
    let names = names.iter().filter(|(course, _)| courses.contains(course)).map(|(_, name)| format!("“{name}”"));
    names.collect::<Vec<_>>().join(" and ")
}

/// What became different, each in a few words.
fn changes(before: &Draft, after: &Draft, added: &str, taken_out: &str) -> Vec<String> {
    let mut changes = Vec::new();
    let mut tell = |differs: bool, words: String| {
        if differs {
            changes.push(words);
        }
    };
    tell(before.name != after.name, format!("name “{}” → “{}”", before.name, after.name));
    tell(before.slug != after.slug, format!("address {} → {}", before.slug, after.slug));
    let (old, new) = (Cents::from_dollars(before.dollars), Cents::from_dollars(after.dollars));
    tell(old != new, format!("price {old} → {new}"));
    tell(before.status != after.status, format!("{} → {}", word(before.status), word(after.status)));
    let everywhere = if after.purchasing_power { "purchasing power counts" } else { "the same price everywhere" };
    tell(before.purchasing_power != after.purchasing_power, everywhere.into());
    tell(before.description != after.description, "description rewritten".into());
    tell(before.image_url != after.image_url, "another picture".into());
    tell(!added.is_empty(), format!("added {added}"));
    tell(!taken_out.is_empty(), format!("took out {taken_out}"));
    changes
}

const fn word(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Public => "public",
        ProductStatus::Private => "private",
    }
}

/// Deletes a product that nobody bought or may be paying for; makes any other private.
pub async fn remove(db: &PgPool, admin: UserId, product: ProductId) -> Result<Removal> {
    let mut tx = db.begin().await?;
    let Held { draft, .. } = queries::hold(&mut *tx, product).await?.ok_or(Error::NotFound)?;
    let removal = queries::find_removal(&mut *tx, product).await?;
    let name = draft.name;
    let (action, summary) = match removal {
        Removal::Delete => {
            queries::delete_attempts(&mut *tx, product).await?;
            queries::delete(&mut *tx, product).await?;
            ("product.delete", format!("Deleted the product “{name}”"))
        }
        Removal::Awaited | Removal::Sold => {
            queries::set_private(&mut *tx, product).await?;
            ("product.make_private", format!("Made the product “{name}” private"))
        }
    };
    audit::service::record(&mut *tx, admin, action, product.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(removal)
}
