//! The Lessons tab of a course.

use leptos::prelude::*;

use super::CourseTree;

#[component]
pub fn Lessons(tree: CourseTree) -> impl IntoView {
    view! { <p>{tree.name}</p> }
}
