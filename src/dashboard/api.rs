//! Server function of the dashboard.

use leptos::prelude::*;

use crate::{dashboard::Dashboard, error::Result, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    dashboard::{SalesReport, queries, time_zone as zones},
    platform::clock,
    server::http::request_context::{AdminContext, extract},
};
#[cfg(feature = "ssr")]
use chrono::{DateTime, Utc};
#[cfg(feature = "ssr")]
use sqlx::PgPool;

/// Returns the totals of the school and its sales of the last 30 or 365 days. The days are those of `zone`, else of the zone in the
/// browser's cookie, else of UTC. For admins.
#[server(output = Json)]
pub async fn get_dashboard(days: u32, zone: Option<String>) -> Result<Dashboard> {
    let AdminContext { db, .. } = extract().await?;
    let days = if days > 30 { 365 } else { 30 };
    let zone = zone.or_else(zones::from_cookie).filter(|zone| zones::is_name(zone));
    let (overview, report) =
        futures::try_join!(queries::find_overview(&db), sales_report_in(&db, zone.as_deref(), days, clock::now()))?;
    Ok(Dashboard { overview, report })
}

/// Finds the sales report in a zone, or in UTC when PostgreSQL does not know the zone.
#[cfg(feature = "ssr")]
async fn sales_report_in(db: &PgPool, zone: Option<&str>, days: i32, now: DateTime<Utc>) -> sqlx::Result<SalesReport> {
    let zone = zone.unwrap_or(zones::UTC);
    match queries::find_sales_report(db, zone, days, now).await {
        // 22023 is `invalid_parameter_value`.
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some("22023") && zone != zones::UTC => {
            queries::find_sales_report(db, zones::UTC, days, now).await
        }
        report => report,
    }
}
