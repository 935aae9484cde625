//! The frame of the back office, and its door.

use leptos::{either::Either, prelude::*};
use leptos_router::hooks::use_location;

use crate::{
    frame::frame,
    load::ErrorPage,
    paths,
    ui::{AdminLayout, Main, NavLink},
};

const DESKS: [(&str, &str); 10] = [
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

/// A page of the back office. For everybody but admins it is not there, and `page` is not even made: what it would ask the
/// server is refused as well, but by another answer.
pub fn back_office<V: IntoView + 'static>(page: impl FnOnce() -> V + Send + 'static) -> impl IntoView {
    match frame().viewer.admin() {
        Ok(_) => Either::Left(view! { <AdminLayout nav=nav>{page()}</AdminLayout> }),
        Err(error) => Either::Right(view! {
            <Main>
                <ErrorPage error />
            </Main>
        }),
    }
}

fn nav() -> impl IntoView {
    let here = use_location().pathname;
    DESKS
        .map(|(href, words)| {
            let current = move || {
                here.with(|here| {
                    here == href
                        || (href != paths::ADMIN && here.strip_prefix(href).is_some_and(|rest| rest.starts_with('/')))
                })
            };
            view! {
                <NavLink href=href current=Signal::derive(current)>
                    {words}
                </NavLink>
            }
        })
        .collect_view()
}
