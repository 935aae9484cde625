//! The courses of a student: what they have access to, and the dialogs that give a course and take one back.

use leptos::{either::Either, prelude::*, task::spawn_local};

use crate::{
    back_office::confirm_dialog::{ConfirmDialog, Confirmation},
    error::Error,
    id::{CourseId, UserId},
    paths,
    students::{
        Gift, StudentCourse,
        api::{GiveCourse, TakeBackCourse, list_courses_to_give},
        detail::dialog_result::{error_messages, show_result},
    },
    ui::{
        Badge, Button, Dialog, DialogActions, EmptyState, FormErrors, Intent, LocalTime, Row, SearchSelect, Stack,
        Table, TextArea, Tone, use_toast,
    },
};

/// The courses of a student, with the dialogs that give one and take one back.
#[component]
pub fn Courses(
    student: UserId,
    name: String,
    courses: Vec<StudentCourse>,
    /// The number of all courses, shown or not.
    count: i64,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let (toaster, student_name) = (use_toast(), name.clone());
    let revocation = Revocation::new(move |_, message| {
        toaster.show(Tone::Accent, message);
        changed.update(|changed| *changed += 1);
    });
    let not_shown = count - i64::try_from(courses.len()).unwrap_or_default();
    let rows = if courses.is_empty() {
        Either::Left(
            view! { <EmptyState title="No courses" text="Courses that this student buys or is given are listed here." /> },
        )
    } else {
        Either::Right(view! {
            <Table caption="Courses" head=vec!["Course", "Lessons complete", "Source", "Actions"]>
                {courses.into_iter().map(|course| view! { <CourseLine course revocation /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <section>
            <Stack>
                <Row spread=true>
                    <h2>"Courses"</h2>
                    <GiveCourseButton student name changed />
                </Row>
                {rows}
                {(not_shown > 0).then(|| view! { <p>{format!("{not_shown} more courses are not shown.")}</p> })}
            </Stack>
            <TakeBackDialog revocation student name=student_name />
        </section>
    }
}

#[component]
fn CourseLine(course: StudentCourse, revocation: Revocation) -> impl IntoView {
    let StudentCourse { id, name, done, total, purchases, gift } = course;
    let also_bought = purchases.iter().any(|purchase| !purchase.paused);
    let is_gift = gift.is_some();
    let purchases = purchases
        .into_iter()
        .map(|purchase| {
            let paused = purchase.paused.then(|| {
                view! {
                    " "
                    <Badge tone=Tone::Warning>"Disputed: access paused"</Badge>
                }
            });
            view! { <p>"Bought with " <a href=paths::sale(purchase.sale)>{purchase.product}</a> {paused}</p> }
        })
        .collect_view();
    let gift = gift.map(|Gift { by, note, at }| {
        let note = (!note.is_empty()).then(|| format!(": “{note}”"));
        view! { <p>"Given by " {by.unwrap_or_else(|| "a deleted user".into())} " on " <LocalTime at /> {note}</p> }
    });
    let action = is_gift.then(|| {
        let name = name.clone();
        view! {
            <Button
                kind="button"
                intent=Intent::Quiet
                attr:aria-label=format!("Take back {name}")
                on:click=move |_| revocation.open_for((id, name.clone(), also_bought))
            >
                "Take back"
            </Button>
        }
    });
    view! {
        <tr>
            <th scope="row">
                <a href=paths::edit_course(id)>{name}</a>
            </th>
            <td>{if total > 0 { format!("{done} of {total}") } else { "No lessons yet".into() }}</td>
            <td>{purchases} {gift}</td>
            <td>{action}</td>
        </tr>
    }
}

/// The button that gives a course, and its dialog.
#[component]
fn GiveCourseButton(student: UserId, name: String, changed: RwSignal<u32>) -> impl IntoView {
    let (open, search, note) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let give = ServerAction::<GiveCourse>::new();
    // Version 0 is a result from the page's URL, which is not trustworthy.
    Effect::new(move |_| show_result(give.value().get().filter(|_| give.version().get() > 0), open, changed));
    let found = courses_to_give(student, open, search);
    let error = move |field: &str| match give.value().get() {
        Some(Err(Error::Invalid(errors))) => {
            errors.into_iter().find(|error| error.field == field).map(|error| error.message)
        }
        _ => None,
    };
    view! {
        <Button kind="button" intent=Intent::Secondary on:click=move |_| open.set(true)>
            "Give a course"
        </Button>
        <Dialog open title=format!("Give {name} a course")>
            <ActionForm action=give>
                <Stack>
                    <p>"The student gets access at once and keeps it until you take it back. There is no charge."</p>
                    {move || view! { <FormErrors errors=error_messages(give.value().get()) /> }}
                    <input type="hidden" name="student" value=student.to_string() />
                    <SearchSelect
                        label="Course"
                        name="course"
                        search
                        found
                        noun="courses"
                        error=Signal::derive(move || error("course"))
                    />
                    <div on:input=move |event| {
                        note.set(event_target_value(&event));
                    }>
                        {move || {
                            view! {
                                <TextArea
                                    label="Note"
                                    name="note"
                                    value=note.get_untracked()
                                    error=error("note")
                                    maxlength=500
                                    rows=2
                                    hint="Only admins see it."
                                />
                            }
                        }}
                    </div>
                    <DialogActions open>
                        <Button pending=give.pending()>"Give course"</Button>
                    </DialogActions>
                </Stack>
            </ActionForm>
        </Dialog>
    }
}

/// The courses that match the search, as options. They are loaded once the dialog is open.
fn courses_to_give(student: UserId, open: RwSignal<bool>, search: RwSignal<String>) -> RwSignal<Vec<(String, String)>> {
    let found = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        if !open.get() {
            return;
        }
        let q = search.get();
        spawn_local(async move {
            let result = list_courses_to_give(student, q.clone()).await;
            // Responses may arrive out of order, and after the page was left.
            if let Ok(courses) = result
                && search.try_get_untracked() == Some(q)
            {
                found.set(courses.into_iter().map(|course| (course.id.to_string(), course.name)).collect());
            }
        });
    });
    found
}

/// The confirmation before a gift is taken back: the course, its name, and whether the student also bought it.
type Revocation = Confirmation<(CourseId, String, bool), TakeBackCourse>;

#[component]
fn TakeBackDialog(revocation: Revocation, student: UserId, name: String) -> impl IntoView {
    let consequence = move |(_, course, also_bought): &(CourseId, String, bool)| {
        if *also_bought {
            format!(
                "{name} also bought “{course}” and keeps access. Only the gift is removed. Refund the sale to end the access."
            )
        } else {
            format!("{name} loses access to “{course}”. The completed lessons stay recorded.")
        }
    };
    view! {
        <ConfirmDialog
            confirmation=revocation
            title="Take this course back?"
            consequence
            verb=|_| "Take back".into()
            send=move |(course, ..)| TakeBackCourse { student, course }
        />
    }
}
