//! The dialogs that confirm the deletion of a section or a lesson.

use leptos::prelude::*;

use crate::{
    authoring::{
        editor::model::{EditorState, LessonRow, SectionRow},
        lessons::api::{count_lesson_students, delete_lesson},
        sections::api::{count_section_students, delete_section},
    },
    error::{Error, Result},
    form::{FormData, LiveForm},
    load::{Loaded, load},
    ui::{Button, DialogActions, Intent, Saving, Tone},
};

/// Confirms the deletion of a section with its lessons.
#[component]
pub fn DeleteSection(editor: EditorState, open: RwSignal<bool>, section: SectionRow) -> impl IntoView {
    let id = section.id;
    let lessons = match section.lessons.with_untracked(Vec::len) {
        0 => String::new(),
        1 => " with its lesson".into(),
        lessons => format!(" with its {lessons} lessons"),
    };
    let text = format!("“{}” will be deleted{lessons}. This cannot be undone.", section.name.get_untracked());
    let students = load(|| (), move |()| count_section_students(id));
    let delete = Callback::new(move |()| editor.change_in_place(delete_section(id)));
    view! { <ConfirmDeletion editor open text students what="section" delete /> }
}

/// Confirms the deletion of a lesson.
#[component]
pub fn DeleteLesson(editor: EditorState, open: RwSignal<bool>, lesson: LessonRow) -> impl IntoView {
    let id = lesson.id;
    let text = format!("“{}” will be deleted with its notes. This cannot be undone.", lesson.name.get_untracked());
    let students = load(|| (), move |()| count_lesson_students(id));
    let delete = Callback::new(move |()| editor.change_in_place(delete_lesson(id)));
    view! { <ConfirmDeletion editor open text students what="lesson" delete /> }
}

/// Says what will be deleted and how many students lose progress.
#[component]
fn ConfirmDeletion(
    editor: EditorState,
    open: RwSignal<bool>,
    text: String,
    students: Resource<Result<i64>>,
    what: &'static str,
    delete: Callback<(), Saving>,
) -> impl IntoView {
    let send = move |_: FormData| async move {
        delete.run(()).await.map_err(Error::Rejected)?;
        open.set(false);
        editor.show_toast(Tone::Accent, format!("Deleted the {what}."));
        Ok(())
    };
    let fields = move |_| view! { <p>{text.clone()}</p> }.into_any();
    view! {
        <LiveForm fields send>
            <Loaded from=students skeleton=|| view! { <p>"Loading completions…"</p> } let:students>
                <p>
                    {match students {
                        0 => "No student has progress in it.".to_owned(),
                        1 => "1 student has progress in it, which will be deleted too.".to_owned(),
                        students => format!("{students} students have progress in it, which will be deleted too."),
                    }}
                </p>
            </Loaded>
            <DialogActions open cancel_label="Keep it">
                <Button intent=Intent::Danger>{format!("Delete {what}")}</Button>
            </DialogActions>
        </LiveForm>
    }
}
