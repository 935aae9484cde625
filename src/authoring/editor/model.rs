//! State of the curriculum editor: the rows that are shown, and the version and order that the server returned last. The rows may
//! be ahead of the server while a move is being saved; everything else comes from the server's responses.

use std::{collections::HashMap, future::Future, sync::Arc};

use futures::lock::Mutex;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use crate::{
    authoring::courses::api::{get_curriculum, reorder_course},
    courses::{
        curriculum::{Curriculum, CurriculumOrder, CurriculumSection},
        lesson::{LessonStatus, SectionStatus},
    },
    error::{Error, Result},
    id::{CourseId, LessonId, SectionId},
    ui::{Order, Saving, Sorter, Toaster, Tone, use_toast},
};

/// A section in the editor.
#[derive(Clone)]
pub struct SectionRow {
    pub id: SectionId,
    pub name: ArcRwSignal<String>,
    pub status: ArcRwSignal<SectionStatus>,
    pub lessons: ArcRwSignal<Vec<LessonRow>>,
}

/// A lesson in the editor.
#[derive(Clone)]
pub struct LessonRow {
    pub id: LessonId,
    pub name: ArcRwSignal<String>,
    pub status: ArcRwSignal<LessonStatus>,
}

/// The dialog that is open.
#[derive(Clone)]
pub enum OpenDialog {
    NewSection,
    DeleteSection(SectionRow),
    NewLesson(SectionId),
    EditLesson(LessonRow),
    DeleteLesson(LessonRow),
}

/// The state of the editor of one course. It is `Copy`, so that event handlers can own it.
#[derive(Clone, Copy)]
pub struct EditorState {
    pub course: CourseId,
    pub sections: RwSignal<Vec<SectionRow>>,
    pub dialog: RwSignal<Option<OpenDialog>>,
    /// The curriculum that the server returned last.
    saved: RwSignal<Saved>,
    /// Serializes changes: each one is based on the response to the one before.
    change_lock: StoredValue<Arc<Mutex<()>>>,
    sorter: StoredValue<Option<Sorter>>,
    toaster: Toaster,
}

/// Version and order of the curriculum that the server returned last.
#[derive(Clone, Debug)]
struct Saved {
    version: i64,
    order: Order,
}

impl EditorState {
    pub fn new(curriculum: Curriculum) -> Self {
        let saved = Saved { version: curriculum.version, order: order_of(&curriculum.sections) };
        let editor = Self {
            course: curriculum.id,
            sections: RwSignal::new(reuse_rows(curriculum.sections, &[])),
            dialog: RwSignal::new(None),
            saved: RwSignal::new(saved),
            change_lock: StoredValue::new(Arc::default()),
            sorter: StoredValue::new(None),
            toaster: use_toast(),
        };
        let sorter = Sorter::new(
            move || editor.order(),
            move |order| editor.show_order(&order),
            move |before, _| editor.save_order(before),
            move |key| editor.name_of(key),
        );
        editor.sorter.set_value(Some(sorter));
        editor
    }

    #[expect(clippy::expect_used, reason = "EditorState::new sets it")]
    pub fn sorter(self) -> Sorter {
        self.sorter.get_value().expect("EditorState::new sets the sorter")
    }

    pub fn open(self, dialog: OpenDialog) {
        self.dialog.set(Some(dialog));
    }

    /// Returns the number of sections and lessons: "3 sections, 9 lessons".
    pub fn summary(self) -> String {
        let (sections, lessons) = self.sections.with(|sections| {
            (sections.len(), sections.iter().map(|section| section.lessons.with(Vec::len)).sum::<usize>())
        });
        let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        format!("{}, {}", count(sections, "section"), count(lessons, "lesson"))
    }

