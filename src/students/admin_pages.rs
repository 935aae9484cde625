//! Back office: the list of students and admins, and the page of one.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::layout::back_office,
    error::Error,
    id::UserId,
    load::{Loaded, load, page},
    paths,
    students::{StudentFilter, StudentList, StudentRow, api, detail::page::StudentDetail},
    ui::{
        Badge, EmptyState, Intent, KeysetPager, LinkButton, LocalTime, PageHeader, SearchBox, SkeletonList,
        SkeletonPage, Stack, Table, Tabs, Tone,
    },
    users::Role,
};

page!(
    /// `/admin/students`.
    StudentsRoute,
    admin,
    students,
    __preload_students
);

fn students() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let parameters = move || {
            let value = |name: &str| query.with(|query| query.get(name).unwrap_or_default());
            (value("q"), value("role"), value("before").parse().ok())
        };
        let list = load(parameters, |(q, role, before)| api::get_students(q, role, before));
        view! {
            <Title text="Students" />
            <Loaded from=list skeleton=|| view! { <SkeletonList count=12 /> } let:list>
                <Students list />
            </Loaded>
        }
    })
}

#[component]
fn Students(list: StudentList) -> impl IntoView {
    let StudentList { filter, students } = list;
    let older = students.rows.last().filter(|_| students.has_next).map(|last| filter.url(Some(last.id)));
    let back = students.has_previous.then(|| ("Newest", filter.url(None)));
    let url_of = |admins: bool| StudentFilter { admins, q: String::new() }.url(None);
    let tabs = vec![(url_of(false), "All".to_owned()), (url_of(true), "Admins".to_owned())];
    let parameters = filter.admins.then(|| ("role", "admin".to_owned())).into_iter().collect();
    let (current, q) = (url_of(filter.admins), filter.q.clone());
    let table = if students.rows.is_empty() {
        Either::Left(view! { <NoStudents filter /> })
    } else {
        Either::Right(view! {
            <Table
                caption="Students"
                head=vec!["Name", "Email", "Joined", "Courses", "Purchases", "Spent"]
                numeric=vec![3, 4, 5]
            >
                {students.rows.into_iter().map(|student| view! { <StudentLine student /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <PageHeader title="Students" lead="All accounts, newest first." />
        <Stack>
            <SearchBox action=paths::ADMIN_STUDENTS value=q label="Search by email or name" parameters />
            <Tabs tabs current label="Role" />
            {table}
            <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn NoStudents(filter: StudentFilter) -> impl IntoView {
    if filter == StudentFilter::default() {
        Either::Left(view! {
            <EmptyState title="No students yet" text="Accounts are listed here after they sign up.">
                <LinkButton href=paths::HOME>"See the storefront"</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(view! {
            <EmptyState title="No matching students" text="Search by part of an email address or name.">
                <LinkButton href=paths::ADMIN_STUDENTS intent=Intent::Secondary>
                    "Show all students"
                </LinkButton>
            </EmptyState>
        })
    }
}

#[component]
fn StudentLine(student: StudentRow) -> impl IntoView {
    let StudentRow { id, name, email, role, joined_at, courses, purchases, spent } = student;
    view! {
        <tr>
            <th scope="row">
                <a href=paths::student(id)>{name}</a>
                {(role == Role::Admin)
                    .then(|| {
                        view! {
                            " "
                            <Badge tone=Tone::Accent>"Admin"</Badge>
                        }
                    })}
            </th>
            <td>{email}</td>
            <td>
                <LocalTime at=joined_at />
            </td>
            <td>{courses}</td>
            <td>{purchases}</td>
            <td>{spent.to_string()}</td>
        </tr>
    }
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
        let params = use_params_map();
        let id = move || params.with(|params| params.get("student").and_then(|id| id.parse::<UserId>().ok()));
        let changed = RwSignal::new(0_u32);
        let page =
            load(move || (id(), changed.get()), async |(id, _)| api::get_student(id.ok_or(Error::NotFound)?).await);
        view! {
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:page>
                <StudentDetail page changed />
            </Loaded>
        }
    })
}
