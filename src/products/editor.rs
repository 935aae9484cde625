//! The form that creates or edits a product, as a view.

use leptos::{html, prelude::*};

use crate::{
    authoring::lessons::api::preview_markdown,
    form::FormState,
    paths, pictures,
    products::{CourseChoice, ProductForm, ProductStatus, slug},
    ui::{
        Button, CheckField, Cover, Field, FileField, Form, FormErrors, Intent, LinkButton, MarkdownField, PageHeader,
        PickList, Row, SelectField,
    },
};

/// The values of the fields: those that were `sent` and rejected, else those of the stored product.
#[derive(Clone)]
struct Values {
    form: ProductForm,
    sent: Option<FormState>,
}

impl Values {
    fn new(form: ProductForm, sent: FormState) -> Self {
        Self { form, sent: Some(sent).filter(|sent| *sent != FormState::default()) }
    }

    fn get(&self, name: &str) -> String {
        self.sent.as_ref().map_or_else(|| stored_value(&self.form, name), |sent| sent.value(name))
    }

    fn error(&self, name: &str) -> Option<String> {
        self.sent.as_ref().and_then(|sent| sent.error(name))
    }

    fn messages(&self) -> Vec<String> {
        self.sent.as_ref().map(FormState::messages).unwrap_or_default()
    }

    fn selected_courses(&self) -> Vec<String> {
        let stored = || {
            let chosen = self.form.courses.iter().filter(|course| course.chosen);
            chosen.map(|course| course.id.to_string()).collect()
        };
        self.sent.as_ref().map_or_else(stored, |sent| sent.values("courses"))
    }

    fn has_one_price(&self) -> bool {
        self.sent.as_ref().map_or(!self.form.purchasing_power, |sent| !sent.value("full_price").is_empty())
    }
}

fn stored_value(form: &ProductForm, name: &str) -> String {
    match name {
        "version" => form.version.to_string(),
        "name" => form.name.clone(),
        "slug" => form.slug.clone(),
        "description" => form.description.clone(),
        "price" if form.id.is_none() => String::new(),
        "price" => form.dollars.to_string(),
        "image_url" => form.image_url.clone(),
        _ => form.status.value().into(),
    }
}

/// The form of a product, with the values that were `sent` and rejected, else those of the stored product.
#[component]
pub fn ProductEditor(form: ProductForm, sent: FormState) -> impl IntoView {
    let (action, title, verb) = match form.id {
        Some(id) => (paths::edit_product(id), form.name.clone(), "Save"),
        None => (paths::ADMIN_NEW_PRODUCT.to_owned(), "New product".to_owned(), "Create product"),
    };
    let link = form.id.map(|_| {
        view! {
            <LinkButton href=paths::product(&form.slug) intent=Intent::Secondary>
                "View product page"
            </LinkButton>
        }
    });
    let values = Values::new(form, sent);
    view! {
        <PageHeader title=title>{link}</PageHeader>
        <Form action label=verb files=true>
            <FormErrors errors=values.messages() />
            <input type="hidden" name="version" value=values.get("version") />
            <NameFields values=values.clone() />
            <PriceFields values=values.clone() />
            <PictureFields values=values.clone() />
            <CourseFields values />
            <Row>
                <Button>{verb}</Button>
                <LinkButton href=paths::ADMIN_PRODUCTS intent=Intent::Quiet>
                    "Back to products"
                </LinkButton>
            </Row>
        </Form>
    }
}

/// Name, slug and description.
#[component]
fn NameFields(values: Values) -> impl IntoView {
    let (name, is_new) = (values.get("name"), values.form.id.is_none());
    let (slug_input, suggest_slug) = slug_suggestion(name.clone(), is_new);
    let hint = if is_new {
        "After /products/. Made from the name if left empty."
    } else {
        "After /products/. The old address redirects to the new one."
    };
    let (name_error, slug_error) = (values.error("name"), values.error("slug"));
    let (focus_name, focus_slug) = (name_error.is_some(), slug_error.is_some());
    view! {
        <Field
            label="Name"
            name="name"
            value=name
            error=name_error
            required=true
            maxlength=200_u32
            autofocus=focus_name
            on_input=suggest_slug
        />
        <Field
            label="Address"
            name="slug"
            value=values.get("slug")
            error=slug_error
            maxlength=100_u32
            input=slug_input
            autofocus=focus_slug
            autocomplete="off"
            hint=hint
        />
        <MarkdownField
            label="Description"
            name="description"
            value=values.get("description")
            error=values.error("description")
            preview=preview_markdown
            maxlength=20_000_u32
        />
    }
}

