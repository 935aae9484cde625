//! The pages of the back office.

use leptos::prelude::*;
use leptos_meta::Title;

use super::{Overview, api, layout::back_office};
use crate::{
    load::{Loaded, load, page},
    ui::{PageHeader, SkeletonList, Stats},
};

page!(
    /// `/admin`.
    OverviewRoute,
    admin,
    overview,
    __preload_overview
);

fn overview() -> impl IntoView {
    back_office(|| {
        let overview = load(|| (), |()| api::get_overview());
        view! {
            <Title text="Admin" />
            <Loaded from=overview skeleton=|| view! { <SkeletonList count=4 /> } let:overview>
                <Figures overview />
            </Loaded>
        }
    })
}

#[component]
fn Figures(overview: Overview) -> impl IntoView {
    let rows = vec![
        ("Net sales".to_owned(), overview.net_sales.to_string()),
        ("Refunded sales".to_owned(), overview.refunded_sales.to_string()),
        ("Unrefunded purchases".to_owned(), overview.purchases.to_string()),
        ("Refunded purchases".to_owned(), overview.refunded_purchases.to_string()),
        ("Students".to_owned(), overview.students.to_string()),
        ("Products".to_owned(), overview.products.to_string()),
        ("Courses".to_owned(), overview.courses.to_string()),
        ("Sections".to_owned(), overview.sections.to_string()),
        ("Lessons".to_owned(), overview.lessons.to_string()),
    ];
    view! {
        <PageHeader title="Overview" lead="The school in figures." />
        <Stats rows />
    }
}
