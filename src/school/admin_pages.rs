//! Back office: the settings of the school.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    back_office::layout::back_office,
    form::FormState,
    load::{Loaded, load, page},
    paths,
    school::{SchoolForm, api},
    ui::{Button, Field, Form, FormErrors, PageHeader, Row, SkeletonPage, TextArea},
};

page!(
    /// `/admin/school`.
    SchoolRoute,
    admin,
    school,
    __preload_school
);

fn school() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let form = load(|| (), |()| api::get_school_form());
        view! {
            <Title text="School" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <SchoolEditor form sent=sent.clone() />
            </Loaded>
        }
    })
}

/// The form, with the values that were `sent` when they were rejected, else with the stored ones.
#[component]
fn SchoolEditor(form: SchoolForm, sent: FormState) -> impl IntoView {
    let was_rejected = sent != FormState::default();
    let value = |name: &str, stored: String| if was_rejected { sent.value(name) } else { stored };
    let version = value("version", form.version.to_string());
    let [name, tagline, seller, address] = [
        ("name", form.name),
        ("tagline", form.tagline),
        ("seller_name", form.seller_name),
        ("seller_address", form.seller_address),
    ]
    .map(|(field, stored)| value(field, stored));
    let messages = sent.messages();
    let error = move |name: &str| sent.error(name);
    view! {
        <PageHeader title="School" lead="The name of the school, and the seller on receipts." />
        <Form action=paths::ADMIN_SCHOOL label="School">
            <FormErrors errors=messages />
            <input type="hidden" name="version" value=version />
            <Field
                label="Name"
                name="name"
                value=name
                error=error("name")
                required=true
                autocomplete="off"
                maxlength=80_u32
            />
            <Field
                label="One sentence"
                name="tagline"
                value=tagline
                error=error("tagline")
                autocomplete="off"
                maxlength=200_u32
                hint="Shown on the storefront below the name."
            />
            <Field
                label="Seller"
                name="seller_name"
                value=seller
                error=error("seller_name")
                autocomplete="organization"
                maxlength=200_u32
                hint="The legal seller on receipts: you or your company. Leave empty to use the school’s name."
            />
            <TextArea
                label="Seller’s address"
                name="seller_address"
                value=address
                error=error("seller_address")
                maxlength=1000_u32
                hint="The address on receipts, with a tax number where the law requires one."
            />
            <Row>
                <Button>"Save"</Button>
            </Row>
        </Form>
    }
}
