//! The form of the discounts by country.

use leptos::prelude::*;

use crate::{
    form::FormState,
    paths,
    prices::{CountryRow, CountrySource, PricingForm},
    ui::{Button, CheckCell, CheckField, Field, Form, FormErrors, NumberCell, PageHeader, Row, SelectField, Table},
};

/// The form, with the values that were `sent` when they were rejected, else with the stored ones.
#[component]
pub fn PricingEditor(form: PricingForm, sent: FormState) -> impl IntoView {
    let PricingForm { version, enabled, minimum_price, countries, other_countries, country_source } = form;
    let rows = countries.into_iter().map(|country| country_row(country, &sent)).collect_view();
    let version = value(&sent, "version", version.to_string());
    let minimum_price = value(&sent, "minimum_price", minimum_price.to_string());
    view! {
        <PageHeader
            title="Pricing"
            lead="Discounts by country, based on purchasing power. A coupon replaces the discount when it gives a lower price."
        />
        <Form action=paths::ADMIN_PRICING label="Pricing">
            <FormErrors errors=sent.messages() />
            <p>{describe_source(country_source)}</p>
            <input type="hidden" name="version" value=version />
            <CheckField
                label="Purchasing power"
                name="enabled"
                checked=is_checked(&sent, "enabled", enabled)
                hint="When off, all students pay the full price. A product can be excluded in its own form."
            />
            <Field
                label="Minimum price in US dollars"
                name="minimum_price"
                value=minimum_price
                error=sent.error("minimum_price")
                required=true
                inputmode="numeric"
                autocomplete="off"
                maxlength=10_u32
                hint="The discount never lowers a price below it. Lower list prices stay as they are."
            />
            <Table caption="Countries" head=vec!["Country", "Percent off", "Enabled"] numeric=vec![1]>
                {rows}
            </Table>
            {new_country_fields(other_countries, &sent)}
            <Row>
                <Button>"Save"</Button>
            </Row>
        </Form>
    }
}

fn country_row(country: CountryRow, sent: &FormState) -> impl IntoView + use<> {
    let CountryRow { code, name, percent, enabled } = country;
    let (percent_field, enabled_field) = (format!("percent-{code}"), format!("on-{code}"));
    let (percent, error) = (value(sent, &percent_field, percent.to_string()), sent.error(&percent_field));
    let enabled = is_checked(sent, &enabled_field, enabled);
    view! {
        <tr>
            <th scope="row">{name.clone()}</th>
            <td>
                <NumberCell name=percent_field label=format!("Percent off in {name}") value=percent error=error />
            </td>
            <td>
                <CheckCell name=enabled_field label=format!("Enabled in {name}") checked=enabled />
            </td>
        </tr>
    }
}

fn new_country_fields(other_countries: Vec<(String, String)>, sent: &FormState) -> impl IntoView + use<> {
    let mut options = vec![(String::new(), "None".to_owned())];
    options.extend(other_countries);
    let [country, percent] = ["country", "new_percent"].map(|name| value(sent, name, String::new()));
    view! {
        <SelectField label="Add a country" name="country" value=country error=sent.error("country") options=options />
        <Field
            label="Percent off in the added country"
            name="new_percent"
            value=percent
            error=sent.error("new_percent")
            inputmode="numeric"
            autocomplete="off"
            maxlength=10_u32
        />
    }
}

/// Returns whether the form is shown again with the values and errors of a post.
fn was_rejected(sent: &FormState) -> bool {
    *sent != FormState::default()
}

/// Returns the value of a field: the sent one when the form was rejected, else the stored one.
fn value(sent: &FormState, name: &str, stored: String) -> String {
    if was_rejected(sent) { sent.value(name) } else { stored }
}

/// Returns the state of a checkbox: the sent one when the form was rejected, else the stored one.
fn is_checked(sent: &FormState, name: &str, stored: bool) -> bool {
    if was_rejected(sent) { !sent.value(name).is_empty() } else { stored }
}

/// Describes where the country of a visitor comes from, so that an admin sees whether the discounts have an effect.
fn describe_source(source: CountrySource) -> String {
    match source {
        CountrySource::None => {
            "The countries of visitors are unknown, so all visitors see the full price. Set COUNTRY_HEADER with \
            TRUSTED_PROXIES, or GEOIP_DB."
                .into()
        }
        CountrySource::Header(header) => format!("The country of a visitor is read from your proxy’s header {header}."),
        CountrySource::Database => "The country of a visitor is looked up in your country database.".into(),
        CountrySource::HeaderOrDatabase(header) => {
            format!(
                "The country of a visitor is read from your proxy’s header {header}, else looked up in your country database."
            )
        }
    }
}
