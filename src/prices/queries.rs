//! Queries of the discounts by country, and of the countries of cards.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{country::Country, id::PurchaseId, money::Cents, prices::policy::PppDiscount};

/// Finds the discount of a country, if it and the feature are switched on.
pub async fn find_ppp_discount(db: impl PgExecutor<'_>, country: Country) -> sqlx::Result<Option<PppDiscount>> {
    let row = sqlx::query!(
        "select c.percent, s.minimum_in_dollars from ppp_countries c cross join pricing s
          where c.country = $1 and c.enabled and s.purchasing_power",
        country.code(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| PppDiscount {
        country,
        percent: row.percent,
        minimum_price: Cents::from_dollars(row.minimum_in_dollars),
    }))
}

/// The settings of the discounts by country.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PricingSettings {
    pub version: i64,
    pub enabled: bool,
    /// The minimum price in whole dollars.
    pub minimum_in_dollars: i32,
}

/// Returns the settings.
pub async fn read_settings(db: impl PgExecutor<'_>) -> sqlx::Result<PricingSettings> {
    sqlx::query_as!(PricingSettings, "select version, purchasing_power as enabled, minimum_in_dollars from pricing")
        .fetch_one(db)
        .await
}

/// Returns the settings and locks them until the end of the transaction.
pub async fn lock_settings(db: impl PgExecutor<'_>) -> sqlx::Result<PricingSettings> {
    sqlx::query_as!(
        PricingSettings,
        "select version, purchasing_power as enabled, minimum_in_dollars from pricing for update"
    )
    .fetch_one(db)
    .await
}

/// The stored discount of a country, and whether it is switched on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryDiscount {
    pub country: Country,
    pub percent: i32,
    pub enabled: bool,
}

/// Lists the discounts of all countries, by code.
pub async fn list_country_discounts(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<CountryDiscount>> {
    let rows =
        sqlx::query!("select country, percent, enabled from ppp_countries order by country").fetch_all(db).await?;
    let discount =
        |country: String, percent, enabled| Some(CountryDiscount { country: country.parse().ok()?, percent, enabled });
    Ok(rows.into_iter().filter_map(|row| discount(row.country, row.percent, row.enabled)).collect())
}

/// Updates the settings. A trigger increases their version.
pub async fn update_settings(db: impl PgExecutor<'_>, enabled: bool, minimum_dollars: i32) -> sqlx::Result<()> {
    sqlx::query!("update pricing set purchasing_power = $1, minimum_in_dollars = $2", enabled, minimum_dollars)
        .execute(db)
        .await
        .map(drop)
}

/// Inserts or updates discounts of countries.
pub async fn upsert_country_discounts(db: impl PgExecutor<'_>, discounts: &[CountryDiscount]) -> sqlx::Result<()> {
    let countries: Vec<_> = discounts.iter().map(|discount| discount.country.code().to_owned()).collect();
    let percents: Vec<_> = discounts.iter().map(|discount| discount.percent).collect();
    let enabled: Vec<_> = discounts.iter().map(|discount| discount.enabled).collect();
    sqlx::query!(
        "insert into ppp_countries (country, percent, enabled)
         select * from unnest($1::text[], $2::integer[], $3::boolean[])
         on conflict (country) do update set percent = excluded.percent, enabled = excluded.enabled",
        &countries,
        &percents,
        &enabled,
    )
    .execute(db)
    .await
    .map(drop)
}

/// A purchase with a discount by country, whose card's country was not fetched yet.
pub struct UncheckedCard {
    pub purchase: PurchaseId,
    pub payment_intent: String,
}

/// Lists the purchases since `since` with an unchecked card, oldest first.
pub async fn list_unchecked_cards(
    db: impl PgExecutor<'_>,
    since: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<UncheckedCard>> {
    let rows = sqlx::query!(
        r#"select id, stripe_payment_intent_id as "payment_intent!" from purchases
            where country is not null and card_checked_at is null and stripe_payment_intent_id is not null
              and created_at > $1
            order by created_at limit $2"#,
        since,
        limit,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| UncheckedCard { purchase: row.id.into(), payment_intent: row.payment_intent })
        .collect())
}

/// Stores the country of a card. Returns whether it differs from the country of the discount, or `None` when it was stored before.
pub async fn update_card_country(
    db: impl PgExecutor<'_>,
    purchase: PurchaseId,
    card_country: Option<&str>,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        "update purchases set card_country = $2, card_checked_at = $3 where id = $1 and card_checked_at is null
         returning country_differs",
        purchase.uuid(),
        card_country,
        at,
    )
    .fetch_optional(db)
    .await
}
