//! The course editor: a single column outline where sections are headings and lessons are rows. Everything is written, renamed,
//! switched and moved where it stands. It needs JavaScript.

pub mod dialogs;
pub mod model;
pub mod rows;

use leptos::prelude::*;

use crate::{
    authoring::editor::{
        dialogs::DialogState,
        model::{Editor, OpenDialog},
        rows::Section,
    },
    courses::curriculum::Curriculum,
    ui::{Button, EmptyState, Intent, NeedsScript, Row, Sortable, Stack},
};

/// The Lessons tab.
#[component]
pub fn Lessons(tree: Curriculum) -> impl IntoView {
    let editor = Editor::new(tree);
    let empty = move || editor.sections.with(Vec::is_empty);
    let add = move |intent: Intent| {
        view! {
            <Button kind="button" intent=intent on:click=move |_| editor.ask(OpenDialog::NewSection)>
                "Add section"
            </Button>
        }
    };
    view! {
        <NeedsScript what="Writing and moving lessons">
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
                                title="Nothing is written yet"
                                text="A course has sections, a section has lessons. Everything stays private until you say otherwise."
                            >
                                {add(Intent::Primary)}
                            </EmptyState>
                        }
                    })
            }} <Sortable sorter=editor.sorter()>
                <For each=move || editor.sections.get() key=|section| section.id let:section>
                    <Section editor section />
                </For>
            </Sortable>
        </Stack>
        </NeedsScript>
        <DialogState editor />
    }
}
