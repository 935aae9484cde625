//! The views of a course page: description, progress and outline.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::{
    courses::{
        Outline,
        lesson::{LessonStatus, Visibility},
    },
    id::{CourseId, LessonId},
    learning::CoursePage,
    paths,
    ui::{Accordion, EmptyState, LinkButton, OutlineItem, OutlineList, PageHeader, ProgressLine, Prose, Stack},
};

/// A course with the student's progress.
#[component]
pub fn Course(page: CoursePage) -> impl IntoView {
    let CoursePage { id, name, description, outline } = page;
    let progress = outline.progress();
    let label = format!("{} of {} lessons complete", progress.done, progress.total);
    let next = outline.next_to_learn().map(|lesson| {
        let verb = if progress.done == 0 { "Start with" } else { "Continue with" };
        (paths::lesson(id, lesson.id), format!("{verb} {}", lesson.name))
    });
    let empty = outline.lessons().next().is_none();
    view! {
        <Title text=name.clone() />
        <PageHeader title=name>
            {next.map(|(href, label)| view! { <LinkButton href=href>{label}</LinkButton> })}
        </PageHeader>
        <Stack>
            <ProgressLine done=progress.done total=progress.total label=label />
            <Prose html=description />
            {if empty {
                view! { <EmptyState title="No lessons yet" text="They appear here as soon as they are published." /> }
                    .into_any()
            } else {
                view! { <Sections course=id outline=outline current=None locked=false /> }.into_any()
            }}
        </Stack>
    }
}

/// The outline as an accordion of sections. `locked`: the viewer may watch previews only.
#[component]
pub fn Sections(course: CourseId, outline: Outline, current: Option<LessonId>, locked: bool) -> impl IntoView {
    let sections = outline.sections.into_iter().filter(|section| !section.lessons.is_empty());
    let sections = sections.map(move |section| {
        let (done, total) = (section.lessons.iter().filter(|lesson| lesson.done).count(), section.lessons.len());
        let open = current.is_none_or(|current| section.lessons.iter().any(|lesson| lesson.id == current));
        let rows = section.lessons.into_iter().map(move |lesson| {
            let visibility = Visibility { section: section.status, lesson: lesson.status };
            let note = match lesson.status {
                _ if !visibility.is_published() => Some("Private"),
                LessonStatus::Preview if locked => Some("Preview"),
                _ if locked => Some("Locked"),
                _ => None,
            };
            let href = paths::lesson(course, lesson.id);
            let is_current = Some(lesson.id) == current;
            view! { <OutlineItem href=href title=lesson.name done=lesson.done current=is_current note=note /> }
        });
        let aside = if locked { format!("{total}") } else { format!("{done} of {total}") };
        view! {
            <Accordion summary=section.name aside=aside open=open>
                <OutlineList>{rows.collect_view()}</OutlineList>
            </Accordion>
        }
    });
    sections.collect_view()
}
