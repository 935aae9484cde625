//! The page that shows and changes the injected faults.

use axum::{
    Form,
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use maud::{Markup, html};

use crate::sandbox::{
    model::fault_injection::{ApiFailure, DeliveryMode, FaultSettings},
    pages::{layout::Page, parts::navigation},
    store::Sandbox,
};

/// `GET /switches`: the form with the present settings.
pub async fn show(State(sandbox): State<Sandbox>) -> Response {
    let faults = sandbox.faults();
    let content = html! {
        h1 { "Fault injection" }
        (navigation("/switches"))
        p.note { "Test how the shop behaves when Stripe is slow or unavailable. A restart of the sandbox resets these settings." }
        form.card method="post" action="/switches" {
            (number_field("latency_ms", "Delay of each API response, in milliseconds", faults.latency_ms, 60_000))
            (number_field("fail_next", "Number of API calls that fail next", u64::from(faults.fail_next), 1000))
            div.field {
                label for="failure" { "Failure of these calls" }
                select id="failure" name="failure" {
                    @for failure in ApiFailure::ALL {
                        option value=(failure.name()) selected[failure == faults.failure] { (failure.label()) }
                    }
                }
            }
            div.field {
                label for="delivery" { "Event delivery" }
                select id="delivery" name="delivery" {
                    @for mode in DeliveryMode::ALL {
                        option value=(mode.name()) selected[mode == faults.delivery] { (mode.label()) }
                    }
                }
            }
            (number_field("duplicates", "Duplicate deliveries of each event", u64::from(faults.duplicates), 9))
            div.field.check {
                input id="shuffle" name="shuffle" type="checkbox" value="true" checked[faults.shuffle];
                label for="shuffle" { "Deliver events in random order" }
            }
            div.actions { button.main { "Save" } }
        }
    };
    Page::new("Fault injection: Stripe sandbox", content).into_response()
}

/// `POST /switches`: saves all settings and returns to the form. A setting that is missing gets its default.
pub async fn save(State(sandbox): State<Sandbox>, Form(settings): Form<FaultSettings>) -> Response {
    sandbox.change_faults(|faults| *faults = settings);
    Redirect::to("/switches").into_response()
}

fn number_field(name: &str, label: &str, value: u64, max: u64) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            input id=(name) name=(name) type="number" min="0" max=(max) value=(value);
        }
    }
}
