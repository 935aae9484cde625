//! Changes of products. Each function is one transaction with its audit entry.

use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, FieldError, Result, on_constraint},
    id::{CourseId, ProductId, UserId},
    money::Cents,
    products::{
        Removal,
        admin_queries::{self as queries, LockedProduct},
        input::{self, ProductDraft},
    },
};

/// Creates a product. `errors` are those of parsing the form; the ones that only the database finds are added to them.
///
/// # Errors
/// [`Error::Invalid`] with the errors of all fields.
pub async fn create(db: &PgPool, admin: UserId, draft: &ProductDraft, errors: Vec<FieldError>) -> Result<()> {
    let mut tx = db.begin().await?;
    check(&mut tx, None, draft, errors).await?;
    let product = queries::insert(&mut *tx, draft).await.map_err(|error| slug_conflict(error, draft))?;
    queries::add_courses(&mut *tx, product, &draft.courses).await.map_err(missing_course)?;
    let summary = format!("Created product “{}”", draft.name);
    audit::service::record(&mut *tx, admin, "product.create", product.uuid(), &summary).await?;
    Ok(tx.commit().await?)
}

/// Updates a product, and returns whether anything changed. Without a change there is no audit entry. `errors` are as for
/// [`create`].
///
/// # Errors
/// [`Error::Conflict`] when the product no longer has the `version` that the form was opened with; [`Error::Invalid`] with the
/// errors of all fields.
pub async fn update(
    db: &PgPool,
    admin: UserId,
    product: ProductId,
    version: i64,
    draft: &ProductDraft,
    errors: Vec<FieldError>,
) -> Result<bool> {
    let mut tx = db.begin().await?;
    let LockedProduct { version: stored_version, draft: before } =
        queries::lock(&mut *tx, product).await?.ok_or(Error::NotFound)?;
    if stored_version != version {
        return Err(Error::Conflict(
            "Another admin changed this product meanwhile. What you wrote is still here; saving it again replaces theirs.".into(),
        ));
    }
    check(&mut tx, Some(product), draft, errors).await?;
    let added = difference(&draft.courses, &before.courses);
    let removed = difference(&before.courses, &draft.courses);
    let names = queries::list_courses(&mut *tx, &[&added[..], &removed[..]].concat()).await?;
    let changes = describe_changes(&before, draft, &quoted_names(&names, &added), &quoted_names(&names, &removed));
    if changes.is_empty() {
        return Ok(false);
    }
    queries::update(&mut *tx, product, draft).await.map_err(|error| slug_conflict(error, draft))?;
    if !added.is_empty() {
        queries::add_courses(&mut *tx, product, &added).await.map_err(missing_course)?;
    }
    if !removed.is_empty() {
        queries::remove_courses(&mut *tx, product, &removed).await?;
    }
    let summary = format!("Changed product “{}”: {}", before.name, changes.join(", "));
    audit::service::record(&mut *tx, admin, "product.update", product.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(true)
}

/// Deletes a product that nobody bought or may be paying for; makes any other product private.
pub async fn remove(db: &PgPool, admin: UserId, product: ProductId) -> Result<Removal> {
    let mut tx = db.begin().await?;
    let LockedProduct { draft, .. } = queries::lock(&mut *tx, product).await?.ok_or(Error::NotFound)?;
    let removal = queries::find_removal(&mut *tx, product).await?;
    let name = draft.name;
    let (action, summary) = match removal {
        Removal::Delete => {
            queries::delete_attempts(&mut *tx, product).await?;
            queries::delete(&mut *tx, product).await?;
            ("product.delete", format!("Deleted product “{name}”"))
        }
        Removal::CheckoutPending | Removal::Sold => {
            queries::set_private(&mut *tx, product).await?;
            ("product.make_private", format!("Made product “{name}” private"))
        }
    };
    audit::service::record(&mut *tx, admin, action, product.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(removal)
}

/// Checks what only the database knows: that the slug is free and that the courses exist.
async fn check(
    tx: &mut sqlx::PgTransaction<'_>,
    product: Option<ProductId>,
    draft: &ProductDraft,
    mut errors: Vec<FieldError>,
) -> Result<()> {
    if let Some(other) = queries::find_name_by_slug(&mut **tx, &draft.slug, product).await? {
        let message = format!("The address {} belongs to “{other}”. Choose another.", draft.slug);
        errors.push(FieldError::new("slug", message));
    }
    if queries::list_courses(&mut **tx, &draft.courses).await?.len() < draft.courses.len() {
        errors.push(FieldError::new("courses", input::COURSE_NOT_FOUND));
    }
    if errors.is_empty() { Ok(()) } else { Err(Error::Invalid(errors)) }
}

/// Translates the unique constraint, which fails when the slug was used by another product after [`check`].
fn slug_conflict(error: sqlx::Error, draft: &ProductDraft) -> Error {
    if on_constraint(&error, "products_slug_key") {
        let message = format!("The address {} was taken just now. Choose another.", draft.slug);
        return Error::Invalid(vec![FieldError::new("slug", message)]);
    }
    error.into()
}

/// Translates the foreign key, which fails when a course was deleted after [`check`].
fn missing_course(error: sqlx::Error) -> Error {
    if on_constraint(&error, "course_products_course_id_fkey") {
        return Error::Invalid(vec![FieldError::new("courses", input::COURSE_NOT_FOUND)]);
    }
    error.into()
}

fn difference(courses: &[CourseId], others: &[CourseId]) -> Vec<CourseId> {
    courses.iter().filter(|course| !others.contains(course)).copied().collect()
}

fn quoted_names(names: &[(CourseId, String)], courses: &[CourseId]) -> String {
    let names = names.iter().filter(|(course, _)| courses.contains(course)).map(|(_, name)| format!("“{name}”"));
    names.collect::<Vec<_>>().join(" and ")
}

/// Describes each difference between two versions of a product. `added` and `removed` are the names of courses.
fn describe_changes(before: &ProductDraft, after: &ProductDraft, added: &str, removed: &str) -> Vec<String> {
    let mut changes = Vec::new();
    let mut add_if = |differs: bool, change: String| {
        if differs {
            changes.push(change);
        }
    };
    add_if(before.name != after.name, format!("name “{}” → “{}”", before.name, after.name));
    add_if(before.slug != after.slug, format!("address {} → {}", before.slug, after.slug));
    let (old, new) = (Cents::from_dollars(before.dollars), Cents::from_dollars(after.dollars));
    add_if(old != new, format!("price {old} → {new}"));
    add_if(before.status != after.status, format!("{} → {}", before.status.value(), after.status.value()));
    let discounts = if after.purchasing_power { "discounts by country" } else { "no discounts by country" };
    add_if(before.purchasing_power != after.purchasing_power, discounts.into());
    add_if(before.description != after.description, "description".into());
    add_if(before.image_url != after.image_url, "picture".into());
    add_if(!added.is_empty(), format!("added {added}"));
    add_if(!removed.is_empty(), format!("removed {removed}"));
    changes
}