    /// Returns the order that is shown.
    fn order(self) -> Order {
        self.sections.with_untracked(|sections| {
            let lessons = |section: &SectionRow| {
                section.lessons.with_untracked(|lessons| lessons.iter().map(|lesson| lesson.id.uuid()).collect())
            };
            Order(sections.iter().map(|section| (section.id.uuid(), lessons(section))).collect())
        })
    }

    /// Returns the name of the section or lesson with this id.
    fn name_of(self, key: Uuid) -> String {
        let name = self.sections.with_untracked(|sections| {
            sections.iter().find_map(|section| {
                if section.id.uuid() == key {
                    return Some(section.name.get_untracked());
                }
                section.lessons.with_untracked(|lessons| {
                    lessons.iter().find(|lesson| lesson.id.uuid() == key).map(|lesson| lesson.name.get_untracked())
                })
            })
        });
        name.unwrap_or_default()
    }

    /// Shows the rows in another order. Only lists that differ are set, so that the others are not rendered again.
    fn show_order(self, order: &Order) {
        let now = self.order();
        let sections = self.sections.get_untracked();
        let mut lessons: HashMap<Uuid, LessonRow> = sections
            .iter()
            .flat_map(|section| section.lessons.get_untracked())
            .map(|lesson| (lesson.id.uuid(), lesson))
            .collect();
        let mut by_id: HashMap<Uuid, SectionRow> =
            sections.into_iter().map(|section| (section.id.uuid(), section)).collect();
        let mut shown = Vec::with_capacity(order.0.len());
        for (id, items) in &order.0 {
            let Some(section) = by_id.remove(id) else { continue };
            let current = now.0.iter().find(|(current, _)| current == id).map(|(_, items)| items);
            if current != Some(items) {
                section.lessons.set(items.iter().filter_map(|item| lessons.remove(item)).collect());
            }
            shown.push(section);
        }
        if now.0.iter().map(|(id, _)| id).ne(order.0.iter().map(|(id, _)| id)) {
            self.sections.set(shown);
        }
    }

    /// Applies a curriculum that the server returned. A move that is not saved yet stays on the page.
    pub fn apply(self, curriculum: Curriculum) {
        let shown = self.order();
        let has_unsaved_move = shown != self.saved.with_untracked(|saved| saved.order.clone());
        let stored = order_of(&curriculum.sections);
        self.saved.set(Saved { version: curriculum.version, order: stored.clone() });
        let before = self.sections.get_untracked();
        if stored == shown {
            // Nothing was created, moved or deleted: only names and statuses of the rows are set.
            reuse_rows(curriculum.sections, &before);
        } else {
            self.sections.set(reuse_rows(curriculum.sections, &before));
            if has_unsaved_move {
                self.show_order(&shown.reconciled(&stored));
            }
        }
    }

    /// Performs a change after the changes before it, and shows the curriculum that the server returns. A conflict reloads the
    /// curriculum.
    pub async fn change(self, change: impl Future<Output = Result<Curriculum>>) -> Result<()> {
        let lock = self.change_lock.get_value();
        let _guard = lock.lock().await;
        match change.await {
            Ok(curriculum) => {
                self.apply(curriculum);
                Ok(())
            }
            Err(error) => {
                if let Error::Conflict(_) | Error::NotFound = error {
                    self.refresh().await;
                }
                Err(error)
            }
        }
    }

