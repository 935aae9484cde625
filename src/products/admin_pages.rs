//! The products, to find, write and delete.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::{
        confirm_dialog::{self, Confirmed},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    error::Error,
    form::FormState,
    id::ProductId,
    load::{Loaded, load, page, searched},
    paths,
    prices::price_view::words,
    products::{
        ProductList, ProductRow, ProductStatus, Removal,
        api::{self, RemoveProduct},
        editor::Editor,
    },
    ui::{
        Badge, Button, EmptyState, Intent, LinkButton, PageHeader, RowActions, SkeletonList, SkeletonPage, Table,
        Thumb, Tone, use_toast,
    },
};

page!(
    /// `/admin/products`.
    ProductsRoute,
    admin,
    products,
    __preload_products
);

fn products() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let toaster = use_toast();
        let question = ConfirmDialog::new(move |product, removal| {
            let name = product.name;
            let words = match removal {
                Removal::Delete => format!("Deleted “{name}”."),
                Removal::Awaited | Removal::Sold => format!("Made “{name}” private."),
            };
            toaster.show(Tone::Accent, words);
        });
        let key = move || (query.with(searched), question.answered());
        let list = load(key, |((search, page), _)| api::get_products(search, page));
        view! {
            <Title text="Products" />
            <PageHeader title="Products">
                <LinkButton href=paths::ADMIN_NEW_PRODUCT>"New product"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list question />
            </Loaded>
            <Confirmed question title="Take this product away?" consequence verb send=|product| RemoveProduct { product: product.id } />
        }
    })
}

#[component]
fn List(list: ProductList, question: ConfirmDialog) -> impl IntoView {
    let ProductList { products, search, page, more } = list;
    let asked =
        ListState { list: paths::ADMIN_PRODUCTS, what: "products", search, page, more, empty: products.is_empty() };
    let first = || {
        view! {
            <EmptyState title="No products yet" text="A product is what people buy: a price, and one or more courses.">
                <LinkButton href=paths::ADMIN_NEW_PRODUCT>"New product"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList asked first>
            <Table caption="Products" head=vec!["Picture", "Name", "Price", "Courses", "Customers", "Status", "Actions"] numeric=vec![2, 3, 4]>
                {products.into_iter().map(|product| view! { <Line product question /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn Line(product: ProductRow, question: ConfirmDialog) -> impl IntoView {
    let status = match product.status {
        ProductStatus::Public => view! { <Badge tone=Tone::Accent>"Public"</Badge> },
        ProductStatus::Private => view! { <Badge>"Private"</Badge> },
    };
    let verb = match (product.removal, product.status) {
        (Removal::Delete, _) => Some("Delete"),
        (_, ProductStatus::Public) => Some("Make private"),
        // It is as private as it can be.
        _ => None,
    };
    let asked = product.clone();
    let action = verb.map(|verb| {
        view! {
            <Button
                kind="button"
                intent=Intent::Quiet
                attr:aria-label=format!("{verb}: {}", product.name)
                on:click=move |_| question.ask(asked.clone())
            >
                {verb}
            </Button>
        }
    });
    view! {
        <tr>
            <td>
                <Thumb src=product.image_url />
            </td>
            <th scope="row">
                <a href=paths::edit_product(product.id)>{product.name}</a>
            </th>
            <td>{words(product.price)}</td>
            <td>{product.courses}</td>
            <td>{product.customers}</td>
            <td>{status}</td>
            <td>
                <RowActions>{action}</RowActions>
            </td>
        </tr>
    }
}

type ConfirmDialog = confirm_dialog::ConfirmDialog<ProductRow, RemoveProduct>;

/// What will happen, in words.
fn consequence(product: &ProductRow) -> String {
    let name = &product.name;
    match (product.removal, product.bought) {
        (Removal::Delete, _) => {
            format!("Nobody bought “{name}”. It is deleted for good; the courses in it stay.")
        }
        (Removal::Awaited, _) => format!(
            "Somebody began to buy “{name}” in the last days and may still pay. It cannot be deleted yet; it will be made \
             private: nobody else can buy it."
        ),
        (Removal::Sold, bought) => {
            let people = if bought == 1 { "1 person".to_owned() } else { format!("{bought} people") };
            format!(
                "{people} bought this. It cannot be deleted; it will be made private: nobody can buy it, buyers keep it."
            )
        }
    }
}

fn verb(product: &ProductRow) -> String {
    if product.removal == Removal::Delete { "Delete product".into() } else { "Make private".into() }
}

page!(
    /// `/admin/products/new`.
    NewProductRoute,
    admin,
    new_product,
    __preload_new_product
);

fn new_product() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let form = load(|| (), |()| api::get_product_form(None));
        view! {
            <Title text="New product" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <Editor form sent=sent.clone() />
            </Loaded>
        }
    })
}

page!(
    /// `/admin/products/:product/edit`.
    EditProductRoute,
    admin,
    edit_product,
    __preload_edit_product
);

fn edit_product() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let params = use_params_map();
        let product = move || params.with(|params| params.get("product").and_then(|id| id.parse::<ProductId>().ok()));
        let form = load(product, async |product| api::get_product_form(Some(product.ok_or(Error::NotFound)?)).await);
        view! {
            <Title text="Edit product" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <Editor form sent=sent.clone() />
            </Loaded>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use uuid::Uuid;

    #[rstest]
    #[case(Removal::Delete, 0, "Nobody bought “Light”. It is deleted for good; the courses in it stay.")]
    #[case(
        Removal::Sold,
        1,
        "1 person bought this. It cannot be deleted; it will be made private: nobody can buy it, buyers keep it."
    )]
    #[case(
        Removal::Sold,
        12,
        "12 people bought this. It cannot be deleted; it will be made private: nobody can buy it, buyers keep it."
    )]
    #[case(
        Removal::Awaited,
        0,
        "Somebody began to buy “Light” in the last days and may still pay. It cannot be deleted yet; it will be made private: nobody else can buy it."
    )]
    fn an_admin_is_told_what_will_happen(#[case] removal: Removal, #[case] bought: i32, #[case] words: &str) {
        let product = ProductRow {
            id: Uuid::nil().into(),
            slug: "light".into(),
            name: "Light".into(),
            image_url: String::new(),
            price: crate::money::Cents::ZERO,
            status: ProductStatus::Public,
            courses: 0,
            customers: 0,
            bought,
            removal,
        };
        assert_eq!(consequence(&product), words);
    }
}
