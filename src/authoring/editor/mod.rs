//! The curriculum editor: an outline in which sections are headings and lessons are rows. Names, statuses and the order are
//! edited in place. It needs JavaScript.

pub mod dialogs;
pub mod model;
pub mod rows;

use leptos::prelude::*;

use crate::{
    authoring::editor::{
        dialogs::CurrentDialog,
        model::{EditorState, OpenDialog},
        rows::Section,
    },
    courses::curriculum::Curriculum,
    ui::{Button, EmptyState, Intent, NeedsScript, Row, Sortable, Stack},
};

/// The tab Lessons of a course's page.
#[component]
pub fn CurriculumEditor(curriculum: Curriculum) -> impl IntoView {
    let editor = EditorState::new(curriculum);
    let empty = move || editor.sections.with(Vec::is_empty);
    let add = move |intent: Intent| {
        view! {
            <Button kind="button" intent=intent on:click=move |_| editor.open(OpenDialog::NewSection)>
                "Add section"
            </Button>
        }
    };
    view! {
        <NeedsScript what="Editing lessons">
            <Stack>
                <Row spread=true>
                    <p>{move || editor.summary()}</p>
                    {move || (!empty()).then(|| add(Intent::Secondary))}
                </Row>
                {move || {
                    empty()
                        .then(|| {
                            view! {
                                <EmptyState
                                    title="No sections yet"
                                    text="A course has sections; a section has lessons. They are private until you publish them."
                                >
                                    {add(Intent::Primary)}
                                </EmptyState>
                            }
                        })
                }}
                <Sortable sorter=editor.sorter()>
                    <For each=move || editor.sections.get() key=|section| section.id let:section>
                        <Section editor section />
                    </For>
                </Sortable>
            </Stack>
        </NeedsScript>
        <CurrentDialog editor />
    }
}
