//! Students, and who else is an admin.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{admin::layout::back_office, load::page, ui::PageHeader};

page!(
    /// `/admin/students`.
    StudentsRoute,
    admin,
    students,
    __preload_students
);

fn students() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Students" />
            <PageHeader title="Students" />
        }
    })
}

page!(
    /// `/admin/students/:student`.
    StudentRoute,
    admin,
    student,
    __preload_student
);

fn student() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Student" />
            <PageHeader title="Student" />
        }
    })
}
