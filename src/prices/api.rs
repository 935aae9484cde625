//! What an admin may ask about purchasing power. Writing it is a form post, see `forms`.

use leptos::prelude::*;

use crate::{error::Result, prices::PricingForm, wire::Json};

#[cfg(feature = "ssr")]
use crate::{
    country::Country,
    prices::{CountryRow, Source, queries},
    server::http::request_context::{AdminContext, RequestContext},
};

/// The settings of purchasing power, with every country that has one. For admins.
#[server(output = Json)]
pub async fn get_pricing() -> Result<PricingForm> {
    let AdminContext { db, state, .. } = RequestContext::admin().await?;
    let settings = queries::find_settings(&db).await?;
    let rates = queries::list_rates(&db).await?;
    let mut countries: Vec<_> = rates
        .iter()
        .map(|rate| CountryRow {
            code: rate.country.code().into(),
            name: rate.country.title().into(),
            percent: rate.percent,
            enabled: rate.enabled,
        })
        .collect();
    countries.sort_by(|a, b| a.name.cmp(&b.name));
    let listed = |country: &Country| rates.iter().any(|rate| rate.country == *country);
    let others = Country::all().into_iter().filter(|country| !listed(country));
    let visitors = &state.config.client_ip;
    let header = visitors.country_header.as_ref().map(ToString::to_string);
    Ok(PricingForm {
        version: settings.version,
        enabled: settings.enabled,
        smallest: settings.smallest,
        countries,
        others: others.map(|country| (country.code().into(), country.title().into())).collect(),
        source: match (header, &visitors.geoip) {
            (None, None) => Source::Nothing,
            (Some(header), None) => Source::Header(header),
            (None, Some(_)) => Source::Database,
            (Some(header), Some(_)) => Source::Both(header),
        },
    })
}
