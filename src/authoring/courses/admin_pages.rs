//! Back office: pages that list, create, edit and delete courses.

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
            CourseDetails, CourseList, CourseRow,
            api::{self, DeleteCourse},
            input::CourseForm,
        },
        editor::CurriculumEditor,
        lessons::api::preview_markdown,
    },
    back_office::{
        confirm_dialog::{ConfirmDialog, Confirmation},
        layout::back_office,
        searched_list::{ListState, SearchedList},
    },
    courses::{MAX_DESCRIPTION_CHARS, curriculum::Curriculum},
    error::Error,
    form::FormState,
    id::CourseId,
    load::{Loaded, load, page, search_params},
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
        let key = move || (query.with(search_params), deletion.completed());
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
    let CourseList { courses, search, page } = list;
    let state = ListState::new(paths::ADMIN_COURSES, "courses", search, page, &courses);
    let placeholder = || {
        view! {
            <EmptyState
                title="No courses yet"
                text="A course has sections; a section has lessons. Create a course to add them."
            >
                <LinkButton href=paths::ADMIN_NEW_COURSE>"New course"</LinkButton>
            </EmptyState>
        }
    };
    view! {
        <SearchedList state placeholder>
            <Table
                caption="Courses"
                head=vec!["Name", "Sections", "Lessons", "Students", "Actions"]
                numeric=vec![1, 2, 3]
            >
                {courses.rows.into_iter().map(|course| view! { <CourseLine course deletion /> }).collect_view()}
            </Table>
        </SearchedList>
    }
}

#[component]
fn CourseLine(course: CourseRow, deletion: Deletion) -> impl IntoView {
    let CourseRow { id, name, sections, lessons, students } = course;
    let label = format!("Delete {name}");
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
                        attr:aria-label=label
                        on:click=move |_| deletion.open_for((id, name.clone()))
                    >
                        "Delete"
                    </Button>
                </RowActions>
            </td>
        </tr>
    }
}

/// Confirms the deletion of a course, which has an id and a name.
type Deletion = Confirmation<(CourseId, String), DeleteCourse>;

/// The dialog that confirms the deletion of a course.
#[component]
fn DeleteDialog(deletion: Deletion) -> impl IntoView {
    let consequence = |(_, name): &(CourseId, String)| {
        format!("“{name}” will be deleted with its sections and lessons. This cannot be undone.")
    };
    view! {
        <ConfirmDialog
            confirmation=deletion
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
            <PageHeader
                title="New course"
                lead="You add lessons in the next step. Students see a course when a public product contains it."
            />
            <DetailsForm action=paths::ADMIN_NEW_COURSE stored=CourseForm::default() verb="Create course" />
        }
    })
}

/// The form for name and description, with the values that were rejected, else those that are `stored`.
#[component]
fn DetailsForm(#[prop(into)] action: String, stored: CourseForm, verb: &'static str) -> impl IntoView {
    let sent = FormState::current();
    // The stored values are sent too, so that saving does not overwrite what another admin changed in the meantime.
    let seen = stored.clone();
    let CourseForm { name, description } = if sent == FormState::default() {
        stored
    } else {
        CourseForm { name: sent.value("name"), description: sent.value("description") }
    };
    let (name_error, description_error) = (sent.error("name"), sent.error("description"));
    let focus_name = name_error.is_some() || (name.is_empty() && description_error.is_none());
    view! {
        <Form action label=verb>
            <FormErrors errors=sent.messages() />
            <input type="hidden" name="seen_name" value=seen.name />
            <input type="hidden" name="seen_description" value=seen.description />
            <Field
                label="Name"
                name="name"
                value=name
                error=name_error
                required=true
                maxlength=200_u32
                autofocus=focus_name
            />
            <MarkdownField
                label="Description"
                name="description"
                value=description
                error=description_error
                maxlength=MAX_DESCRIPTION_CHARS
                hint="Markdown. Students read it above the lessons."
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

/// The open tab of a course's page, with its data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Tab {
    Lessons(Curriculum),
    Details(CourseDetails),
}

impl Tab {
    fn course(&self) -> (CourseId, String, String) {
        match self {
            Self::Lessons(curriculum) => (curriculum.id, curriculum.name.clone(), paths::edit_course(curriculum.id)),
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
                <EditCourse tab />
            </Loaded>
        }
    })
}

#[component]
fn EditCourse(tab: Tab) -> impl IntoView {
    let (id, name, current) = tab.course();
    let tabs =
        vec![(paths::edit_course(id), "Lessons".to_owned()), (paths::edit_course_details(id), "Details".to_owned())];
    let tab = match tab {
        Tab::Lessons(curriculum) => Either::Left(view! { <CurriculumEditor curriculum /> }),
        Tab::Details(details) => Either::Right(view! { <DetailsTab details /> }),
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
fn DetailsTab(details: CourseDetails) -> impl IntoView {
    let CourseDetails { id, name, description } = details;
    let stored = CourseForm { name: name.clone(), description };
    let (toaster, go) = (use_toast(), use_navigate());
    let deletion = Deletion::new(move |_, name| {
        toaster.show(Tone::Accent, format!("Deleted “{name}”."));
        go(paths::ADMIN_COURSES, NavigateOptions::default());
    });
    view! {
        <DetailsForm action=paths::edit_course_details(id) stored verb="Save" />
        <Row>
            <Button kind="button" intent=Intent::Danger on:click=move |_| deletion.open_for((id, name.clone()))>
                "Delete course"
            </Button>
        </Row>
        <DeleteDialog deletion />
    }
}
