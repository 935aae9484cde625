//! One student's page: what they have, what they bought, and what can be done for them.

use leptos::{either::Either, prelude::*, task::spawn_local};
use leptos_meta::Title;

use crate::{
    audit::LogFilter,
    back_office::confirm_dialog::{ConfirmDialog, Confirmed},
    error::{Error, Result},
    id::{CourseId, UserId},
    mail::OutboxFilter,
    money::Cents,
    paths,
    purchases::PurchaseRow,
    students::{
        Gift, HeldCourse, StudentPage, StudentRow,
        api::{GiveCourse, SetAdmin, TakeBackCourse, list_courses_to_give},
    },
    ui::{
        Answers, Badge, Button, Dialog, EmptyState, FormErrors, Intent, LinkButton, LocalTime, PageHeader, Row,
        SearchSelect, Space, Stack, Stats, Table, TextArea, Tone, use_toast,
    },
    users::Role,
};

#[component]
pub fn StudentView(page: StudentPage, changed: RwSignal<u32>) -> impl IntoView {
    let StudentPage { student, is_me, courses, purchases } = page;
    let StudentRow { id, name, email, role, joined_at, courses: held, purchases: bought, spent } = student.clone();
    let figures = vec![
        ("Courses".to_owned(), held.to_string()),
        ("Purchases".to_owned(), bought.to_string()),
        ("Spent".to_owned(), spent.to_string()),
    ];
    let (did, was_done) = (LogFilter::by(id).address(None), LogFilter::about(id.uuid()).address(None));
    let mails = OutboxFilter::to(id).address(None);
    view! {
        <Title text=name.clone() />
        <PageHeader title=name.clone() lead=email>
            {(role == Role::Admin).then(|| view! { <Badge tone=Tone::Accent>"Admin"</Badge> })}
            <Power student is_me changed />
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                "Joined on " <LocalTime at=joined_at /> ". " <a href=was_done>"What was done to them"</a> ", "
                <a href=did>"what they did"</a> ", " <a href=mails>"what they were written"</a> "."
            </p>
            <Stats rows=figures />
            <Courses student=id name=name courses held changed />
            <Purchases purchases bought />
            <p>
                <a href=paths::ADMIN_STUDENTS>"All students"</a>
            </p>
        </Stack>
    }
}

/// What became of an action: told, and the page asked for anew. What is wrong with what was typed stays in its dialog.
fn settle(value: Option<Result<String>>, open: RwSignal<bool>, changed: RwSignal<u32>) {
    let toaster = use_toast();
    match value {
        None | Some(Err(Error::Invalid(_) | Error::Conflict(_) | Error::Offline)) => return,
        Some(Ok(said)) => toaster.show(Tone::Accent, said),
        Some(Err(error)) => toaster.show(Tone::Danger, error.to_string()),
    }
    open.set(false);
    changed.update(|changed| *changed += 1);
}

/// What a dialog says when nothing was done and it stays open.
fn refusal(value: Option<Result<String>>) -> Vec<String> {
    match value {
        Some(Err(error @ (Error::Conflict(_) | Error::Offline))) => vec![error.to_string()],
        _ => Vec::new(),
    }
}

