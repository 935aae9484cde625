//! Writing a product: one form, sent whole.

use leptos::{html, prelude::*};

use crate::{
    authoring::lessons::api::preview_markdown,
    form::FormState,
    paths, pictures,
    products::{ProductForm, ProductStatus, slug},
    ui::{
        Button, CheckField, Cover, Field, FileField, Form, FormErrors, Intent, LinkButton, MarkdownField, PageHeader,
        PickList, Row, SelectField,
    },
};

/// The form: as it was `sent` and refused, else as the product is kept.
#[component]
pub fn Editor(form: ProductForm, sent: FormState) -> impl IntoView {
    let (action, title, verb) = match form.id {
        Some(id) => (paths::edit_product(id), form.name.clone(), "Save"),
        None => (paths::ADMIN_NEW_PRODUCT.to_owned(), "New product".to_owned(), "Create product"),
    };
    let see = form.id.map(|_| {
        view! {
            <LinkButton href=paths::product(&form.slug) intent=Intent::Secondary>
                "See its page"
            </LinkButton>
        }
    });
    let addresses =
        if form.id.is_some() { "The old address leads to the new one." } else { "Made from the name when left empty." };
    let options = form.courses.iter().map(|course| (course.id.to_string(), course.name.clone())).collect();
    let chosen = form.courses.iter().filter(|course| course.chosen).map(|course| course.id.to_string()).collect();
    let (chosen, back) = if sent == FormState::default() { (chosen, false) } else { (sent.values("courses"), true) };
    let everywhere = if back { !sent.value("full_price").is_empty() } else { !form.purchasing_power };
    let value = |name: &str| if back { sent.value(name) } else { kept(&form, name) };
    let [version, name, slug, description, price, picture, status] =
        ["version", "name", "slug", "description", "price", "image_url", "status"].map(value);
    let (bought, messages) = (form.bought, sent.messages());
    let error = move |name: &str| sent.error(name);
    let shown =
        (!picture.is_empty()).then(|| view! { <Cover src=picture.clone() alt="The picture as it is" eager=true /> });
    let (slug_input, suggest) = suggestion(name.clone(), form.id.is_none());
    view! {
        <PageHeader title=title>{see}</PageHeader>
        <Form action label=verb files=true>
            <FormErrors errors=messages />
            <input type="hidden" name="version" value=version />
            <Field label="Name" name="name" value=name error=error("name") required=true maxlength=200_u32
                autofocus=error("name").is_some() on_type=suggest />
            <Field label="Address" name="slug" value=slug error=error("slug") maxlength=100_u32 input=slug_input
                autofocus=error("slug").is_some() autocomplete="off" hint=format!("After /products/. {addresses}") />
            <MarkdownField label="Description" name="description" value=description error=error("description")
                preview=preview_markdown maxlength=20_000_u32 />
            <Field label="Price in US dollars" name="price" value=price error=error("price") required=true
                autofocus=error("price").is_some() inputmode="numeric" autocomplete="off"
                hint="Whole dollars; 0 is free. What was bought keeps its price." />
            <CheckField
                label="The same price everywhere"
                name="full_price"
                checked=everywhere
                hint="Purchasing power takes nothing off this product."
            />
            {shown}
            <FileField label="Upload a picture" name="upload" accept=pictures::ACCEPTED_TYPES error=error("upload")
                hint="PNG, JPEG, WebP or AVIF, up to 8 MB. Wide ones look best: 16 to 9." />
            <Field label="Or the address of a picture" name="image_url" value=picture error=error("image_url")
                maxlength=2000_u32 inputmode="url" autocomplete="off" hint="An upload goes before it." />
            <PickList
                label="Courses"
                name="courses"
                options=options
                chosen=chosen
                error=error("courses")
                hint=(bought > 0).then(|| promise(bought))
                empty="There are no courses yet. A private draft may have none."
            />
            <SelectField
                label="Status"
                name="status"
                value=status
                error=error("status")
                hint="Private: nobody can see or buy it; buyers keep it."
                options=vec![("private".into(), "Private".into()), ("public".into(), "Public".into())]
            />
            <Row>
                <Button>{verb}</Button>
                <LinkButton href=paths::ADMIN_PRODUCTS intent=Intent::Quiet>
                    "Back to the products"
                </LinkButton>
            </Row>
        </Form>
    }
}

/// What a change of courses means to those who bought.
fn promise(bought: i32) -> String {
    let people = if bought == 1 { "1 person".to_owned() } else { format!("{bought} people") };
    format!("{people} bought this. A course that you add reaches them at once; one that you take out stays with them.")
}

/// A field as the product is kept.
fn kept(form: &ProductForm, name: &str) -> String {
    match name {
        "version" => form.version.to_string(),
        "name" => form.name.clone(),
        "slug" => form.slug.clone(),
        "description" => form.description.clone(),
        "price" if form.id.is_none() => String::new(),
        "price" => form.dollars.to_string(),
        "image_url" => form.image_url.clone(),
        "status" if form.status == ProductStatus::Public => "public".into(),
        _ => "private".into(),
    }
}

/// An address that follows the name of a new product while it is typed, until somebody writes another. For a name that only the server
/// can transliterate it stays empty, and the server makes it from the name.
fn suggestion(name: String, new: bool) -> (NodeRef<html::Input>, Callback<String>) {
    let input = NodeRef::<html::Input>::new();
    let before = StoredValue::new(name);
    let follow = Callback::new(move |name: String| {
        let Some(input) = input.get_untracked().filter(|_| new) else { return };
        let suggested = |name: &str| slug::from_ascii(name).unwrap_or_default();
        let untouched = before.with_value(|before| input.value().is_empty() || input.value() == suggested(before));
        if untouched {
            input.set_value(&suggested(&name));
        }
        before.set_value(name);
    });
    (input, follow)
}