/// The price, and whether discounts by country apply.
#[component]
fn PriceFields(values: Values) -> impl IntoView {
    let error = values.error("price");
    let focus = error.is_some();
    view! {
        <Field
            label="Price in US dollars"
            name="price"
            value=values.get("price")
            error=error
            required=true
            autofocus=focus
            inputmode="numeric"
            autocomplete="off"
            hint="Whole dollars; 0 is free. Past purchases keep their price."
        />
        <CheckField
            label="The same price everywhere"
            name="full_price"
            checked=values.has_one_price()
            hint="This product has no discounts by country."
        />
    }
}

/// The picture: the current one, an upload, or a URL.
#[component]
fn PictureFields(values: Values) -> impl IntoView {
    let image_url = values.get("image_url");
    let current =
        (!image_url.is_empty()).then(|| view! { <Cover src=image_url.clone() alt="The current picture" eager=true /> });
    view! {
        {current}
        <FileField
            label="Upload a picture"
            name="upload"
            accept=pictures::ACCEPTED_TYPES
            error=values.error("upload")
            hint="PNG, JPEG, WebP or AVIF, up to 8 MB. Best in the ratio 16:9."
        />
        <Field
            label="Or the address of a picture"
            name="image_url"
            value=image_url
            error=values.error("image_url")
            maxlength=2000_u32
            inputmode="url"
            autocomplete="off"
            hint="Ignored when you upload a picture."
        />
    }
}

/// The courses that the product contains, and its status.
#[component]
fn CourseFields(values: Values) -> impl IntoView {
    let option = |course: &CourseChoice| (course.id.to_string(), course.name.clone());
    let options = values.form.courses.iter().map(option).collect::<Vec<_>>();
    let bought = values.form.bought;
    let statuses = [(ProductStatus::Private, "Private"), (ProductStatus::Public, "Public")];
    view! {
        <PickList
            label="Courses"
            name="courses"
            options=options
            selected=values.selected_courses()
            error=values.error("courses")
            hint=(bought > 0).then(|| buyers_hint(bought))
            empty="There are no courses yet. A private product may have none."
        />
        <SelectField
            label="Status"
            name="status"
            value=values.get("status")
            error=values.error("status")
            hint="Nobody sees or buys a private product. Its buyers keep access."
            options=statuses.map(|(status, label)| (status.value().to_owned(), label.to_owned())).to_vec()
        />
    }
}

/// Says what a change of courses means for those who bought the product.
fn buyers_hint(bought: i32) -> String {
    let people = if bought == 1 { "1 person".to_owned() } else { format!("{bought} people") };
    format!("{people} bought this. They get a course that you add at once, and keep a course that you remove.")
}

/// Suggests a slug that follows the name of a new product while it is typed, until another slug is typed. For a name that only
/// the server can transliterate the input stays empty, and the server makes the slug from the name.
fn slug_suggestion(name: String, is_new: bool) -> (NodeRef<html::Input>, Callback<String>) {
    let input = NodeRef::<html::Input>::new();
    let last_name = StoredValue::new(name);
    let follow = Callback::new(move |name: String| {
        let Some(input) = input.get_untracked().filter(|_| is_new) else { return };
        let suggested = |name: &str| slug::from_ascii(name).unwrap_or_default();
        let untouched = last_name.with_value(|name| input.value().is_empty() || input.value() == suggested(name));
        if untouched {
            input.set_value(&suggested(&name));
        }
        last_name.set_value(name);
    });
    (input, follow)
}
