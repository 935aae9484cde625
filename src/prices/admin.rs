//! What countries pay, to write.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{api, editor::Editor};
use crate::{
    admin::layout::back_office,
    form::Submitted,
    load::{Loaded, load, page},
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
        let sent = Submitted::current();
        let form = load(|| (), |()| api::get_pricing());
        view! {
            <Title text="Pricing" />
            <Loaded from=form skeleton=|| view! { <SkeletonPage /> } let:form>
                <Editor form sent=sent.clone() />
            </Loaded>
        }
    })
}
