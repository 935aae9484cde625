//! What is asked of the database about purchasing power.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use crate::{country::Country, id::PurchaseId, money::Cents, prices::policy::PppDiscount};

/// What people pay less in a country, where they do.
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
        smallest: Cents::from_dollars(row.minimum_in_dollars),
    }))
}

/// The settings of all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub version: i64,
    pub enabled: bool,
    pub smallest: i32,
}

pub async fn find_settings(db: impl PgExecutor<'_>) -> sqlx::Result<Settings> {
    sqlx::query_as!(
        Settings,
        "select version, purchasing_power as enabled, minimum_in_dollars as smallest from pricing"
    )
    .fetch_one(db)
    .await
}

/// The settings, held until the transaction ends.
pub async fn lock_settings(db: impl PgExecutor<'_>) -> sqlx::Result<Settings> {
    sqlx::query_as!(
        Settings,
        "select version, purchasing_power as enabled, minimum_in_dollars as smallest from pricing for update"
    )
    .fetch_one(db)
    .await
}

/// What a country pays less, and whether that counts now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    pub country: Country,
    pub percent: i32,
    pub enabled: bool,
}

/// All there are, which is at most one for each country.
pub async fn list_rates(db: impl PgExecutor<'_>) -> sqlx::Result<Vec<Rate>> {
    let rows =
        sqlx::query!("select country, percent, enabled from ppp_countries order by country").fetch_all(db).await?;
    let rate = |country: String, percent, enabled| Some(Rate { country: country.parse().ok()?, percent, enabled });
    Ok(rows.into_iter().filter_map(|row| rate(row.country, row.percent, row.enabled)).collect())
}

/// Writes the settings, and counts their version further.
pub async fn set_settings(db: impl PgExecutor<'_>, enabled: bool, smallest: i32) -> sqlx::Result<()> {
    sqlx::query!("update pricing set purchasing_power = $1, minimum_in_dollars = $2", enabled, smallest)
        .execute(db)
        .await
        .map(drop)
}

pub async fn set_rates(db: impl PgExecutor<'_>, rates: &[Rate]) -> sqlx::Result<()> {
    let countries: Vec<_> = rates.iter().map(|rate| rate.country.code().to_owned()).collect();
    let percents: Vec<_> = rates.iter().map(|rate| rate.percent).collect();
    let enabled: Vec<_> = rates.iter().map(|rate| rate.enabled).collect();
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

/// A sale whose price was made for a country, and whose card is still to be asked for.
pub struct DueCard {
    pub purchase: PurchaseId,
    pub payment_intent: String,
}

/// Sales since `since` whose card is still to be asked for, oldest first.
pub async fn list_due_cards(db: impl PgExecutor<'_>, since: DateTime<Utc>, limit: i64) -> sqlx::Result<Vec<DueCard>> {
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
    Ok(rows.into_iter().map(|row| DueCard { purchase: row.id.into(), payment_intent: row.payment_intent }).collect())
}

/// Remembers of which country the card was. Answers whether it is another than the price was made for; nothing when it was
/// remembered before.
pub async fn set_card(
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

/// Attempts that hold a coupon and can no longer be paid comfortably: they let go of it. A late payment is still honoured.
pub async fn expire_holding_attempts(db: impl PgExecutor<'_>, before: DateTime<Utc>) -> sqlx::Result<u64> {
    let result = sqlx::query!(
        "update checkout_attempts a set state = 'expired'
           from coupon_redemptions r
          where r.attempt_id = a.id and r.state = 'reserved'
            and a.state = 'open' and a.submitted_at is null and a.expires_at < $1",
        before,
    )
    .execute(db)
    .await?;
    Ok(result.rows_affected())
}
