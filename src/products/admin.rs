//! The products, to find, write and delete.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{admin::layout::back_office, load::page, ui::PageHeader};

page!(
    /// `/admin/products`.
    ProductsRoute,
    admin,
    products,
    __preload_products
);

fn products() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Products" />
            <PageHeader title="Products" />
        }
    })
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
        view! {
            <Title text="New product" />
            <PageHeader title="New product" />
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
        view! {
            <Title text="Edit product" />
            <PageHeader title="Edit product" />
        }
    })
}
