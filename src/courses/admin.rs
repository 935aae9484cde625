//! The courses, to find, write and delete.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{admin::layout::back_office, load::page, ui::PageHeader};

page!(
    /// `/admin/courses`.
    CoursesRoute,
    admin,
    courses,
    __preload_courses
);

fn courses() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Courses" />
            <PageHeader title="Courses" />
        }
    })
}

page!(
    /// `/admin/courses/new`.
    NewCourseRoute,
    admin,
    new_course,
    __preload_new_course
);

fn new_course() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="New course" />
            <PageHeader title="New course" />
        }
    })
}

page!(
    /// `/admin/courses/:course/edit`.
    EditCourseRoute,
    admin,
    edit_course,
    __preload_edit_course
);

fn edit_course() -> impl IntoView {
    back_office(|| {
        view! {
            <Title text="Edit course" />
            <PageHeader title="Edit course" />
        }
    })
}
