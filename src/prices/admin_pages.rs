//! Back office: edit discounts by country.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    back_office::layout::back_office,
    form::FormState,
    load::{Loaded, load, page},
    prices::{api, editor::PricingEditor},
    ui::SkeletonPage,
};

page!(
    /// `/admin/pricing`.
    PricingRoute,
    admin,
    pricing,
    __preload_pricing
);

fn pricing() -> impl IntoView {
    back_office(|| {
        let sent = FormState::current();
        let form = load(|| (), |()| api::get_pricing());
        view! {
            <Title text="Pricing" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <PricingEditor form sent=sent.clone() />
            </Loaded>
        }
    })
}
