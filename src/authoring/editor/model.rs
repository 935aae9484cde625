//! What the editor holds: the course as it is shown, and as the server last said it is. What is shown may run ahead while a move
//! is being saved; everything else comes from the server's answers.

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

#[derive(Clone)]
pub struct SectionRow {
    pub id: SectionId,
    pub name: ArcRwSignal<String>,
    pub status: ArcRwSignal<SectionStatus>,
    pub lessons: ArcRwSignal<Vec<LessonRow>>,
}

#[derive(Clone)]
pub struct LessonRow {
    pub id: LessonId,
    pub name: ArcRwSignal<String>,
    pub status: ArcRwSignal<LessonStatus>,
}

/// What a dialog is open for.
#[derive(Clone)]
pub enum OpenDialog {
    NewSection,
    DeleteSection(SectionRow),
    NewLesson(SectionId),
    EditLesson(LessonRow),
    DeleteLesson(LessonRow),
}

#[derive(Clone, Copy)]
pub struct Editor {
    pub course: CourseId,
    pub sections: RwSignal<Vec<SectionRow>>,
    pub asked: RwSignal<Option<OpenDialog>>,
    /// What the server last said.
    saved: RwSignal<Saved>,
    /// One change at a time: each is based on the answer to the one before.
    turn: StoredValue<Arc<Mutex<()>>>,
    sorter: StoredValue<Option<Sorter>>,
    toaster: Toaster,
}

#[derive(Clone, Debug)]
struct Saved {
    version: i64,
    order: Order,
}

impl Editor {
    pub fn new(tree: Curriculum) -> Self {
        let saved = Saved { version: tree.version, order: order_of(&tree.sections) };
        let editor = Self {
            course: tree.id,
            sections: RwSignal::new(rows(tree.sections, &[])),
            asked: RwSignal::new(None),
            saved: RwSignal::new(saved),
            turn: StoredValue::new(Arc::default()),
            sorter: StoredValue::new(None),
            toaster: use_toast(),
        };
        let sorter = Sorter::new(
            move || editor.order(),
            move |order| editor.show(&order),
            move |before, _| editor.save_order(before),
            move |key| editor.name_of(key),
        );
        editor.sorter.set_value(Some(sorter));
        editor
    }

    #[expect(clippy::expect_used, reason = "it is set where the editor is made")]
    pub fn sorter(self) -> Sorter {
        self.sorter.get_value().expect("an editor has its sorter")
    }

    pub fn ask(self, ask: OpenDialog) {
        self.asked.set(Some(ask));
    }

    /// "3 sections, 9 lessons".
    pub fn summary(self) -> String {
        let (sections, lessons) = self.sections.with(|sections| {
            (sections.len(), sections.iter().map(|section| section.lessons.with(Vec::len)).sum::<usize>())
        });
        let of = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        format!("{}, {}", of(sections, "section"), of(lessons, "lesson"))
    }

    /// The order that is shown.
    fn order(self) -> Order {
        self.sections.with_untracked(|sections| {
            let lessons = |section: &SectionRow| {
                section.lessons.with_untracked(|lessons| lessons.iter().map(|lesson| lesson.id.uuid()).collect())
            };
            Order(sections.iter().map(|section| (section.id.uuid(), lessons(section))).collect())
        })
    }

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

