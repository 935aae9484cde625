//! The dialogs that add and edit a lesson.

use leptos::prelude::*;

use crate::{
    authoring::{
        editor::{
            dialogs::{actions::FormActions, video_field::VideoField},
            model::{EditorState, LessonRow, OpenDialog},
        },
        lessons::{
            api::{create_lesson, get_lesson_draft, preview_markdown, update_lesson},
            input::{LessonDraft, LessonForm},
        },
    },
    courses::lesson::{LessonStatus, MAX_NOTES_CHARS},
    error::Result,
    form::{FormData, FormState, LiveForm},
    id::{LessonId, SectionId},
    load::{Loaded, load},
    ui::{Field, MarkdownField, Row, SelectField, SkeletonList, Tone},
};

/// The form of a new lesson.
#[component]
pub fn NewLesson(editor: EditorState, open: RwSignal<bool>, section: SectionId) -> impl IntoView {
    let fields = move |submitted: FormState| view! { <LessonFields editor submitted section /> }.into_any();
    let send = move |typed: FormData| async move {
        let next = typed.get("then") == "next";
        let form = lesson_form(&typed, section);
        let section = form.section;
        editor.change(create_lesson(form)).await?;
        editor.show_toast(Tone::Accent, "Lesson added.");
        if next {
            editor.open(OpenDialog::NewLesson(section));
        } else {
            open.set(false);
        }
        Ok(())
    };
    view! {
        <LiveForm fields send>
            <FormActions open label="Add lesson" next="Add and create another" />
        </LiveForm>
    }
}

/// The form of a stored lesson, which is loaded when the dialog opens.
#[component]
pub fn EditLesson(editor: EditorState, open: RwSignal<bool>, lesson: LessonRow) -> impl IntoView {
    let draft = load(move || lesson.id, get_lesson_draft);
    view! {
        <Loaded from=draft skeleton=|| view! { <SkeletonList count=5 /> } let:draft>
            <LoadedLesson editor open draft />
        </Loaded>
    }
}

#[component]
fn LoadedLesson(editor: EditorState, open: RwSignal<bool>, draft: LessonDraft) -> impl IntoView {
    let LessonDraft { id, form, .. } = draft;
    let section = form.section;
    let seen = form.clone();
    let fields = move |submitted: FormState| {
        let submitted =
            if submitted == FormState::default() { FormState::with_values(form_values(&form)) } else { submitted };
        view! { <LessonFields editor submitted section /> }.into_any()
    };
    let send = move |typed: FormData| save_lesson(editor, open, id, typed, seen.clone());
    view! {
        <LiveForm fields send>
            <FormActions open label="Save lesson" />
        </LiveForm>
    }
}

async fn save_lesson(
    editor: EditorState,
    open: RwSignal<bool>,
    lesson: LessonId,
    typed: FormData,
    seen: LessonForm,
) -> Result<()> {
    editor.change(update_lesson(lesson, lesson_form(&typed, seen.section), Some(seen))).await?;
    open.set(false);
    editor.show_toast(Tone::Accent, "Lesson saved.");
    Ok(())
}

fn form_values(form: &LessonForm) -> Vec<(String, String)> {
    [
        ("name", form.name.clone()),
        ("video", form.video.clone()),
        ("section", form.section.to_string()),
        ("status", form.status.value().to_owned()),
        ("description", form.description.clone()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn lesson_form(typed: &FormData, section: SectionId) -> LessonForm {
    LessonForm {
        name: typed.get("name"),
        video: typed.get("video"),
        description: typed.get("description"),
        status: LessonStatus::from_value(&typed.get("status")).unwrap_or_default(),
        section: typed.get("section").parse().unwrap_or(section),
    }
}

#[component]
fn LessonFields(editor: EditorState, submitted: FormState, section: SectionId) -> impl IntoView {
    let sections = editor.sections.with_untracked(|sections| {
        sections.iter().map(|section| (section.id.to_string(), section.name.get_untracked())).collect::<Vec<_>>()
    });
    let value_or = |name: &str, default: String| {
        let value = submitted.value(name);
        if value.is_empty() { default } else { value }
    };
    let section_error = submitted.error("section");
    let (section, status) = (value_or("section", section.to_string()), value_or("status", "private".into()));
    view! {
        <Field
            label="Name"
            name="name"
            value=submitted.value("name")
            error=submitted.error("name")
            required=true
            maxlength=200
            autofocus=true
        />
        <VideoField value=submitted.value("video") error=submitted.error("video") />
        <Row>
            <SelectField label="Section" name="section" options=sections value=section error=section_error />
            <SelectField
                label="Status"
                name="status"
                options=LessonStatus::ALL.map(|status| (status.value().to_owned(), status.label().to_owned())).to_vec()
                value=status
            />
        </Row>
        <MarkdownField
            preview=preview_markdown
            label="Notes"
            name="description"
            value=submitted.value("description")
            error=submitted.error("description")
            maxlength=MAX_NOTES_CHARS
        />
    }
}
