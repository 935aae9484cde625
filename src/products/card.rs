//! A product as a cover in the storefront.

use leptos::prelude::*;

use crate::{paths, prices::price_view::PriceTag, products::ProductCard, ui::CoverCard};

/// `eager`: the cover is among the first that are seen.
#[component]
pub fn Card(product: ProductCard, eager: bool) -> impl IntoView {
    let note = (product.courses > 1).then(|| format!("Bundle of {} courses", product.courses));
    view! {
        <CoverCard href=paths::product(&product.slug) image=product.image_url title=product.name note=note eager=eager>
            <p>{product.description}</p>
            <PriceTag price=product.price />
        </CoverCard>
    }
}
