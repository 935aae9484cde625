//! Writing what countries pay: one form, sent whole.

use leptos::prelude::*;

use crate::{
    form::FormState,
    paths,
    prices::{CountryRow, PricingForm, Source},
    ui::{Button, CheckCell, CheckField, Field, FigureField, Form, FormErrors, PageHeader, Row, SelectField, Table},
};

/// The form: as it was `sent` and refused, else as it is kept.
#[component]
pub fn Editor(form: PricingForm, sent: FormState) -> impl IntoView {
    let PricingForm { version, enabled, smallest, countries, others, source } = form;
    let back = sent != FormState::default();
    let value = |name: &str, kept: String| if back { sent.value(name) } else { kept };
    let checked = |name: &str, kept: bool| if back { !sent.value(name).is_empty() } else { kept };
    let mut options = vec![(String::new(), "None".to_owned())];
    options.extend(others);
    let rows = countries
        .into_iter()
        .map(|CountryRow { code, name, percent, enabled }| {
            let (field, on) = (format!("percent-{code}"), format!("on-{code}"));
            let (typed, error) = (value(&field, percent.to_string()), sent.error(&field));
            let counts = checked(&on, enabled);
            view! {
                <tr>
                    <th scope="row">{name.clone()}</th>
                    <td>
                        <FigureField name=field label=format!("Percent off in {name}") value=typed error=error />
                    </td>
                    <td>
                        <CheckCell name=on label=format!("Counts in {name}") checked=counts />
                    </td>
                </tr>
            }
        })
        .collect_view();
    let says = match source {
        Source::Nothing => {
            "It is not known where visitors are, so everybody sees the full price. Set COUNTRY_HEADER with TRUSTED_PROXIES, or GEOIP_DB."
                .to_owned()
        }
        Source::Header(header) => format!("A visitor’s country is what your proxy says in {header}."),
        Source::Database => "A visitor’s country is looked up in your country database.".into(),
        Source::Both(header) => {
            format!("A visitor’s country is what your proxy says in {header}, else it is looked up in your country database.")
        }
    };
    let enabled = checked("enabled", enabled);
    let smallest = value("smallest", smallest.to_string());
    let version = value("version", version.to_string());
    let [country, percent] = ["country", "new_percent"].map(|name| value(name, String::new()));
    let messages = sent.messages();
    let error = move |name: &str| sent.error(name);
    view! {
        <PageHeader title="Pricing" lead="People pay less where people have less. A coupon counts instead where it takes off more." />
        <Form action=paths::ADMIN_PRICING label="Pricing">
            <FormErrors errors=messages />
            <p>{says}</p>
            <input type="hidden" name="version" value=version />
            <CheckField
                label="Purchasing power"
                name="enabled"
                checked=enabled
                hint="Off: everybody pays the full price. Single products can be left out in their own form."
            />
            <Field
                label="Smallest price in US dollars"
                name="smallest"
                value=smallest
                error=error("smallest")
                required=true
                inputmode="numeric"
                autocomplete="off"
                maxlength=10_u32
                hint="Purchasing power never goes below it. What costs less anyway keeps its price."
            />
            <Table caption="Countries" head=vec!["Country", "Percent off", "Counts"] numeric=vec![1]>
                {rows}
            </Table>
            <SelectField
                label="Another country"
                name="country"
                value=country
                error=error("country")
                options=options
            />
            <Field
                label="Percent off there"
                name="new_percent"
                value=percent
                error=error("new_percent")
                inputmode="numeric"
                autocomplete="off"
                maxlength=10_u32
            />
            <Row>
                <Button>"Save"</Button>
            </Row>
        </Form>
    }
}
