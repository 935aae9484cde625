//! The courses, to find, write and delete.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{
    NavigateOptions,
    hooks::{use_navigate, use_params_map, use_query_map},
};
use serde::{Deserialize, Serialize};

use crate::{
    authoring::{
        courses::{
            CourseDetails, CourseForm, CourseList, CourseRow,
            api::{self, DeleteCourse},
        },
        editor::Lessons,
        lessons::api::preview_markdown,
    },
    back_office::{
        confirm_dialog::{ConfirmDialog, Confirmed},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    courses::{DESCRIPTION, curriculum::Curriculum},
    error::Error,
    form::FormState,
    id::CourseId,
    load::{Loaded, load, page, searched},
    paths,
    ui::{
        Button, EmptyState, Field, Form, FormErrors, Intent, LinkButton, MarkdownField, PageHeader, Row, RowActions,
        SkeletonList, Space, Stack, Table, Tabs, Tone, use_toast,
    },
};

page!(
    /// `/admin/courses`.
    CoursesRoute,
    admin,
    courses,
    __preload_courses
);

fn courses() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let toaster = use_toast();
        let deletion = Deletion::new(move |_, name| toaster.show(Tone::Accent, format!("Deleted “{name}”.")));
        let key = move || (query.with(searched), deletion.answered());
        let list = load(key, |((search, page), _)| api::get_courses(search, page));
        view! {
            <Title text="Courses" />
            <PageHeader title="Courses">
                <LinkButton href=paths::ADMIN_NEW_COURSE>"New course"</LinkButton>
            </PageHeader>
            <Loaded from=list skeleton=|| view! { <SkeletonList count=6 /> } let:list>
                <List list deletion />
            </Loaded>
            <DeleteDialog deletion />
        }
    })
}