    /// Shows the rows in another order. Only lists that differ are touched.
    fn show(self, order: &Order) {
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
            let was = now.0.iter().find(|(was, _)| was == id).map(|(_, items)| items);
            if was != Some(items) {
                section.lessons.set(items.iter().filter_map(|item| lessons.remove(item)).collect());
            }
            shown.push(section);
        }
        if now.0.iter().map(|(id, _)| id).ne(order.0.iter().map(|(id, _)| id)) {
            self.sections.set(shown);
        }
    }

    /// Takes over what the server says. A move that is not saved yet stays as it is shown.
    pub fn take(self, tree: Curriculum) {
        let shown = self.order();
        let ahead = shown != self.saved.with_untracked(|saved| saved.order.clone());
        let truth = order_of(&tree.sections);
        self.saved.set(Saved { version: tree.version, order: truth.clone() });
        let before = self.sections.get_untracked();
        if truth == shown {
            // Nothing was made, moved or deleted: the rows take their new names and statuses.
            rows(tree.sections, &before);
        } else {
            self.sections.set(rows(tree.sections, &before));
            if ahead {
                self.show(&shown.reconciled(&truth));
            }
        }
    }

    /// Makes a change, after those before it, and shows what the server then says. A conflict shows how things are now.
    pub async fn change(self, change: impl Future<Output = Result<Curriculum>>) -> Result<()> {
        let turn = self.turn.get_value();
        let _turn = turn.lock().await;
        match change.await {
            Ok(tree) => {
                self.take(tree);
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

    /// The same for what is changed where it stands.
    pub fn saving(self, change: impl Future<Output = Result<Curriculum>> + 'static) -> Saving {
        Box::pin(async move {
            self.change(change).await.map_err(|error| match error {
                Error::Invalid(errors) => errors.into_iter().map(|error| error.message).collect::<Vec<_>>().join(" "),
                error => error.to_string(),
            })
        })
    }

    pub fn tell(self, tone: Tone, sentence: impl Into<String>) {
        self.toaster.show(tone, sentence);
    }

    /// Asks the server how things are, and shows just that.
    async fn refresh(self) {
        if let Ok(tree) = get_curriculum(self.course).await {
            let truth = order_of(&tree.sections);
            self.take(tree);
            if self.order() != truth {
                self.sorter().show_gliding(truth);
            }
        }
    }

    /// Saves the order that is shown, once. `before` is what Undo goes back to.
    fn save_order(self, before: Order) {
        spawn_local(async move {
            let turn = self.turn.get_value();
            let _turn = turn.lock().await;
            let shown = self.order();
            let Saved { version, order } = self.saved.get_untracked();
            if shown == order {
                return;
            }
            match reorder_course(self.course, version, sent(&shown)).await {
                Ok(tree) => {
                    self.take(tree);
                    let undo = Callback::new(move |()| self.undo(&before));
                    self.toaster.offer(Tone::Accent, "Order saved.", "Undo", undo);
                }
                Err(error) => {
                    if let Error::Conflict(_) | Error::NotFound | Error::Invalid(_) = error {
                        self.refresh().await;
                    }
                    let saved = self.saved.with_untracked(|saved| saved.order.clone());
                    if self.order() != saved {
                        self.sorter().show_gliding(saved);
                    }
                    self.toaster.show(Tone::Danger, error.to_string());
                }
            }
        });
    }

    fn undo(self, before: &Order) {
        let now = self.order();
        let back = before.reconciled(&now);
        if back != now {
            self.sorter().show_gliding(back);
            self.save_order(now);
        }
    }
}

fn order_of(sections: &[CurriculumSection]) -> Order {
    let lessons = |section: &CurriculumSection| section.lessons.iter().map(|lesson| lesson.id.uuid()).collect();
    Order(sections.iter().map(|section| (section.id.uuid(), lessons(section))).collect())
}

/// An order as the server takes it.
fn sent(order: &Order) -> CurriculumOrder {
    let ids = |items: &[Uuid]| items.iter().copied().map(LessonId::from).collect();
    CurriculumOrder(order.0.iter().map(|(id, items)| (SectionId::from(*id), ids(items))).collect())
}

/// Rows for a tree. Those that are there already are kept, with their new names and statuses.
fn rows(sections: Vec<CurriculumSection>, before: &[SectionRow]) -> Vec<SectionRow> {
    let known: HashMap<LessonId, LessonRow> =
        before.iter().flat_map(|section| section.lessons.get_untracked()).map(|lesson| (lesson.id, lesson)).collect();
    let row = |section: CurriculumSection| {
        let lessons: Vec<_> = section
            .lessons
            .into_iter()
            .map(|lesson| match known.get(&lesson.id) {
                Some(row) => {
                    set(&row.name, lesson.name);
                    set(&row.status, lesson.status);
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
                set(&row.name, section.name);
                set(&row.status, section.status);
                let same = row.lessons.with_untracked(|now| {
                    now.iter().map(|lesson| lesson.id).eq(lessons.iter().map(|lesson| lesson.id))
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

/// Tells nobody when nothing changed.
fn set<T: PartialEq + Send + Sync + 'static>(signal: &ArcRwSignal<T>, value: T) {
    if signal.with_untracked(|now| *now != value) {
        signal.set(value);
    }
}
