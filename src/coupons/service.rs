//! Writing coupons. Each is one transaction with its line in the audit log.

use sqlx::PgPool;

use crate::{
    audit,
    coupons::{
        Removal,
        input::{self, Draft, Written},
        policy, queries,
    },
    error::{Error, FieldError, Result, on_constraint},
    id::{CouponId, ProductId, UserId},
};

/// What a coupon has no need to say of its products.
const ALL: &str = "every product";

pub async fn create(db: &PgPool, admin: UserId, draft: &Draft) -> Result<()> {
    let mut tx = db.begin().await?;
    let products = named(&mut tx, draft).await?;
    let coupon = queries::insert(&mut *tx, draft).await.map_err(taken)?;
    queries::set_products(&mut *tx, coupon, &ids(draft)).await.map_err(gone)?;
    let summary = format!("Made the coupon {}: {} for {products}", draft.code, policy::words(draft.off));
    audit::service::record(&mut *tx, admin, "coupon.create", coupon.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(())
}

/// Saves what an admin wrote who saw version `seen`. Answers what to say.
pub async fn update(db: &PgPool, admin: UserId, coupon: CouponId, seen: i64, draft: &Draft) -> Result<String> {
    let mut tx = db.begin().await?;
    queries::lock(&mut *tx, coupon).await?;
    let Written { version, draft: before, .. } = queries::find(&mut *tx, coupon).await?.ok_or(Error::NotFound)?;
    if version != seen {
        return Err(Error::Conflict(
            "Another admin changed this coupon meanwhile. What you wrote is still here; saving it again replaces theirs."
                .into(),
        ));
    }
    let (was, is) = (named(&mut tx, &before).await?, named(&mut tx, draft).await?);
    let changes = changes(&before, draft, &was, &is);
    if changes.is_empty() {
        return Ok(format!("Nothing changed in {}.", draft.code));
    }
    queries::update(&mut *tx, coupon, draft).await.map_err(taken)?;
    queries::set_products(&mut *tx, coupon, &ids(draft)).await.map_err(gone)?;
    let summary = format!("Changed the coupon {}: {}", before.code, changes.join(", "));
    audit::service::record(&mut *tx, admin, "coupon.update", coupon.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(format!("Saved {}.", draft.code))
}

/// Deletes a coupon that nobody ever began to pay with; switches any other off.
pub async fn remove(db: &PgPool, admin: UserId, coupon: CouponId) -> Result<Removal> {
    let mut tx = db.begin().await?;
    queries::lock(&mut *tx, coupon).await?;
    let Written { draft: Draft { code, .. }, .. } = queries::find(&mut *tx, coupon).await?.ok_or(Error::NotFound)?;
    let (removal, action, verb) = if queries::is_used(&mut *tx, coupon).await? {
        queries::set_active(&mut *tx, coupon, false).await?;
        (Removal::SwitchedOff, "coupon.switch_off", "Switched off")
    } else {
        queries::delete(&mut *tx, coupon).await.map_err(begun)?;
        (Removal::Deleted, "coupon.delete", "Deleted")
    };
    audit::service::record(&mut *tx, admin, action, coupon.uuid(), &format!("{verb} the coupon {code}")).await?;
    tx.commit().await?;
    Ok(removal)
}

fn ids(draft: &Draft) -> Vec<uuid::Uuid> {
    draft.products.iter().flatten().map(|product: &ProductId| product.uuid()).collect()
}

/// The products that it is for, by name.
async fn named(tx: &mut sqlx::PgTransaction<'_>, draft: &Draft) -> Result<String> {
    let Some(products) = &draft.products else { return Ok(ALL.into()) };
    let names = queries::list_products(&mut **tx, products).await?;
    if names.len() < products.len() {
        return Err(Error::Invalid(vec![FieldError::new("products", input::GONE)]));
    }
    Ok(names.iter().map(|(_, name)| format!("“{name}”")).collect::<Vec<_>>().join(" and "))
}

/// Somebody began to pay with it between the look and the deletion.
fn begun(error: sqlx::Error) -> Error {
    if on_constraint(&error, "checkout_attempts_coupon_id_fkey") {
        return Error::Conflict("Somebody began to pay with it just now. Look at it again.".into());
    }
    error.into()
}

/// The code is another coupon's.
fn taken(error: sqlx::Error) -> Error {
    if on_constraint(&error, "coupons_code_key") {
        return Error::Invalid(vec![FieldError::new("code", "Another coupon has this code. Choose another.")]);
    }
    error.into()
}

/// Somebody deleted a product between the look and the write.
fn gone(error: sqlx::Error) -> Error {
    if on_constraint(&error, "coupon_products_product_id_fkey") {
        return Error::Invalid(vec![FieldError::new("products", input::GONE)]);
    }
    error.into()
}

/// What became different, each in a few words.
fn changes(before: &Draft, after: &Draft, was: &str, is: &str) -> Vec<String> {
    let mut changes = Vec::new();
    let mut tell = |differs: bool, words: String| {
        if differs {
            changes.push(words);
        }
    };
    let limit = |limit: Option<i32>| limit.map_or_else(|| "any".to_owned(), |limit| limit.to_string());
    let end = |draft: &Draft| draft.expires_at.map_or_else(|| "never".to_owned(), |end| end.to_string());
    tell(before.code != after.code, format!("code {} → {}", before.code, after.code));
    tell(before.name != after.name, format!("name “{}” → “{}”", before.name, after.name));
    tell(before.off != after.off, format!("{} → {}", policy::words(before.off), policy::words(after.off)));
    tell(was != is, format!("for {was} → for {is}"));
    tell(before.expires_at != after.expires_at, format!("ends {} → {}", end(before), end(after)));
    tell(before.most != after.most, format!("uses in all {} → {}", limit(before.most), limit(after.most)));
    tell(before.each != after.each, format!("uses by a student {} → {}", limit(before.each), limit(after.each)));
    tell(before.active != after.active, if after.active { "switched on".into() } else { "switched off".into() });
    changes
}