#[component]
fn Courses(
    student: UserId,
    name: String,
    courses: Vec<HeldCourse>,
    /// How many there are, shown or not.
    held: i64,
    changed: RwSignal<u32>,
) -> impl IntoView {
    let (toaster, named) = (use_toast(), name.clone());
    let taking = TakingBack::new(move |_, said| {
        toaster.show(Tone::Accent, said);
        changed.update(|changed| *changed += 1);
    });
    let left = held - i64::try_from(courses.len()).unwrap_or_default();
    let rows = if courses.is_empty() {
        Either::Left(view! { <EmptyState title="No courses" text="What they buy or are given will be here." /> })
    } else {
        Either::Right(view! {
            <Table caption="Courses" head=vec!["Course", "Lessons complete", "Came by it", "Actions"]>
                {courses.into_iter().map(|course| view! { <CourseLine course taking /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <section>
            <Stack>
                <Row spread=true>
                    <h2>"Courses"</h2>
                    <Give student name changed />
                </Row>
                {rows} {(left > 0).then(|| view! { <p>{format!("And {left} more, further on in the alphabet.")}</p> })}
            </Stack>
            <TakeBack taking student name=named />
        </section>
    }
}

#[component]
fn CourseLine(course: HeldCourse, taking: TakingBack) -> impl IntoView {
    let HeldCourse { id, name, done, total, bought, gift } = course;
    let also_bought = bought.iter().any(|with| !with.paused);
    let given = gift.is_some();
    let how = bought
        .into_iter()
        .map(|with| {
            let paused = with.paused.then(|| view! { " " <Badge tone=Tone::Warning>"Disputed: access paused"</Badge> });
            view! { <p>"Bought with " <a href=paths::sale(with.sale)>{with.product}</a> {paused}</p> }
        })
        .collect_view();
    let gift = gift.map(|Gift { by, note, at }| {
        let note = (!note.is_empty()).then(|| format!(": “{note}”"));
        view! { <p>"Given by " {by.unwrap_or_else(|| "somebody deleted".into())} " on " <LocalTime at /> {note}</p> }
    });
    let action = given.then(|| {
        let name = name.clone();
        view! {
            <Button
                kind="button"
                intent=Intent::Quiet
                attr:aria-label=format!("Take back {name}")
                on:click=move |_| taking.ask((id, name.clone(), also_bought))
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
            <td>{how} {gift}</td>
            <td>{action}</td>
        </tr>
    }
}

/// The button that gives a course, and its dialog.
#[component]
fn Give(student: UserId, name: String, changed: RwSignal<u32>) -> impl IntoView {
    let (open, search, note) = (RwSignal::new(false), RwSignal::new(String::new()), RwSignal::new(String::new()));
    let give = ServerAction::<GiveCourse>::new();
    // Version 0 is what the page's address says became of a form: anybody can write an address.
    Effect::new(move |_| settle(give.value().get().filter(|_| give.version().get() > 0), open, changed));
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
                        <p>"They have it at once, and until it is taken back. Nothing is paid."</p>
                        {move || view! { <FormErrors errors=refusal(give.value().get()) /> }}
                        <input type="hidden" name="student" value=student.to_string() />
                        <SearchSelect
                            label="Course"
                            name="course"
                            search
                            found
                            things="courses"
                            error=Signal::derive(move || error("course"))
                        />
                        <div on:input=move |event| note.set(event_target_value(&event))>
                            {move || {
                                view! {
                                    <TextArea
                                        label="Note"
                                        name="note"
                                        value=note.get_untracked()
                                        error=error("note")
                                        maxlength=500
                                        rows=2
                                        hint="For yourselves: why they have it."
                                    />
                                }
                            }}
                        </div>
                        <Answers open>
                            <Button pending=give.pending()>"Give course"</Button>
    </Answers>
                    </Stack>
                </ActionForm>
            </Dialog>
        }
}

/// The courses that are like what is searched for. Nobody looks before the dialog is open.
fn courses_to_give(student: UserId, open: RwSignal<bool>, search: RwSignal<String>) -> RwSignal<Vec<(String, String)>> {
    let found = RwSignal::new(Vec::new());
    Effect::new(move |_| {
        if !open.get() {
            return;
        }
        let q = search.get();
        spawn_local(async move {
            let answer = list_courses_to_give(student, q.clone()).await;
            // Answers overtake each other; the page may be gone.
            if let Ok(courses) = answer
                && search.try_get_untracked() == Some(q)
            {
                found.set(courses.into_iter().map(|course| (course.id.to_string(), course.name)).collect());
            }
        });
    });
    found
}

/// A gift that may be taken back: which course, what it is called, and whether they bought it too.
type TakingBack = ConfirmDialog<(CourseId, String, bool), TakeBackCourse>;

#[component]
fn TakeBack(taking: TakingBack, student: UserId, name: String) -> impl IntoView {
    let consequence = move |(_, course, also_bought): &(CourseId, String, bool)| {
        if *also_bought {
            format!(
                "{name} bought “{course}” too and keeps it: only the gift goes. What was bought ends when its sale is refunded."
            )
        } else {
            format!("{name} cannot open “{course}” any more. What they completed is kept, should they come back to it.")
        }
    };
    view! {
        <Confirmed
            question=taking
            title="Take this course back?"
            consequence
            verb=|_| "Take back".into()
            send=move |(course, ..)| TakeBackCourse { student, course }
        />
    }
}

/// The button that makes somebody an admin, or a student again, and its dialog.
#[component]
fn Power(student: StudentRow, is_me: bool, changed: RwSignal<u32>) -> impl IntoView {
    let StudentRow { id, name, role, .. } = student;
    let make = role != Role::Admin;
    let (verb, title, intent) = if make {
        ("Make admin", format!("Make {name} an admin?"), Intent::Secondary)
    } else {
        ("Remove as admin", format!("Make {name} a student again?"), Intent::Danger)
    };
    let means = if make {
        format!(
            "{name} will write and delete courses, set prices, see every sale and student, refund money, and make others admin. \
             As all of you can."
        )
    } else if is_me {
        "This is you. The back office closes for you at once, and only another admin can open it again. Your own courses stay."
            .to_owned()
    } else {
        format!(
            "The back office closes for {name} with their next click. Their own courses stay, and so does what they wrote."
        )
    };
    let open = RwSignal::new(false);
    let set = ServerAction::<SetAdmin>::new();
    Effect::new(move |_| {
        let value = set.value().get().filter(|_| set.version().get() > 0);
        // Who is no admin any more has no page to come back to.
        if is_me && !make && matches!(value, Some(Ok(_))) {
            leave();
        } else {
            settle(value, open, changed);
        }
    });
    view! {
            <Button kind="button" intent on:click=move |_| open.set(true)>
                {verb}
            </Button>
            <Dialog open title>
                <Stack>
                    <p>{means}</p>
                    {move || view! { <FormErrors errors=refusal(set.value().get()) /> }}
                    <Answers open>
                        <Button
                            kind="button"
                            intent=if make { Intent::Primary } else { Intent::Danger }
                            pending=set.pending()
                            on:click=move |_| {
                                set.dispatch(SetAdmin { student: id, admin: make });
                            }
                        >
                            {verb}
                        </Button>
    </Answers>
                </Stack>
            </Dialog>
        }
}

/// The start page, loaded anew: this page was an admin's.
fn leave() {
    // It fails only in a page that is going away.
    drop(window().location().set_href(paths::HOME));
}

#[component]
fn Purchases(purchases: Vec<PurchaseRow>, bought: i64) -> impl IntoView {
    let left = bought - i64::try_from(purchases.len()).unwrap_or_default();
    let rows = if purchases.is_empty() {
        Either::Left(
            view! { <EmptyState title="No purchases" text="What they buy will be here, the free ones too." /> },
        )
    } else {
        Either::Right(view! {
            <Table caption="Purchases" head=vec!["Product", "When", "Paid", "Refunded"] numeric=vec![2, 3]>
                {purchases.into_iter().map(|purchase| view! { <PurchaseLine purchase /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <section>
            <Stack>
                <h2>"Purchases"</h2>
                {rows}
                {(left > 0)
                    .then(|| {
                        view! {
                            <p>
                                {format!("And {left} older ones. ")}
                                <LinkButton href=paths::ADMIN_SALES intent=Intent::Quiet>
                                    "Search sales"
                                </LinkButton>
                            </p>
                        }
                    })}
            </Stack>
        </section>
    }
}

#[component]
fn PurchaseLine(purchase: PurchaseRow) -> impl IntoView {
    let PurchaseRow { id, name, paid, refunded, refunded_at, paused, bought_at } = purchase;
    let badge = if refunded_at.is_some() { Some("Refunded") } else { paused.then_some("Disputed") };
    view! {
        <tr>
            <th scope="row">
                <a href=paths::sale(id)>{name}</a>
                {badge
                    .map(|badge| {
                        view! {
                            " "
                            <Badge tone=Tone::Warning>{badge}</Badge>
                        }
                    })}
            </th>
            <td>
                <LocalTime at=bought_at />
            </td>
            <td>{paid.to_string()}</td>
            <td>{(refunded > Cents::ZERO).then(|| refunded.to_string())}</td>
        </tr>
    }
}
