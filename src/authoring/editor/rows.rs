//! The rows of the outline.

use leptos::prelude::*;

use crate::{
    authoring::{
        editor::model::{Editor, LessonRow, OpenDialog, SectionRow},
        lessons::api::{rename_lesson, set_lesson_status},
        sections::api::update_section,
    },
    courses::lesson::{LessonStatus, SectionStatus},
    paths,
    ui::{
        Button, Choice, EditorActions, EditorHead, EditorItem, EditorList, EditorSection, EditorTail, Grip,
        InlineChoice, InlineName, Intent, LinkButton, Tone,
    },
};

const LESSON: &[Choice] = &[
    Choice { value: "public", words: "Public", icon: icondata_lu::LuEye },
    Choice { value: "preview", words: "Preview", icon: icondata_lu::LuGift },
    Choice { value: "private", words: "Private", icon: icondata_lu::LuEyeOff },
];
const SECTION: &[Choice] = &[LESSON[0], LESSON[2]];

#[component]
pub fn Section(editor: Editor, section: SectionRow) -> impl IntoView {
    let SectionRow { id, name, status, lessons } = section.clone();
    let name = Signal::from(name);
    let row = StoredValue::new(section);
    let rename = Callback::new(move |typed: String| editor.saving(update_section(id, Some(typed), None)));
    let now = status.clone();
    let switch = Callback::new(move |value: String| {
        let status = now.clone();
        let (was, next) = (status.get_untracked(), SectionStatus::from_value(&value).unwrap_or_default());
        status.set(next);
        switched(editor, editor.saving(update_section(id, None, Some(next))), move || status.set(was));
    });
    let value = Signal::derive(move || status.get().value());
    view! {
        <EditorSection>
            <EditorHead key=id.uuid()>
                <Grip key=id.uuid() name />
                <h2>
                    <InlineName name what="section" maxlength=200 save=rename />
                </h2>
                <InlineChoice label=labelled("Status of", name) choices=SECTION value change=switch />
                <EditorActions>
                    <Button kind="button" intent=Intent::Quiet on:click=move |_| editor.ask(OpenDialog::DeleteSection(row.get_value()))>
                        "Delete"
                        <span class="sr-only">{move || format!(" {}", name.get())}</span>
                    </Button>
                </EditorActions>
            </EditorHead>
            <EditorList>
                <For each=move || lessons.get() key=|lesson| lesson.id let:lesson>
                    <Lesson editor lesson />
                </For>
            </EditorList>
            <EditorTail key=id.uuid()>
                <Button kind="button" intent=Intent::Quiet on:click=move |_| editor.ask(OpenDialog::NewLesson(id))>
                    "Add lesson"
                    <span class="sr-only">{move || format!(" to {}", name.get())}</span>
                </Button>
            </EditorTail>
        </EditorSection>
    }
}

#[component]
fn Lesson(editor: Editor, lesson: LessonRow) -> impl IntoView {
    let LessonRow { id, name, status } = lesson.clone();
    let name = Signal::from(name);
    let row = StoredValue::new(lesson);
    let rename = Callback::new(move |typed: String| editor.saving(rename_lesson(id, typed)));
    let now = status.clone();
    let switch = Callback::new(move |value: String| {
        let status = now.clone();
        let (was, next) = (status.get_untracked(), LessonStatus::from_value(&value).unwrap_or_default());
        status.set(next);
        switched(editor, editor.saving(set_lesson_status(id, next)), move || status.set(was));
    });
    let value = Signal::derive(move || status.get().value());
    view! {
        <EditorItem key=id.uuid()>
            <Grip key=id.uuid() name />
            <InlineName name what="lesson" maxlength=200 save=rename />
            <InlineChoice label=labelled("Status of", name) choices=LESSON value change=switch />
            <EditorActions>
                <Button kind="button" intent=Intent::Quiet on:click=move |_| editor.ask(OpenDialog::EditLesson(row.get_value()))>
                    "Edit"
                    <span class="sr-only">{move || format!(" {}", name.get())}</span>
                </Button>
                <LinkButton href=paths::lesson(editor.course, id) intent=Intent::Quiet>
                    "View"
                    <span class="sr-only">{move || format!(" {}", name.get())}</span>
                </LinkButton>
                <Button kind="button" intent=Intent::Quiet on:click=move |_| editor.ask(OpenDialog::DeleteLesson(row.get_value()))>
                    "Delete"
                    <span class="sr-only">{move || format!(" {}", name.get())}</span>
                </Button>
            </EditorActions>
        </EditorItem>
    }
}

fn labelled(what: &'static str, name: Signal<String>) -> Signal<String> {
    Signal::derive(move || format!("{what} {}", name.get()))
}

/// Follows a status that was switched: what could not be saved is switched back.
fn switched(editor: Editor, saving: crate::ui::Saving, back: impl FnOnce() + 'static) {
    leptos::task::spawn_local(async move {
        if let Err(sentence) = saving.await {
            back();
            editor.tell(Tone::Danger, sentence);
        }
    });
}
