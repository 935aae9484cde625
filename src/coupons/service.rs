//! Changes of coupons, each in one transaction with its entry in the audit log.

use sqlx::PgPool;

use crate::{
    audit,
    coupons::{
        CouponRemoval,
        input::{CouponDraft, PRODUCT_NOT_FOUND, StoredCoupon},
        queries,
    },
    error::{Error, FieldError, Result, on_constraint},
    id::{CouponId, ProductId, UserId},
};

/// Creates a coupon.
///
/// # Errors
/// [`Error::Invalid`] when another coupon has the code, or a product does not exist.
pub async fn create(db: &PgPool, admin: UserId, draft: &CouponDraft) -> Result<()> {
    let mut tx = db.begin().await?;
    let products = product_names(&mut tx, draft).await?;
    let coupon = queries::insert(&mut *tx, draft).await.map_err(duplicate_code)?;
    queries::update_products(&mut *tx, coupon, &product_ids(draft)).await.map_err(product_deleted)?;
    let summary = format!("Created the coupon {}: {} for {products}", draft.code, draft.discount.label());
    audit::service::record(&mut *tx, admin, "coupon.create", coupon.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(())
}

/// Stores a coupon that the admin edited in version `version`. Returns a message for the admin.
///
/// # Errors
/// As [`create`]; [`Error::NotFound`] without such a coupon, [`Error::Conflict`] when the stored coupon has another version.
pub async fn update(db: &PgPool, admin: UserId, coupon: CouponId, version: i64, draft: &CouponDraft) -> Result<String> {
    let mut tx = db.begin().await?;
    queries::lock(&mut *tx, coupon).await?;
    let stored = queries::find(&mut *tx, coupon).await?.ok_or(Error::NotFound)?;
    if stored.version != version {
        return Err(Error::Conflict(
            "Another admin changed this coupon in the meantime. Your input is still here. Save again to replace theirs."
                .into(),
        ));
    }
    let before = stored.draft;
    let products = (product_names(&mut tx, &before).await?, product_names(&mut tx, draft).await?);
    let changes = describe_changes(&before, draft, &products);
    if changes.is_empty() {
        return Ok(format!("No changes in {}.", draft.code));
    }
    queries::update(&mut *tx, coupon, draft).await.map_err(duplicate_code)?;
    queries::update_products(&mut *tx, coupon, &product_ids(draft)).await.map_err(product_deleted)?;
    let summary = format!("Changed the coupon {}: {}", before.code, changes.join(", "));
    audit::service::record(&mut *tx, admin, "coupon.update", coupon.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Saved {}.", draft.code))
}

/// Deletes a coupon without a checkout, and switches off any other.
///
/// # Errors
/// [`Error::NotFound`] without such a coupon, [`Error::Conflict`] when a checkout is started with it at the same time.
pub async fn remove(db: &PgPool, admin: UserId, coupon: CouponId) -> Result<CouponRemoval> {
    let mut tx = db.begin().await?;
    queries::lock(&mut *tx, coupon).await?;
    let StoredCoupon { draft: CouponDraft { code, .. }, .. } =
        queries::find(&mut *tx, coupon).await?.ok_or(Error::NotFound)?;
    let (removal, action, verb) = if queries::is_used(&mut *tx, coupon).await? {
        queries::update_active(&mut *tx, coupon, false).await?;
        (CouponRemoval::SwitchedOff, "coupon.switch_off", "Switched off")
    } else {
        queries::delete(&mut *tx, coupon).await.map_err(checkout_started)?;
        (CouponRemoval::Deleted, "coupon.delete", "Deleted")
    };
    audit::service::record(&mut *tx, admin, action, coupon.uuid(), &format!("{verb} the coupon {code}")).await?;
    tx.commit().await?;
    Ok(removal)
}

fn product_ids(draft: &CouponDraft) -> Vec<uuid::Uuid> {
    draft.products.iter().flatten().map(|product: &ProductId| product.uuid()).collect()
}

/// Returns the quoted names of the products that a coupon is for.
async fn product_names(tx: &mut sqlx::PgTransaction<'_>, draft: &CouponDraft) -> Result<String> {
    let Some(products) = &draft.products else { return Ok("every product".into()) };
    let names = queries::list_products(&mut **tx, products).await?;
    if names.len() < products.len() {
        return Err(Error::Invalid(vec![FieldError::new("products", PRODUCT_NOT_FOUND)]));
    }
    Ok(names.iter().map(|(_, name)| format!("“{name}”")).collect::<Vec<_>>().join(" and "))
}

/// Maps the violated foreign key of a checkout that was started between the check and the deletion.
fn checkout_started(error: sqlx::Error) -> Error {
    if on_constraint(&error, "checkout_attempts_coupon_id_fkey") {
        return Error::Conflict("A student started a checkout with this coupon just now. Reload the page.".into());
    }
    error.into()
}

/// Maps the violated unique index of codes.
fn duplicate_code(error: sqlx::Error) -> Error {
    if on_constraint(&error, "coupons_code_key") {
        return Error::Invalid(vec![FieldError::new("code", "Another coupon has this code. Choose another.")]);
    }
    error.into()
}

/// Maps the violated foreign key of a product that was deleted between the check and the insertion.
fn product_deleted(error: sqlx::Error) -> Error {
    if on_constraint(&error, "coupon_products_product_id_fkey") {
        return Error::Invalid(vec![FieldError::new("products", PRODUCT_NOT_FOUND)]);
    }
    error.into()
}

/// Describes each changed field for the audit log. `products` are the names of the products before and after.
fn describe_changes(before: &CouponDraft, after: &CouponDraft, products: &(String, String)) -> Vec<String> {
    let mut changes = Vec::new();
    let mut add = |is_changed: bool, description: String| {
        if is_changed {
            changes.push(description);
        }
    };
    let limit = |limit: Option<i32>| limit.map_or_else(|| "unlimited".to_owned(), |limit| limit.to_string());
    let end = |draft: &CouponDraft| draft.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string());
    add(before.code != after.code, format!("code {} → {}", before.code, after.code));
    add(before.name != after.name, format!("name “{}” → “{}”", before.name, after.name));
    add(before.discount != after.discount, format!("{} → {}", before.discount.label(), after.discount.label()));
    add(products.0 != products.1, format!("for {} → for {}", products.0, products.1));
    add(before.expires_at != after.expires_at, format!("ends {} → {}", end(before), end(after)));
    add(
        before.max_redemptions != after.max_redemptions,
        format!("maximum uses {} → {}", limit(before.max_redemptions), limit(after.max_redemptions)),
    );
    add(
        before.max_per_student != after.max_per_student,
        format!("maximum uses per student {} → {}", limit(before.max_per_student), limit(after.max_per_student)),
    );
    add(before.active != after.active, if after.active { "switched on".into() } else { "switched off".into() });
    changes
}
