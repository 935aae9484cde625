//! `/admin/activity`: the audit log.

use leptos::prelude::*;
use leptos_meta::Title;

use super::layout::back_office;
use crate::{load::page, ui::PageHeader};

page!(
    /// `/admin/activity`.
    ActivityRoute,
    admin,
    activity,
    __preload_activity
);

fn activity() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Activity" />
            <PageHeader title="Activity" />
        }
    })
}
