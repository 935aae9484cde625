//! Back office: pages that list, create, edit and remove products.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::{
        confirm_dialog::{ConfirmDialog, Confirmation},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    error::Error,
    form::FormState,
    id::ProductId,
    load::{Loaded, load, page, search_params},
    paths,
    prices::price_view::price_label,
    products::{
        ProductList, ProductRow, ProductStatus, Removal,
        api::{self, RemoveProduct},
        editor::ProductEditor,
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
        let removing = Removing::new(move |product, removal| {
            let name = product.name;
            let message = match removal {
                Removal::Delete => format!("Deleted “{name}”."),
                Removal::CheckoutPending | Removal::Sold => format!("Made “{name}” private."),
            };
            toaster.show(Tone::Accent, message);
        });
        let key = move || (query.with(search_params), removing.completed());
        let list = load(key, |((search, page), _)| api::get_products(search, page));
        view! {
            <Title text="Products" />
            <PageHeader title="Products">
                <LinkButton href=paths::ADMIN_NEW_PRODUCT>"New product"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list removing />
            </Loaded>
            <ConfirmDialog
                confirmation=removing
                title="Remove this product?"
                consequence
                verb
                send=|product| RemoveProduct {
                    product: product.id,
                }
            />
        }
    })
}

#[component]
fn List(list: ProductList, removing: Removing) -> impl IntoView {
    let ProductList { products, search, page } = list;
    let state = ListState::new(paths::ADMIN_PRODUCTS, "products", search, page, &products);
    let placeholder = || {
        view! {
            <EmptyState title="No products yet" text="A product has a price and contains one or more courses.">
                <LinkButton href=paths::ADMIN_NEW_PRODUCT>"New product"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList state placeholder>
            <Table
                caption="Products"
                head=vec!["Picture", "Name", "Price", "Courses", "Customers", "Status", "Actions"]
                numeric=vec![2, 3, 4]
            >
                {products.rows.into_iter().map(|product| view! { <Line product removing /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn Line(product: ProductRow, removing: Removing) -> impl IntoView {
    let status = match product.status {
        ProductStatus::Public => view! { <Badge tone=Tone::Accent>"Public"</Badge> },
        ProductStatus::Private => view! { <Badge>"Private"</Badge> },
    };
    let verb = match (product.removal, product.status) {
        (Removal::Delete, _) => Some("Delete"),
        (_, ProductStatus::Public) => Some("Make private"),
        // It is private already.
        _ => None,
    };
    let removed = product.clone();
    let action = verb.map(|verb| {
        view! {
            <Button
                kind="button"
                intent=Intent::Quiet
                attr:aria-label=format!("{verb}: {}", product.name)
                on:click=move |_| removing.open_for(removed.clone())
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
            <td>{price_label(product.price)}</td>
            <td>{product.courses}</td>
            <td>{product.customers}</td>
            <td>{status}</td>
            <td>
                <RowActions>{action}</RowActions>
            </td>
        </tr>
    }
}

/// Confirms the removal of a product.
type Removing = Confirmation<ProductRow, RemoveProduct>;

/// Says what will happen to a product that is removed.
fn consequence(product: &ProductRow) -> String {
    let name = &product.name;
    match (product.removal, product.bought) {
        (Removal::Delete, _) => {
            format!("Nobody bought “{name}”. It will be deleted; its courses stay. This cannot be undone.")
        }
        (Removal::CheckoutPending, _) => format!(
            "A checkout of “{name}” may still be paid, so it cannot be deleted yet. It will be made private: nobody else can \
             buy it."
        ),
        (Removal::Sold, bought) => {
            let people = if bought == 1 { "1 person".to_owned() } else { format!("{bought} people") };
            format!(
                "{people} bought this, so it cannot be deleted. It will be made private: nobody can buy it, and its buyers keep access."
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
                <ProductEditor form sent=sent.clone() />
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
                <ProductEditor form sent=sent.clone() />
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
    #[case(Removal::Delete, 0, "Nobody bought “Light”. It will be deleted; its courses stay. This cannot be undone.")]
    #[case(
        Removal::Sold,
        1,
        "1 person bought this, so it cannot be deleted. It will be made private: nobody can buy it, and its buyers keep access."
    )]
    #[case(
        Removal::Sold,
        12,
        "12 people bought this, so it cannot be deleted. It will be made private: nobody can buy it, and its buyers keep access."
    )]
    #[case(
        Removal::CheckoutPending,
        0,
        "A checkout of “Light” may still be paid, so it cannot be deleted yet. It will be made private: nobody else can buy it."
    )]
    fn the_dialog_says_what_will_happen(#[case] removal: Removal, #[case] bought: i32, #[case] expected: &str) {
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
        assert_eq!(consequence(&product), expected);
    }
}
