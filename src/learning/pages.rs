//! Pages of learning: the student's courses, a course, a lesson.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    error::Error,
    id::{CourseId, LessonId},
    learning::{MyCourse, MyCourses, api, course_page::Course, lesson_page::Lesson},
    load::{Loaded, load, page},
    paths,
    ui::{
        CoverCard, EmptyState, Grid, LinkButton, Main, Notice, PageHeader, Pager, ProgressLine, SkeletonCards,
        SkeletonPage, Stack,
    },
};

page!(
    /// `/courses`.
    MyCoursesRoute,
    learning,
    my_courses,
    __preload_my_courses
);

fn my_courses() -> impl IntoView {
    let query = use_query_map();
    let courses = load(
        move || query.with(|query| query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1)),
        api::get_my_courses,
    );
    view! {
        <Title text="My courses" />
        <Main wide=true>
            <PageHeader title="My courses" />
            <Loaded from=courses skeleton=|| view! { <SkeletonCards count=3 /> } let:courses>
                <MyCourseList courses />
            </Loaded>
        </Main>
    }
}

#[component]
fn MyCourseList(courses: MyCourses) -> impl IntoView {
    let MyCourses { courses, disputed, page } = courses;
    let paused = disputed
        .into_iter()
        .map(|product| {
            view! {
                <Notice>
                    {format!(
                        "The payment for {product} is disputed at your bank. Access is paused until the bank has decided.",
                    )}
                </Notice>
            }
        })
        .collect_view();
    if courses.rows.is_empty() && page == 1 {
        return view! {
            {paused}
            <EmptyState title="No courses yet" text="Courses that you buy appear here with your progress.">
                <LinkButton href=paths::HOME>"Look around"</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let (previous, next) = paths::pagination_links(paths::COURSES, "", page, courses.has_next);
    view! {
        <Stack>
            {paused}
            <Grid>{courses.rows.into_iter().map(|course| view! { <MyCourseCard course /> }).collect_view()}</Grid>
            <Pager page previous next />
        </Stack>
    }
    .into_any()
}

/// A course with its progress and one button, which opens the next lesson.
#[component]
fn MyCourseCard(course: MyCourse) -> impl IntoView {
    let MyCourse { id, name, image_url, done, total, next } = course;
    let [done, total] = [done, total].map(|n| u32::try_from(n).unwrap_or_default());
    let label = match &next {
        _ if done == 0 => "Start".to_owned(),
        _ if done == total => "Watch again".to_owned(),
        Some(next) => format!("Continue with lesson {}", next.number),
        None => "Open".to_owned(),
    };
    let href = next.map_or_else(|| paths::course(id), |next| paths::lesson(id, next.id));
    let progress = format!("{done} of {total} lessons complete");
    view! {
        <CoverCard
            href=paths::course(id)
            image=image_url.unwrap_or_else(|| "/covers/none.svg".into())
            title=name
            eager=true
        >
            <ProgressLine done total label=progress />
            <LinkButton href=href>{label}</LinkButton>
        </CoverCard>
    }
}

page!(
    /// `/courses/:course`.
    CourseRoute,
    learning,
    course,
    __preload_course
);

fn course() -> impl IntoView {
    let params = use_params_map();
    let course = move || params.with(|params| params.get("course").and_then(|id| id.parse::<CourseId>().ok()));
    let page = load(course, async |course| api::get_course_page(course.ok_or(Error::NotFound)?).await);
    view! {
        <Main wide=true>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:page>
                <Course page />
            </Loaded>
        </Main>
    }
}

page!(
    /// `/courses/:course/lessons/:lesson`.
    LessonRoute,
    learning,
    lesson,
    __preload_lesson
);

fn lesson() -> impl IntoView {
    let params = use_params_map();
    let ids = move || {
        params.with(|params| {
            let course = params.get("course").and_then(|id| id.parse::<CourseId>().ok());
            course.zip(params.get("lesson").and_then(|id| id.parse::<LessonId>().ok()))
        })
    };
    let page = load(ids, async |ids| {
        let (course, lesson) = ids.ok_or(Error::NotFound)?;
        api::get_lesson_page(course, lesson).await
    });
    view! {
        <Main wide=true>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:lesson>
                <Lesson page=lesson />
            </Loaded>
        </Main>
    }
}
