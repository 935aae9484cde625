//! Changes of the school's settings, in one transaction with their entry in the audit log.

use sqlx::PgPool;

use crate::{
    audit,
    error::{Error, Result},
    id::UserId,
    school::{SchoolForm, queries},
};

/// Stores the settings. Returns whether anything changed.
///
/// # Errors
/// [`Error::Conflict`] when the stored settings have another version than the form.
pub async fn update(db: &PgPool, admin: UserId, form: &SchoolForm) -> Result<bool> {
    let mut tx = db.begin().await?;
    let before = queries::lock(&mut *tx).await?;
    if before.version != form.version {
        return Err(Error::Conflict(
            "Another admin changed the school in the meantime. Your input is still here. Save again to replace theirs."
                .into(),
        ));
    }
    let changes = describe_changes(&before, form);
    if changes.is_empty() {
        return Ok(false);
    }
    queries::update(&mut *tx, form).await?;
    let summary = format!("Changed the school: {}", changes.join(", "));
    audit::service::record(&mut *tx, admin, "school.update", None, &summary).await?;
    tx.commit().await?;
    Ok(true)
}

/// Describes each changed setting for the audit log.
fn describe_changes(before: &SchoolForm, after: &SchoolForm) -> Vec<String> {
    let fields = [
        ("name", &before.name, &after.name),
        ("sentence", &before.tagline, &after.tagline),
        ("seller", &before.seller_name, &after.seller_name),
        ("address", &before.seller_address, &after.seller_address),
    ];
    let quoted =
        |text: &String| if text.is_empty() { "nothing".into() } else { format!("“{}”", text.replace('\n', ", ")) };
    fields
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(label, before, after)| format!("{label} {} → {}", quoted(before), quoted(after)))
        .collect()
}
