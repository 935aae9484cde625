//! The dialog that adds a section.

use leptos::prelude::*;

use crate::{
    authoring::{
        editor::{dialogs::actions::FormActions, model::EditorState},
        sections::api::create_section,
    },
    courses::lesson::SectionStatus,
    form::{FormData, FormState, LiveForm},
    ui::{Field, SelectField, Tone},
};

/// The form of a new section.
#[component]
pub fn NewSection(editor: EditorState, open: RwSignal<bool>) -> impl IntoView {
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
                options=SectionStatus::ALL.map(|status| (status.value().to_owned(), status.label().to_owned())).to_vec()
                value=if status.is_empty() { "private".to_owned() } else { status }
                hint="Only admins see a private section and its lessons."
            />
        }
        .into_any()
    };
    let send = move |typed: FormData| async move {
        let status = SectionStatus::from_value(&typed.get("status")).unwrap_or_default();
        editor.change(create_section(editor.course, typed.get("name"), status)).await?;
        open.set(false);
        editor.show_toast(Tone::Accent, "Section added.");
        Ok(())
    };
    view! {
        <LiveForm fields send>
            <FormActions open label="Add section" />
        </LiveForm>
    }
}
