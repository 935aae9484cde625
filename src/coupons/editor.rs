//! Writing a coupon: one form, sent whole.

use leptos::prelude::*;

use crate::{
    coupons::CouponForm,
    form::FormState,
    paths,
    ui::{Button, CheckField, Field, Form, FormErrors, Intent, LinkButton, PageHeader, PickList, Row, SelectField},
};

/// The form: as it was `sent` and refused, else as the coupon is kept.
#[component]
pub fn Editor(form: CouponForm, sent: FormState) -> impl IntoView {
    let (action, title, verb) = match form.id {
        Some(id) => (paths::edit_coupon(id), form.code.clone(), "Save"),
        None => (paths::ADMIN_NEW_COUPON.to_owned(), "New coupon".to_owned(), "Create coupon"),
    };
    let back = sent != FormState::default();
    let options = form.products.iter().map(|product| (product.id.to_string(), product.name.clone())).collect();
    let chosen = form.products.iter().filter(|product| product.chosen).map(|product| product.id.to_string()).collect();
    let chosen = if back { sent.values("products") } else { chosen };
    let active = if back { !sent.value("active").is_empty() } else { form.active };
    let value = |name: &str| if back { sent.value(name) } else { kept(&form, name) };
    let [version, code, name, kind, amount, expires, most, each] =
        ["version", "code", "name", "kind", "amount", "expires", "most", "each"].map(value);
    let used = (form.redeemed > 0 || form.held > 0).then(|| used(form.redeemed, form.held));
    let messages = sent.messages();
    let error = move |name: &str| sent.error(name);
    view! {
        <PageHeader title=title lead=used />
        <Form action label=verb>
            <FormErrors errors=messages />
            <input type="hidden" name="version" value=version />
            <Field label="Code" name="code" value=code error=error("code") required=true maxlength=40_u32 autocomplete="off"
                hint="What students type. Capitals and small letters are the same." autofocus=error("code").is_some() />
            <Field label="Name" name="name" value=name error=error("name") required=true maxlength=80_u32 autocomplete="off"
                hint="What students read beside the price and on the receipt." />
            <SelectField
                label="It takes off"
                name="kind"
                value=kind
                error=error("kind")
                options=vec![("percent".into(), "Percent".into()), ("dollars".into(), "US dollars".into())]
            />
            <Field label="How much" name="amount" value=amount error=error("amount") required=true inputmode="numeric"
                maxlength=10_u32 autocomplete="off" hint="A whole number. 100 percent is free." />
            <PickList
                label="Products"
                name="products"
                options=options
                chosen=chosen
                error=error("products")
                hint="None chosen: it is for every product."
                empty="There are no products yet."
            />
            <Field label="Last day" name="expires" kind="date" value=expires error=error("expires")
                hint="It counts until this day ends in UTC." />
            <Field label="Uses in all" name="most" value=most error=error("most") inputmode="numeric" maxlength=10_u32
                autocomplete="off" hint="Empty: any number. Whoever is paying holds one." />
            <Field label="Uses by one student" name="each" value=each error=error("each") inputmode="numeric"
                maxlength=10_u32 autocomplete="off" hint="Empty: any number." />
            <CheckField label="Active" name="active" checked=active hint="Off: the code takes nothing off." />
            <Row>
                <Button>{verb}</Button>
                <LinkButton href=paths::ADMIN_COUPONS intent=Intent::Quiet>
                    "Back to the coupons"
                </LinkButton>
            </Row>
        </Form>
    }
}

/// How often a coupon was used.
fn used(redeemed: i32, held: i32) -> String {
    let times = if redeemed == 1 { "once".to_owned() } else { format!("{redeemed} times") };
    match (redeemed, held) {
        (0, held) => format!("Nobody bought with it yet; {held} may be paying with it now."),
        (_, 0) => format!("Used {times}."),
        (_, held) => format!("Used {times}; {held} more may be paying with it now."),
    }
}

/// A field as the coupon is kept.
fn kept(form: &CouponForm, name: &str) -> String {
    match name {
        "version" => form.version.to_string(),
        "code" => form.code.clone(),
        "name" => form.name.clone(),
        "kind" => form.kind.clone(),
        "amount" => form.amount.clone(),
        "expires" => form.expires.clone(),
        "most" => form.most.clone(),
        _ => form.each.clone(),
    }
}
