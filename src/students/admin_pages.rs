//! Students, and who else is an admin.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::layout::back_office,
    error::Error,
    id::UserId,
    load::{Loaded, load, page},
    paths,
    students::{StudentFilter, StudentList, StudentRow, api, detail::StudentView},
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
        let asked = move || {
            let value = |name: &str| query.with(|query| query.get(name).unwrap_or_default());
            (value("q"), value("role"), value("before").parse().ok())
        };
        let roster = load(asked, |(q, role, before)| api::get_students(q, role, before));
        view! {
            <Title text="Students" />
            <Loaded from=roster skeleton=|| view! { <SkeletonList count=12 /> } let:roster>
                <People roster />
            </Loaded>
        }
    })
}

#[component]
fn People(roster: StudentList) -> impl IntoView {
    let StudentList { filter, people, newest, more } = roster;
    let older = people.last().filter(|_| more).map(|last| filter.address(Some(last.id)));
    let back = (!newest).then(|| ("Newest", filter.address(None)));
    let of = |admins: bool| StudentFilter { admins, q: String::new() }.address(None);
    let tabs = vec![(of(false), "Everybody".to_owned()), (of(true), "Admins".to_owned())];
    let keep = filter.admins.then(|| ("role", "admin".to_owned())).into_iter().collect();
    let (current, q) = (of(filter.admins), filter.q.clone());
    let rows = if people.is_empty() {
        Either::Left(view! { <Nobody filter /> })
    } else {
        Either::Right(view! {
            <Table
                caption="Students"
                head=vec!["Name", "Email", "Joined", "Courses", "Purchases", "Spent"]
                numeric=vec![3, 4, 5]
            >
                {people.into_iter().map(|person| view! { <Person person /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <PageHeader title="Students" lead="Everybody who signed up, newest first." />
        <Stack>
            <SearchBox action=paths::ADMIN_STUDENTS value=q label="Search by email or name" keep />
            <Tabs tabs current label="Who" />
            {rows}
            <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn Nobody(filter: StudentFilter) -> impl IntoView {
    if filter == StudentFilter::default() {
        Either::Left(view! {
            <EmptyState title="Nobody signed up yet" text="Whoever does will be here.">
                <LinkButton href=paths::HOME>"See the storefront"</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(view! {
            <EmptyState title="Nobody is called that" text="Search for a part of an email address or a name.">
                <LinkButton href=paths::ADMIN_STUDENTS intent=Intent::Secondary>
                    "Everybody"
                </LinkButton>
            </EmptyState>
        })
    }
}

#[component]
fn Person(person: StudentRow) -> impl IntoView {
    let StudentRow { id, name, email, role, joined_at, courses, purchases, spent } = person;
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
                <StudentView page changed />
            </Loaded>
        }
    })
}
