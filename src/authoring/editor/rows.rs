//! The rows of the outline: sections as headings, lessons below them.

use leptos::{prelude::*, task::spawn_local};

use crate::{
    authoring::{
        editor::model::{EditorState, LessonRow, OpenDialog, SectionRow},
        lessons::api::{rename_lesson, set_lesson_status},
        sections::api::update_section,
    },
    courses::lesson::{LessonStatus, SectionStatus},
    paths,
    ui::{
        Button, Choice, EditorActions, EditorHead, EditorItem, EditorList, EditorSection, EditorTail, Grip,
        InlineChoice, InlineName, Intent, LinkButton, Saving, Tone, VisuallyHidden,
    },
};

const LESSON_STATUSES: &[Choice] = &[
    Choice { value: "public", label: "Public", icon: icondata_lu::LuEye },
    Choice { value: "preview", label: "Preview", icon: icondata_lu::LuGift },
    Choice { value: "private", label: "Private", icon: icondata_lu::LuEyeOff },
];
const SECTION_STATUSES: &[Choice] = &[LESSON_STATUSES[0], LESSON_STATUSES[2]];

/// A section with its lessons.
#[component]
pub fn Section(editor: EditorState, section: SectionRow) -> impl IntoView {
    let SectionRow { id, name, status, lessons } = section.clone();
    let name = Signal::from(name);
    let row = StoredValue::new(section);
    let rename = Callback::new(move |typed: String| editor.change_in_place(update_section(id, Some(typed), None)));
    let shown = status.clone();
    let switch = Callback::new(move |value: String| {
        let status = shown.clone();
        let (before, next) = (status.get_untracked(), SectionStatus::from_value(&value).unwrap_or_default());
        status.set(next);
        restore_on_failure(editor, editor.change_in_place(update_section(id, None, Some(next))), move || {
            status.set(before);
        });
    });
    let value = Signal::derive(move || status.get().value());
    view! {
        <EditorSection>
            <EditorHead key=id.uuid()>
                <Grip key=id.uuid() name />
                <h2>
                    <InlineName name what="section" maxlength=200 save=rename />
                </h2>
                <InlineChoice label=status_label(name) choices=SECTION_STATUSES value change=switch />
                <EditorActions>
                    <Button
                        kind="button"
                        intent=Intent::Quiet
                        on:click=move |_| editor.open(OpenDialog::DeleteSection(row.get_value()))
                    >
                        "Delete"
                        <VisuallyHidden>{move || format!(" {}", name.get())}</VisuallyHidden>
                    </Button>
                </EditorActions>
            </EditorHead>
            <EditorList>
                <For each=move || lessons.get() key=|lesson| lesson.id let:lesson>
                    <Lesson editor lesson />
                </For>
            </EditorList>
            <EditorTail key=id.uuid()>
                <Button kind="button" intent=Intent::Quiet on:click=move |_| editor.open(OpenDialog::NewLesson(id))>
                    "Add lesson"
                    <VisuallyHidden>{move || format!(" to {}", name.get())}</VisuallyHidden>
                </Button>
            </EditorTail>
        </EditorSection>
    }
}

#[component]
fn Lesson(editor: EditorState, lesson: LessonRow) -> impl IntoView {
    let LessonRow { id, name, status } = lesson.clone();
    let name = Signal::from(name);
    let row = StoredValue::new(lesson);
    let rename = Callback::new(move |typed: String| editor.change_in_place(rename_lesson(id, typed)));
    let shown = status.clone();
    let switch = Callback::new(move |value: String| {
        let status = shown.clone();
        let (before, next) = (status.get_untracked(), LessonStatus::from_value(&value).unwrap_or_default());
        status.set(next);
        restore_on_failure(editor, editor.change_in_place(set_lesson_status(id, next)), move || status.set(before));
    });
    let value = Signal::derive(move || status.get().value());
    view! {
        <EditorItem key=id.uuid()>
            <Grip key=id.uuid() name />
            <InlineName name what="lesson" maxlength=200 save=rename />
            <InlineChoice label=status_label(name) choices=LESSON_STATUSES value change=switch />
            <EditorActions>
                <Button
                    kind="button"
                    intent=Intent::Quiet
                    on:click=move |_| editor.open(OpenDialog::EditLesson(row.get_value()))
                >
                    "Edit"
                    <VisuallyHidden>{move || format!(" {}", name.get())}</VisuallyHidden>
                </Button>
                <LinkButton href=paths::lesson(editor.course, id) intent=Intent::Quiet>
                    "View"
                    <VisuallyHidden>{move || format!(" {}", name.get())}</VisuallyHidden>
                </LinkButton>
                <Button
                    kind="button"
                    intent=Intent::Quiet
                    on:click=move |_| editor.open(OpenDialog::DeleteLesson(row.get_value()))
                >
                    "Delete"
                    <VisuallyHidden>{move || format!(" {}", name.get())}</VisuallyHidden>
                </Button>
            </EditorActions>
        </EditorItem>
    }
}

fn status_label(name: Signal<String>) -> Signal<String> {
    Signal::derive(move || format!("Status of {}", name.get()))
}

/// Waits until a new status is saved. When that fails, it restores the old one and shows the error.
fn restore_on_failure(editor: EditorState, saving: Saving, restore: impl FnOnce() + 'static) {
    spawn_local(async move {
        if let Err(sentence) = saving.await {
            restore();
            editor.show_toast(Tone::Danger, sentence);
        }
    });
}
