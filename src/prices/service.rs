//! Changes of the discounts by country, in one transaction with their entry in the audit log.

use std::collections::BTreeMap;

use sqlx::PgPool;

use crate::{
    audit,
    country::Country,
    error::{Error, Result},
    id::UserId,
    prices::{
        input::PricingDraft,
        queries::{self, CountryDiscount, PricingSettings},
    },
};

/// Stores the settings that an admin edited in version `version`. Returns whether anything changed.
///
/// # Errors
/// [`Error::Conflict`] when the stored settings have another version.
pub async fn update(db: &PgPool, admin: UserId, version: i64, draft: &PricingDraft) -> Result<bool> {
    let mut tx = db.begin().await?;
    let before = queries::lock_settings(&mut *tx).await?;
    if before.version != version {
        return Err(Error::Conflict(
            "Another admin changed prices in the meantime. Your input is still here. Save again to replace theirs."
                .into(),
        ));
    }
    let stored: BTreeMap<_, _> = queries::list_country_discounts(&mut *tx)
        .await?
        .into_iter()
        .map(|discount| (discount.country, (discount.percent, discount.enabled)))
        .collect();
    let changed: Vec<_> = draft
        .countries
        .iter()
        .filter(|(country, discount)| stored.get(country) != Some(discount))
        .map(|(&country, &(percent, enabled))| CountryDiscount { country, percent, enabled })
        .collect();
    let changes = describe_changes(&before, draft, &changed, &stored);
    if changes.is_empty() {
        return Ok(false);
    }
    queries::update_settings(&mut *tx, draft.enabled, draft.minimum_dollars).await?;
    queries::upsert_country_discounts(&mut *tx, &changed).await?;
    let summary = format!("Changed purchasing power: {}", changes.join(", "));
    audit::service::record(&mut *tx, admin, "pricing.update", None, &summary).await?;
    tx.commit().await?;
    Ok(true)
}

/// Describes each change for the audit log. `stored` has percent and state of each country before the change.
fn describe_changes(
    before: &PricingSettings,
    after: &PricingDraft,
    changed: &[CountryDiscount],
    stored: &BTreeMap<Country, (i32, bool)>,
) -> Vec<String> {
    let mut changes = Vec::new();
    if before.enabled != after.enabled {
        changes.push(if after.enabled { "switched on".into() } else { "switched off".into() });
    }
    if before.minimum_in_dollars != after.minimum_dollars {
        changes.push(format!("minimum price ${} → ${}", before.minimum_in_dollars, after.minimum_dollars));
    }
    let suffix = |enabled: bool| if enabled { "" } else { " (off)" };
    for CountryDiscount { country, percent, enabled } in changed {
        let previous = match stored.get(country) {
            Some((percent, enabled)) => format!("{percent}%{}", suffix(*enabled)),
            None => "nothing".into(),
        };
        changes.push(format!("{} {previous} → {percent}%{}", country.title(), suffix(*enabled)));
    }
    changes
}
