//! The dialogs of the editor: what is asked, and what comes of the answer.

use leptos::{html, prelude::*, wasm_bindgen::JsCast};

use crate::{
    authoring::{
        editor::model::{Editor, LessonRow, OpenDialog, SectionRow},
        lessons::{
            api::{
                check_video, count_lesson_students, create_lesson, delete_lesson, get_lesson_draft, preview_markdown,
                update_lesson,
            },
            input::{LessonDraft, LessonForm},
        },
        sections::api::{count_section_students, create_section, delete_section},
    },
    courses::{
        lesson::{LessonStatus, SectionStatus},
        youtube_id::YoutubeId,
    },
    error::Result,
    form::{FormData, FormState, LiveForm},
    id::{LessonId, SectionId},
    load::{Loaded, Remount, load},
    ui::{
        Answers, Button, Dialog, Field, Intent, MarkdownField, Row, SelectField, SkeletonList, Stack, Tone, VideoFrame,
        youtube,
    },
};

/// The dialog that is open, if one is.
#[component]
pub fn DialogState(editor: Editor) -> impl IntoView {
    let remount = Remount::default();
    move || editor.asked.get().map(|ask| remount.show(question(editor, ask)))
}

fn question(editor: Editor, ask: OpenDialog) -> AnyView {
    // Closed first and gone after, so that the browser gives the focus back to what opened it.
    let open = RwSignal::new(true);
    Effect::new(move |_| {
        if !open.get() {
            editor.asked.try_set(None);
        }
    });
    match ask {
        OpenDialog::NewSection => view! {
            <Dialog open title="Add section">
                <NewSection editor open />
            </Dialog>
        }
        .into_any(),
        OpenDialog::NewLesson(section) => view! {
            <Dialog open title="Add lesson" wide=true>
                <NewLesson editor open section />
            </Dialog>
        }
        .into_any(),
        OpenDialog::EditLesson(lesson) => view! {
            <Dialog open title="Edit lesson" wide=true>
                <EditLesson editor open lesson />
            </Dialog>
        }
        .into_any(),
        OpenDialog::DeleteSection(section) => view! {
            <Dialog open title="Delete section">
                <DeleteSection editor open section />
            </Dialog>
        }
        .into_any(),
        OpenDialog::DeleteLesson(lesson) => view! {
            <Dialog open title="Delete lesson">
                <DeleteLesson editor open lesson />
            </Dialog>
        }
        .into_any(),
    }
}

#[component]
fn NewSection(editor: Editor, open: RwSignal<bool>) -> impl IntoView {
    let fields = |submitted: FormState| {
        let status = submitted.value("status");
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
            <SelectField
                label="Status"
                name="status"
                options=SectionStatus::ALL.map(|status| (status.value().to_owned(), status.words().to_owned())).to_vec()
                value=if status.is_empty() { "private".to_owned() } else { status }
                hint="Nobody but you sees a private section, nor what is in it."
            />
        }
        .into_any()
    };
    let send = move |typed: FormData| async move {
        let status = SectionStatus::from_value(&typed.get("status")).unwrap_or_default();
        editor.change(create_section(editor.course, typed.get("name"), status)).await?;
        open.set(false);
        editor.tell(Tone::Accent, "Section added.");
        Ok(())
    };
    view! {
        <LiveForm fields send>
            <Buttons open label="Add section" />
        </LiveForm>
    }
}

/// What a form in a dialog ends with.
#[component]
fn Buttons(open: RwSignal<bool>, label: &'static str, #[prop(optional)] next: Option<&'static str>) -> impl IntoView {
    view! {
            <Answers open>
                <Button>{label}</Button>
                {next
                    .map(|next| {
                        view! {
                            <Button intent=Intent::Secondary name="then" value="next">
                                {next}
                            </Button>
                        }
                    })}
    </Answers>
        }
}

