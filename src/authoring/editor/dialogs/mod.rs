//! The dialogs of the curriculum editor: adding and editing sections and lessons, and confirming deletions.

mod actions;
mod delete;
mod lesson;
mod section;
mod video_field;

use leptos::prelude::*;

use crate::{
    authoring::editor::{
        dialogs::{
            delete::{DeleteLesson, DeleteSection},
            lesson::{EditLesson, NewLesson},
            section::NewSection,
        },
        model::{EditorState, OpenDialog},
    },
    load::Remount,
    ui::Dialog,
};

/// The dialog that is open, if one is.
#[component]
pub fn CurrentDialog(editor: EditorState) -> impl IntoView {
    let remount = Remount::default();
    move || editor.dialog.get().map(|dialog| remount.show(dialog_view(editor, dialog)))
}

fn dialog_view(editor: EditorState, dialog: OpenDialog) -> AnyView {
    // The dialog is closed before it is removed, so that the browser returns the focus to the button that opened it.
    let open = RwSignal::new(true);
    Effect::new(move |_| {
        if !open.get() {
            editor.dialog.try_set(None);
        }
    });
    match dialog {
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