#[component]
fn List(list: CourseList, deletion: Deletion) -> impl IntoView {
    let CourseList { courses, search, page, more } = list;
    let asked =
        ListState { list: paths::ADMIN_COURSES, what: "courses", search, page, more, empty: courses.is_empty() };
    let first = || {
        view! {
            <EmptyState title="No courses yet" text="A course has sections, and a section has lessons. Begin with its name.">
                <LinkButton href=paths::ADMIN_NEW_COURSE>"New course"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList asked first>
            <Table caption="Courses" head=vec!["Name", "Sections", "Lessons", "Students", "Actions"] numeric=vec![1, 2, 3]>
                {courses.into_iter().map(|course| view! { <CourseLine course deletion /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn CourseLine(course: CourseRow, deletion: Deletion) -> impl IntoView {
    let CourseRow { id, name, sections, lessons, students } = course;
    let named = name.clone();
    view! {
        <tr>
            <th scope="row">
                <a href=paths::edit_course(id)>{name.clone()}</a>
            </th>
            <td>{sections}</td>
            <td>{lessons}</td>
            <td>{students}</td>
            <td>
                <RowActions>
                    <Button
                        kind="button"
                        intent=Intent::Quiet
                        attr:aria-label=format!("Delete {named}")
                        on:click=move |_| deletion.ask((id, name.clone()))
                    >
                        "Delete"
                    </Button>
                </RowActions>
            </td>
        </tr>
    }
}

/// Which course is deleted, and what it is called.
type Deletion = ConfirmDialog<(CourseId, String), DeleteCourse>;

/// Asks before a course is deleted.
#[component]
fn DeleteDialog(deletion: Deletion) -> impl IntoView {
    let consequence = |(_, name): &(CourseId, String)| {
        format!("“{name}” goes with its sections and lessons. It cannot be taken back.")
    };
    view! {
        <Confirmed
            question=deletion
            title="Delete this course?"
            consequence
            verb=|_| "Delete course".into()
            send=|(course, _)| DeleteCourse { course }
        />
    }
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
            <PageHeader title="New course" lead="Its lessons come next. Students see nothing before it is sold." />
            <DetailsForm action=paths::ADMIN_NEW_COURSE kept=CourseForm::default() verb="Create course" />
        }
    })
}

/// Name and description: as they were sent and refused, else as they are kept.
#[component]
fn DetailsForm(#[prop(into)] action: String, kept: CourseForm, verb: &'static str) -> impl IntoView {
    let sent = FormState::current();
    // What is kept now: who saves says what they saw, so that nothing of somebody else's is overwritten unseen.
    let seen = kept.clone();
    let CourseForm { name, description } = if sent == FormState::default() {
        kept
    } else {
        CourseForm { name: sent.value("name"), description: sent.value("description") }
    };
    let (wrong_name, wrong_description) = (sent.error("name"), sent.error("description"));
    let first = wrong_name.is_some() || (name.is_empty() && wrong_description.is_none());
    view! {
        <Form action label=verb>
            <FormErrors errors=sent.messages() />
            <input type="hidden" name="seen_name" value=seen.name />
            <input type="hidden" name="seen_description" value=seen.description />
            <Field label="Name" name="name" value=name error=wrong_name required=true maxlength=200_u32 autofocus=first />
            <MarkdownField
                label="Description"
                name="description"
                value=description
                error=wrong_description
                maxlength=DESCRIPTION
                hint="Markdown. What students read above the lessons."
                preview=preview_markdown
            />
            <Row>
                <Button>{verb}</Button>
            </Row>
        </Form>
    }
}

page!(
    /// `/admin/courses/:course/edit`.
    EditCourseRoute,
    admin,
    edit_course,
    __preload_edit_course
);

/// One of the two tabs of a course.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Tab {
    Lessons(Curriculum),
    Details(CourseDetails),
}

impl Tab {
    fn course(&self) -> (CourseId, String, String) {
        match self {
            Self::Lessons(tree) => (tree.id, tree.name.clone(), paths::edit_course(tree.id)),
            Self::Details(details) => (details.id, details.name.clone(), paths::edit_course_details(details.id)),
        }
    }
}

fn edit_course() -> impl IntoView {
    back_office(|| {
        let (params, query) = (use_params_map(), use_query_map());
        let key = move || {
            let course = params.with(|params| params.get("course").and_then(|id| id.parse::<CourseId>().ok()));
            (course, query.with(|query| query.get("tab").as_deref() == Some("details")))
        };
        let tab = load(key, async |(course, details)| {
            let course = course.ok_or(Error::NotFound)?;
            if details {
                api::get_course_details(course).await.map(Tab::Details)
            } else {
                api::get_curriculum(course).await.map(Tab::Lessons)
            }
        });
        view! {
            <Loaded from=tab skeleton=|| view! { <SkeletonList count=8 /> } let:tab>
                <Edit tab />
            </Loaded>
        }
    })
}

#[component]
fn Edit(tab: Tab) -> impl IntoView {
    let (id, name, current) = tab.course();
    let tabs =
        vec![(paths::edit_course(id), "Lessons".to_owned()), (paths::edit_course_details(id), "Details".to_owned())];
    let tab = match tab {
        Tab::Lessons(tree) => Either::Left(view! { <Lessons tree /> }),
        Tab::Details(details) => Either::Right(view! { <Details details /> }),
    };
    view! {
        <Title text=name.clone() />
        <PageHeader title=name />
        <Stack gap=Space::Loose>
            <Tabs tabs current label="Parts of the course" />
            {tab}
        </Stack>
    }
}

#[component]
fn Details(details: CourseDetails) -> impl IntoView {
    let CourseDetails { id, name, description } = details;
    let kept = CourseForm { name: name.clone(), description };
    let (toaster, go) = (use_toast(), use_navigate());
    let deletion = Deletion::new(move |_, name| {
        toaster.show(Tone::Accent, format!("Deleted “{name}”."));
        go(paths::ADMIN_COURSES, NavigateOptions::default());
    });
    view! {
        <DetailsForm action=paths::edit_course_details(id) kept verb="Save" />
        <Row>
            <Button kind="button" intent=Intent::Danger on:click=move |_| deletion.ask((id, name.clone()))>
                "Delete course"
            </Button>
        </Row>
        <DeleteDialog deletion />
    }
}
