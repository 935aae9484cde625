//! A product as a cover in the storefront.

use leptos::prelude::*;

use super::ProductCard;
use crate::{
    money::Cents,
    paths,
    ui::{CoverCard, Price},
};

/// `eager`: the cover is among the first that are seen.
#[component]
pub fn Card(product: ProductCard, eager: bool) -> impl IntoView {
    let note = (product.courses > 1).then(|| format!("Bundle of {} courses", product.courses));
    view! {
        <CoverCard href=paths::product(&product.slug) image=product.image_url title=product.name note=note eager=eager>
            <p>{first_line(&product.description)}</p>
            <Price now=price(product.price) />
        </CoverCard>
    }
}

pub fn price(price: Cents) -> String {
    if price.is_zero() { "Free".into() } else { price.to_string() }
}

/// The first sentence or line: what a card has room for.
pub fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", "")]
    #[case("One sentence.", "One sentence.")]
    #[case("One. Two.", "One.")]
    #[case("A line\nAnother", "A line")]
    fn a_card_shows_one_line(#[case] text: &str, #[case] line: &str) {
        assert_eq!(first_line(text), line);
    }
}
