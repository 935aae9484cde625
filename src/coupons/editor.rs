//! The form of a coupon.

use leptos::prelude::*;

use crate::{
    coupons::CouponForm,
    form::FormState,
    paths,
    ui::{Button, CheckField, Field, Form, FormErrors, Intent, LinkButton, PageHeader, PickList, Row, SelectField},
};

/// The form, with the values that were `sent` when they were rejected, else with the stored ones.
#[component]
pub fn CouponEditor(form: CouponForm, sent: FormState) -> impl IntoView {
    let (action, title, verb) = match form.id {
        Some(id) => (paths::edit_coupon(id), form.code.clone(), "Save"),
        None => (paths::ADMIN_NEW_COUPON.to_owned(), "New coupon".to_owned(), "Create coupon"),
    };
    let uses = (form.redeemed > 0 || form.reserved > 0).then(|| uses(form.redeemed, form.reserved));
    let active = if was_rejected(&sent) { !sent.value("active").is_empty() } else { form.active };
    view! {
        <PageHeader title=title lead=uses />
        <Form action label=verb>
            <FormErrors errors=sent.messages() />
            <input type="hidden" name="version" value=value(&form, &sent, "version") />
            {name_fields(&form, &sent)}
            {discount_fields(&form, &sent)}
            {product_field(&form, &sent)}
            {limit_fields(&form, &sent)}
            <CheckField label="Active" name="active" checked=active hint="An inactive code gives no discount." />
            <Row>
                <Button>{verb}</Button>
                <LinkButton href=paths::ADMIN_COUPONS intent=Intent::Quiet>
                    "Back to the coupons"
                </LinkButton>
            </Row>
        </Form>
    }
}

fn name_fields(form: &CouponForm, sent: &FormState) -> impl IntoView + use<> {
    let [code, name] = ["code", "name"].map(|name| value(form, sent, name));
    let [code_error, name_error] = ["code", "name"].map(|name| sent.error(name));
    view! {
        <Field
            label="Code"
            name="code"
            value=code
            required=true
            maxlength=40_u32
            autocomplete="off"
            hint="The code that students enter. Upper and lower case are the same."
            autofocus=code_error.is_some()
            error=code_error
        />
        <Field
            label="Name"
            name="name"
            value=name
            error=name_error
            required=true
            maxlength=80_u32
            autocomplete="off"
            hint="Shown to students with the price and on the receipt."
        />
    }
}

fn discount_fields(form: &CouponForm, sent: &FormState) -> impl IntoView + use<> {
    let [kind, amount] = ["kind", "amount"].map(|name| value(form, sent, name));
    view! {
        <SelectField
            label="Discount in"
            name="kind"
            value=kind
            error=sent.error("kind")
            options=vec![("percent".into(), "Percent".into()), ("dollars".into(), "US dollars".into())]
        />
        <Field
            label="Amount"
            name="amount"
            value=amount
            error=sent.error("amount")
            required=true
            inputmode="numeric"
            maxlength=10_u32
            autocomplete="off"
            hint="A whole number. 100 percent makes it free."
        />
    }
}

fn product_field(form: &CouponForm, sent: &FormState) -> impl IntoView + use<> {
    let options = form.products.iter().map(|product| (product.id.to_string(), product.name.clone())).collect();
    let selected = if was_rejected(sent) {
        sent.values("products")
    } else {
        form.products.iter().filter(|product| product.chosen).map(|product| product.id.to_string()).collect()
    };
    view! {
        <PickList
            label="Products"
            name="products"
            options=options
            selected=selected
            error=sent.error("products")
            hint="Choose none to make it valid for every product."
            empty="There are no products yet."
        />
    }
}

fn limit_fields(form: &CouponForm, sent: &FormState) -> impl IntoView + use<> {
    let [expires, max_redemptions, max_per_student] =
        ["expires", "max_redemptions", "max_per_student"].map(|name| value(form, sent, name));
    view! {
        <Field
            label="Last day"
            name="expires"
            kind="date"
            value=expires
            error=sent.error("expires")
            hint="Valid until the end of this day in UTC. Leave empty for no end."
        />
        <Field
            label="Maximum uses"
            name="max_redemptions"
            value=max_redemptions
            error=sent.error("max_redemptions")
            inputmode="numeric"
            maxlength=10_u32
            autocomplete="off"
            hint="Leave empty for no limit. A checkout in progress reserves one use."
        />
        <Field
            label="Maximum uses per student"
            name="max_per_student"
            value=max_per_student
            error=sent.error("max_per_student")
            inputmode="numeric"
            maxlength=10_u32
            autocomplete="off"
            hint="Leave empty for no limit."
        />
    }
}

/// Returns whether the form is shown again with the values and errors of a post.
fn was_rejected(sent: &FormState) -> bool {
    *sent != FormState::default()
}

/// Returns the value of a field: the sent one when the form was rejected, else the stored one.
fn value(form: &CouponForm, sent: &FormState, name: &str) -> String {
    if was_rejected(sent) { sent.value(name) } else { stored_value(form, name) }
}

fn stored_value(form: &CouponForm, name: &str) -> String {
    match name {
        "version" => form.version.to_string(),
        "code" => form.code.clone(),
        "name" => form.name.clone(),
        "kind" => form.kind.clone(),
        "amount" => form.amount.clone(),
        "expires" => form.expires.clone(),
        "max_redemptions" => form.max_redemptions.clone(),
        _ => form.max_per_student.clone(),
    }
}

/// Describes how often a coupon was used.
fn uses(redeemed: i32, reserved: i32) -> String {
    let times = if redeemed == 1 { "once".to_owned() } else { format!("{redeemed} times") };
    match (redeemed, reserved) {
        (0, reserved) => format!("Not used yet; {reserved} in checkout."),
        (_, 0) => format!("Used {times}."),
        (_, reserved) => format!("Used {times}; {reserved} in checkout."),
    }
}
