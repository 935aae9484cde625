//! The page of one student: totals, courses and purchases.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;

use crate::{
    audit::AuditFilter,
    mail::OutboxFilter,
    money::Cents,
    paths,
    purchases::PurchaseRow,
    students::{
        StudentPage, StudentRow,
        detail::{access::Courses, role::RoleButton},
    },
    ui::{Badge, EmptyState, Intent, LinkButton, LocalTime, PageHeader, Space, Stack, Stats, Table, Tone},
    users::Role,
};

/// The page of a student. `changed` is incremented to load it again.
#[component]
pub fn StudentDetail(page: StudentPage, changed: RwSignal<u32>) -> impl IntoView {
    let StudentPage { student, is_viewer, courses, purchases } = page;
    let StudentRow { id, name, email, role, joined_at, courses: course_count, purchases: purchase_count, spent } =
        student.clone();
    let totals = vec![
        ("Courses".to_owned(), course_count.to_string()),
        ("Purchases".to_owned(), purchase_count.to_string()),
        ("Spent".to_owned(), spent.to_string()),
    ];
    let (changes, activity) = (AuditFilter::about(id.uuid()).url(None), AuditFilter::by(id).url(None));
    let emails = OutboxFilter::to(id).url(None);
    view! {
        <Title text=name.clone() />
        <PageHeader title=name.clone() lead=email>
            {(role == Role::Admin).then(|| view! { <Badge tone=Tone::Accent>"Admin"</Badge> })}
            <RoleButton student is_viewer changed />
        </PageHeader>
        <Stack gap=Space::Loose>
            <p>
                "Joined on " <LocalTime at=joined_at /> ". " <a href=changes>"Changes to this account"</a> ", "
                <a href=activity>"Activity"</a> ", " <a href=emails>"Emails"</a> "."
            </p>
            <Stats rows=totals />
            <Courses student=id name=name courses count=course_count changed />
            <Purchases purchases count=purchase_count />
            <p>
                <a href=paths::ADMIN_STUDENTS>"All students"</a>
            </p>
        </Stack>
    }
}

#[component]
fn Purchases(
    purchases: Vec<PurchaseRow>,
    /// The number of all purchases, shown or not.
    count: i64,
) -> impl IntoView {
    let not_shown = count - i64::try_from(purchases.len()).unwrap_or_default();
    let rows = if purchases.is_empty() {
        Either::Left(
            view! { <EmptyState title="No purchases" text="Purchases of this student are listed here, including free ones." /> },
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
                {(not_shown > 0)
                    .then(|| {
                        view! {
                            <p>
                                {format!("{not_shown} older purchases are not shown. ")}
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