#[component]
fn NewLesson(editor: Editor, open: RwSignal<bool>, section: SectionId) -> impl IntoView {
    let fields = move |submitted: FormState| view! { <LessonFields editor submitted section /> }.into_any();
    let send = move |typed: FormData| async move {
        let next = typed.get("then") == "next";
        let form = lesson_form(&typed, section);
        let section = form.section;
        editor.change(create_lesson(form)).await?;
        editor.tell(Tone::Accent, "Lesson added.");
        if next {
            editor.ask(OpenDialog::NewLesson(section));
        } else {
            open.set(false);
        }
        Ok(())
    };
    view! {
        <LiveForm fields send>
            <Buttons open label="Add lesson" next="Add and write the next" />
        </LiveForm>
    }
}

#[component]
fn EditLesson(editor: Editor, open: RwSignal<bool>, lesson: LessonRow) -> impl IntoView {
    let draft = load(move || lesson.id, get_lesson_draft);
    view! {
        <Loaded from=draft skeleton=|| view! { <SkeletonList count=5 /> } let:draft>
            <Draft editor open draft />
        </Loaded>
    }
}

#[component]
fn Draft(editor: Editor, open: RwSignal<bool>, draft: LessonDraft) -> impl IntoView {
    let LessonDraft { id, form, .. } = draft;
    let section = form.section;
    let seen = form.clone();
    let fields = move |submitted: FormState| {
        let submitted = if submitted == FormState::default() { FormState::of(values(&form)) } else { submitted };
        view! { <LessonFields editor submitted section /> }.into_any()
    };
    let send = move |typed: FormData| save_lesson(editor, open, id, typed, seen.clone());
    view! {
        <LiveForm fields send>
            <Buttons open label="Save lesson" />
        </LiveForm>
    }
}

async fn save_lesson(
    editor: Editor,
    open: RwSignal<bool>,
    lesson: LessonId,
    typed: FormData,
    seen: LessonForm,
) -> Result<()> {
    editor.change(update_lesson(lesson, lesson_form(&typed, seen.section), Some(seen))).await?;
    open.set(false);
    editor.tell(Tone::Accent, "Lesson saved.");
    Ok(())
}

fn values(form: &LessonForm) -> Vec<(String, String)> {
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
fn LessonFields(editor: Editor, submitted: FormState, section: SectionId) -> impl IntoView {
    let sections = editor.sections.with_untracked(|sections| {
        sections.iter().map(|section| (section.id.to_string(), section.name.get_untracked())).collect::<Vec<_>>()
    });
    let chosen = |name: &str, otherwise: String| {
        let value = submitted.value(name);
        if value.is_empty() { otherwise } else { value }
    };
    let wrong = submitted.error("section");
    let (section, status) = (chosen("section", section.to_string()), chosen("status", "private".into()));
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
            <SelectField
                label="Section"
                name="section"
                options=sections
                value=section
                error=wrong
            />
            <SelectField
                label="Status"
                name="status"
                options=LessonStatus::ALL.map(|status| (status.value().to_owned(), status.words().to_owned())).to_vec()
                value=status
            />
        </Row>
        <MarkdownField
            preview=preview_markdown
            label="Notes"
            name="description"
            value=submitted.value("description")
            error=submitted.error("description")
            maxlength=50_000
        />
    }
}