    /// Performs a change as [`change`](Self::change) does, with the error as a sentence, for fields that are edited in place.
    pub fn change_in_place(self, change: impl Future<Output = Result<Curriculum>> + 'static) -> Saving {
        Box::pin(async move {
            self.change(change).await.map_err(|error| match error {
                Error::Invalid(errors) => errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" "),
                error => error.to_string(),
            })
        })
    }

    pub fn show_toast(self, tone: Tone, sentence: impl Into<String>) {
        self.toaster.show(tone, sentence);
    }

    /// Reloads the curriculum and shows it without the moves that are not saved.
    async fn refresh(self) {
        if let Ok(curriculum) = get_curriculum(self.course).await {
            let stored = order_of(&curriculum.sections);
            self.apply(curriculum);
            if self.order() != stored {
                self.sorter().show_animated(stored);
            }
        }
    }

    /// Saves the order that is shown, if it is not saved yet. Undo restores the order `before`.
    fn save_order(self, before: Order) {
        spawn_local(async move {
            let lock = self.change_lock.get_value();
            let _guard = lock.lock().await;
            let shown = self.order();
            let Saved { version, order } = self.saved.get_untracked();
            if shown == order {
                return;
            }
            match reorder_course(self.course, version, to_curriculum_order(&shown)).await {
                Ok(curriculum) => {
                    self.apply(curriculum);
                    let undo = Callback::new(move |()| self.undo(&before));
                    self.toaster.show_with_action(Tone::Accent, "Order saved.", "Undo", undo);
                }
                Err(error) => {
                    if let Error::Conflict(_) | Error::NotFound | Error::Invalid(_) = error {
                        self.refresh().await;
                    }
                    let saved = self.saved.with_untracked(|saved| saved.order.clone());
                    if self.order() != saved {
                        self.sorter().show_animated(saved);
                    }
                    self.toaster.show(Tone::Danger, error.to_string());
                }
            }
        });
    }

    fn undo(self, before: &Order) {
        let now = self.order();
        let restored = before.reconciled(&now);
        if restored != now {
            self.sorter().show_animated(restored);
            self.save_order(now);
        }
    }
}

fn order_of(sections: &[CurriculumSection]) -> Order {
    let lessons = |section: &CurriculumSection| section.lessons.iter().map(|lesson| lesson.id.uuid()).collect();
    Order(sections.iter().map(|section| (section.id.uuid(), lessons(section))).collect())
}

/// Converts the order of the sortable list into the argument of the server function.
fn to_curriculum_order(order: &Order) -> CurriculumOrder {
    let ids = |items: &[Uuid]| items.iter().copied().map(LessonId::from).collect();
    CurriculumOrder(order.0.iter().map(|(id, items)| (SectionId::from(*id), ids(items))).collect())
}

/// Returns the rows of a curriculum. The rows of `before` are reused with their new names and statuses, so that they are not
/// rendered again.
fn reuse_rows(sections: Vec<CurriculumSection>, before: &[SectionRow]) -> Vec<SectionRow> {
    let known: HashMap<LessonId, LessonRow> =
        before.iter().flat_map(|section| section.lessons.get_untracked()).map(|lesson| (lesson.id, lesson)).collect();
    let row = |section: CurriculumSection| {
        let lessons: Vec<_> = section
            .lessons
            .into_iter()
            .map(|lesson| match known.get(&lesson.id) {
                Some(row) => {
                    set_if_changed(&row.name, lesson.name);
                    set_if_changed(&row.status, lesson.status);
                    row.clone()
                }
                None => LessonRow {
                    id: lesson.id,
                    name: ArcRwSignal::new(lesson.name),
                    status: ArcRwSignal::new(lesson.status),
                },
            })
            .collect();
        match before.iter().find(|row| row.id == section.id) {
            Some(row) => {
                set_if_changed(&row.name, section.name);
                set_if_changed(&row.status, section.status);
                let same = row.lessons.with_untracked(|current| {
                    current.iter().map(|lesson| lesson.id).eq(lessons.iter().map(|lesson| lesson.id))
                });
                if !same {
                    row.lessons.set(lessons);
                }
                row.clone()
            }
            None => SectionRow {
                id: section.id,
                name: ArcRwSignal::new(section.name),
                status: ArcRwSignal::new(section.status),
                lessons: ArcRwSignal::new(lessons),
            },
        }
    };
    sections.into_iter().map(row).collect()
}

/// Sets a signal without notifying its subscribers when the value is the same.
fn set_if_changed<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|current| *current != value) {
        signal.set(value);
    }
}
