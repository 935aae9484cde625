//! Sales, to watch over and to refund.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{admin::layout::back_office, load::page, ui::PageHeader};

page!(
    /// `/admin/sales`.
    SalesRoute,
    admin,
    sales,
    __preload_sales
);

fn sales() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Sales" />
            <PageHeader title="Sales" />
        }
    })
}

page!(
    /// `/admin/sales/:purchase`.
    SaleRoute,
    admin,
    sale,
    __preload_sale
);

fn sale() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Sale" />
            <PageHeader title="Sale" />
        }
    })
}
