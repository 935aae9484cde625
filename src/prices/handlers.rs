//! Writing what countries pay: one form, sent whole, and one transaction with its line in the audit log.

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State},
    response::Response,
};
use sqlx::PgPool;

use crate::{
    audit,
    back_office::guard,
    country::Country,
    error::{Error, FieldError, Result},
    fields::{whole_number, without_sign},
    id::UserId,
    paths,
    prices::queries::{self, Rate, Settings},
    server::{http::form_post::PostedForm, state::AppState},
};

/// `POST /admin/pricing`.
pub async fn save(State(state): State<AppState>, request: Request) -> Response {
    let (request, mut posted) = PostedForm::read(request).await;
    let admin = guard::admin(&state, &request);
    let saved = async {
        let admin = admin.await?;
        Ok((paths::ADMIN_PRICING.to_owned(), write(&state.db, admin.id, &mut posted).await?))
    };
    let saved = saved.await;
    guard::answer(&state, request, posted, saved).await
}

/// What was typed: the settings, and a rate for every country that was in the form or is new.
struct Draft {
    enabled: bool,
    smallest: i32,
    rates: BTreeMap<Country, (i32, bool)>,
}

/// Less than all of a price.
fn percent(typed: &str) -> Option<i32> {
    whole_number(without_sign(typed), 1..=99)
}

/// Reads the form. Everything that is wrong is said at once.
fn read(posted: &PostedForm) -> Result<Draft> {
    const PERCENT: &str = "Enter a whole number from 1 to 99.";
    let mut errors = Vec::new();
    let smallest = whole_number(without_sign(posted.get("smallest")), 0..=999_999);
    if smallest.is_none() {
        errors.push(FieldError::new("smallest", "Enter whole dollars, such as 5. 0 leaves it to Stripe’s 50 cents."));
    }
    let mut rates = BTreeMap::new();
    for (name, typed) in &posted.0 {
        let Some(country) = name.strip_prefix("percent-").and_then(|code| code.parse::<Country>().ok()) else {
            continue;
        };
        match percent(typed) {
            Some(percent) => {
                let enabled = !posted.get(&format!("on-{country}")).is_empty();
                rates.insert(country, (percent, enabled));
            }
            None => errors.push(FieldError::new(name, PERCENT)),
        }
    }
    let (added, typed) = (posted.get("country"), posted.get("new_percent"));
    match (added.parse::<Country>(), percent(typed)) {
        _ if added.is_empty() && typed.trim().is_empty() => {}
        (Ok(country), Some(percent)) => {
            rates.insert(country, (percent, true));
        }
        (Err(()), _) => errors.push(FieldError::new("country", "Choose a country.")),
        (_, None) => errors.push(FieldError::new("new_percent", PERCENT)),
    }
    match (smallest, errors.is_empty()) {
        (Some(smallest), true) => Ok(Draft { enabled: !posted.get("enabled").is_empty(), smallest, rates }),
        _ => Err(Error::Invalid(errors)),
    }
}

async fn write(db: &PgPool, admin: UserId, posted: &mut PostedForm) -> Result<String> {
    let draft = read(posted)?;
    let mut tx = db.begin().await?;
    let before = queries::lock_settings(&mut *tx).await?;
    if posted.get("version").parse() != Ok(before.version) {
        posted.set("version", before.version.to_string());
        return Err(Error::Conflict(
            "Another admin changed prices meanwhile. What you wrote is still here; saving it again replaces theirs."
                .into(),
        ));
    }
    let known: BTreeMap<_, _> = queries::list_rates(&mut *tx)
        .await?
        .into_iter()
        .map(|rate| (rate.country, (rate.percent, rate.enabled)))
        .collect();
    let changed: Vec<_> = draft.rates.iter().filter(|(country, rate)| known.get(country) != Some(rate)).collect();
    let changed: Vec<Rate> =
        changed.into_iter().map(|(&country, &(percent, enabled))| Rate { country, percent, enabled }).collect();
    let told = changes(&before, &draft, &changed, &known);
    if told.is_empty() {
        return Ok("Nothing changed.".into());
    }
    queries::set_settings(&mut *tx, draft.enabled, draft.smallest).await?;
    queries::set_rates(&mut *tx, &changed).await?;
    let summary = format!("Changed purchasing power: {}", told.join(", "));
    audit::service::record(&mut *tx, admin, "pricing.update", None, &summary).await?;
    tx.commit().await?;
    Ok("Saved.".into())
}

/// What became different, each in a few words.
fn changes(before: &Settings, after: &Draft, changed: &[Rate], known: &BTreeMap<Country, (i32, bool)>) -> Vec<String> {
    let mut told = Vec::new();
    if before.enabled != after.enabled {
        told.push(if after.enabled { "switched on".into() } else { "switched off".into() });
    }
    if before.smallest != after.smallest {
        told.push(format!("smallest price ${} → ${}", before.smallest, after.smallest));
    }
    let word = |enabled: bool| if enabled { "" } else { " (off)" };
    for Rate { country, percent, enabled } in changed {
        let was = match known.get(country) {
            Some((percent, enabled)) => format!("{percent}%{}", word(*enabled)),
            None => "nothing".into(),
        };
        told.push(format!("{} {was} → {percent}%{}", country.title(), word(*enabled)));
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("40", Some(40))]
    #[case(" 40 % ", Some(40))]
    #[case("1", Some(1))]
    #[case("99", Some(99))]
    #[case("0", None)]
    #[case("100", None)]
    #[case("-5", None)]
    #[case("+5", None)]
    #[case("4.5", None)]
    #[case("", None)]
    #[case("99999999999999999999", None)]
    fn a_percentage_is_whole_and_less_than_all(#[case] typed: &str, #[case] read: Option<i32>) {
        assert_eq!(percent(typed), read);
    }
}
