//! Server functions of the discounts by country, for admins. They are stored by a form post, see `handlers`.

use leptos::prelude::*;

use crate::{error::Result, prices::PricingForm, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    country::Country,
    prices::{CountryRow, CountrySource, queries},
    server::http::request_context::{AdminContext, extract},
};

/// Returns the settings with the discounts of all countries.
#[server(output = Json)]
pub async fn get_pricing() -> Result<PricingForm> {
    let AdminContext { db, state, .. } = extract().await?;
    let settings = queries::read_settings(&db).await?;
    let discounts = queries::list_country_discounts(&db).await?;
    let mut countries: Vec<_> = discounts
        .iter()
        .map(|discount| CountryRow {
            code: discount.country.code().into(),
            name: discount.country.title().into(),
            percent: discount.percent,
            enabled: discount.enabled,
        })
        .collect();
    countries.sort_by(|a, b| a.name.cmp(&b.name));
    let has_discount = |country: &Country| discounts.iter().any(|discount| discount.country == *country);
    let others = Country::all().into_iter().filter(|country| !has_discount(country));
    let client_ip = &state.config.client_ip;
    let header = client_ip.country_header.as_ref().map(ToString::to_string);
    Ok(PricingForm {
        version: settings.version,
        enabled: settings.enabled,
        minimum_price: settings.minimum_in_dollars,
        countries,
        other_countries: others.map(|country| (country.code().into(), country.title().into())).collect(),
        country_source: match (header, &client_ip.geoip) {
            (None, None) => CountrySource::None,
            (Some(header), None) => CountrySource::Header(header),
            (None, Some(_)) => CountrySource::Database,
            (Some(header), Some(_)) => CountrySource::HeaderOrDatabase(header),
        },
    })
}