/// The video's address, with the video and its title as soon as there is one. A name that is still empty takes the title.
#[component]
fn VideoField(value: String, error: Option<String>) -> impl IntoView {
    let typed = RwSignal::new(value.clone());
    let around = NodeRef::<html::Div>::new();
    let id = Memo::new(move |_| YoutubeId::parse(&typed.get()).map(|id| id.to_string()));
    let check = Resource::new(
        move || id.get(),
        |id| async move {
            match id {
                Some(id) => check_video(id).await.ok(),
                None => None,
            }
        },
    );
    Effect::new(move |_| {
        if let Some(Some(title)) = check.get().map(|check| check.and_then(|check| check.title)) {
            name_after(around, &title);
        }
    });
    let told = move || {
        let check = check.get().flatten()?;
        if check.embeddable == Some(false) {
            return Some(
                "YouTube says that this video cannot be shown: it is not there, private, or not for other sites."
                    .to_owned(),
            );
        }
        check.title.map(|title| format!("YouTube calls it “{title}”."))
    };
    view! {
        <div
            node_ref=around
            on:input=move |event: leptos::ev::Event| {
                if let Some(field) = event.target().and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok()) {
                    typed.set(field.value());
                }
            }
        >
            <Stack>
                <Field
                    label="Video"
                    name="video"
                    value=value
                    error=error
                    required=true
                    maxlength=500
                    hint="The address of a YouTube video, as you see it or share it, or its id."
                />
                {move || {
                    id.get()
                        .map(|id| {
                            let src = format!("{}/embed/{id}?rel=0", youtube::HOST);
                            view! {
                                <VideoFrame>
                                    <iframe
                                        src=src
                                        title="The video of this lesson"
                                        allow="encrypted-media; fullscreen; picture-in-picture"
                                        referrerpolicy="strict-origin-when-cross-origin"
                                    ></iframe>
                                </VideoFrame>
                            }
                        })
                }} <p role="status">{move || told()}</p>
            </Stack>
        </div>
    }
}

fn name_after(around: NodeRef<html::Div>, title: &str) {
    let form = around.get_untracked().and_then(|around| around.closest("form").ok().flatten());
    let field = form.and_then(|form| form.query_selector("[name=name]").ok().flatten());
    if let Some(field) = field.and_then(|field| field.dyn_into::<web_sys::HtmlInputElement>().ok())
        && field.value().trim().is_empty()
    {
        field.set_value(title);
    }
}

#[component]
fn DeleteSection(editor: Editor, open: RwSignal<bool>, section: SectionRow) -> impl IntoView {
    let id = section.id;
    let lessons = section.lessons.with_untracked(Vec::len);
    let with = match lessons {
        0 => String::new(),
        1 => " with its lesson".into(),
        lessons => format!(" with its {lessons} lessons"),
    };
    let text = format!("“{}” goes{with}. This cannot be undone.", section.name.get_untracked());
    let students = load(|| (), move |()| count_section_students(id));
    let delete = Callback::new(move |()| editor.saving(delete_section(id)));
    view! { <Delete editor open text students what="section" delete /> }
}

#[component]
fn DeleteLesson(editor: Editor, open: RwSignal<bool>, lesson: LessonRow) -> impl IntoView {
    let id = lesson.id;
    let text = format!("“{}” goes, with its notes. This cannot be undone.", lesson.name.get_untracked());
    let students = load(|| (), move |()| count_lesson_students(id));
    let delete = Callback::new(move |()| editor.saving(delete_lesson(id)));
    view! { <Delete editor open text students what="lesson" delete /> }
}

/// Asks before something goes, and says whose progress goes with it.
#[component]
fn Delete(
    editor: Editor,
    open: RwSignal<bool>,
    text: String,
    students: Resource<Result<i64>>,
    what: &'static str,
    delete: Callback<(), crate::ui::Saving>,
) -> impl IntoView {
    let send = move |_: FormData| async move {
        delete.run(()).await.map_err(crate::error::Error::Rejected)?;
        open.set(false);
        editor.tell(Tone::Accent, format!("Deleted the {what}."));
        Ok(())
    };
    let fields = move |_| view! { <p>{text.clone()}</p> }.into_any();
    view! {
            <LiveForm fields send>
                <Loaded from=students skeleton=|| view! { <p>"Looking who completed it…"</p> } let:students>
                    <p>
                        {match students {
                            0 => "No student has completed anything in it.".to_owned(),
                            1 => "1 student completed it; that mark goes with it.".to_owned(),
                            students => format!("{students} students completed it; their marks go with it."),
                        }}
                    </p>
                </Loaded>
                <Answers open otherwise="Keep it">
                    <Button intent=Intent::Danger>{format!("Delete {what}")}</Button>
    </Answers>
            </LiveForm>
        }
}
