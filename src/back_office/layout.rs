//! The layout of the back office: its navigation, and the check that the viewer is an admin.

use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    frame::frame,
    load::ErrorPage,
    paths,
    ui::{AdminLayout, Main, NavLink},
};

const NAVIGATION: [(&str, &str); 10] = [
    (paths::ADMIN, "Overview"),
    (paths::ADMIN_COURSES, "Courses"),
    (paths::ADMIN_PRODUCTS, "Products"),
    (paths::ADMIN_COUPONS, "Coupons"),
    (paths::ADMIN_PRICING, "Pricing"),
    (paths::ADMIN_SALES, "Sales"),
    (paths::ADMIN_STUDENTS, "Students"),
    (paths::ADMIN_OUTBOX, "Email"),
    (paths::ADMIN_SCHOOL, "School"),
    (paths::ADMIN_ACTIVITY, "Activity"),
];

/// Wraps a page of the back office. A visitor or student gets an error page and `page` is not built. The server functions that it
/// would call check the viewer themselves.
pub fn back_office<V: IntoView + 'static>(page: impl FnOnce() -> V + Send + 'static) -> impl IntoView {
    match frame().viewer.admin() {
        Ok(_) => Either::Left(view! { <AdminLayout nav=navigation>{page()}</AdminLayout> }),
        Err(error) => Either::Right(view! {
            <Main>
                <ErrorPage error />
            </Main>
        }),
    }
}

fn navigation() -> impl IntoView {
    let here = use_location().pathname;
    NAVIGATION
        .map(|(href, label)| {
            let current = move || {
                here.with(|here| {
                    here == href
                        || (href != paths::ADMIN && here.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
                })
            };
            view! {
                <NavLink href=href current=Signal::derive(current)>
                    {label}
                </NavLink>
            }
        })
        .collect_view()
}
