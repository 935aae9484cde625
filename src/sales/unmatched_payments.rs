//! The page of payments without a purchase: unusable ones, which are refunded automatically, and those that do not match their
//! checkout.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    back_office::layout::back_office,
    load::{Loaded, load, page},
    paths,
    payments::unmatched::{MismatchedEvent, UnmatchedPayment, UnmatchedPayments},
    sales::api,
    stripe::states::RefundState,
    ui::{Badge, EmptyState, LinkButton, LocalTime, PageHeader, Pager, SkeletonList, Space, Stack, Table, Tone},
};

page!(
    /// `/admin/sales/other-payments`.
    UnmatchedPaymentsRoute,
    admin,
    unmatched_payments,
    __preload_unmatched_payments
);

fn unmatched_payments() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let payments = load(
            move || query.with(|query| query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1)),
            api::get_unmatched_payments,
        );
        view! {
            <Title text="Other payments" />
            <PageHeader title="Other payments" lead="Payments that did not become a purchase." />
            <Stack gap=Space::Loose>
                <p>
                    <a href=paths::ADMIN_SALES>"All sales"</a>
                </p>
                <Loaded from=payments skeleton=|| view! { <SkeletonList count=4 /> } let:payments>
                    <Payments payments />
                </Loaded>
            </Stack>
        }
    })
}

#[component]
fn Payments(payments: UnmatchedPayments) -> impl IntoView {
    let UnmatchedPayments { payments, mismatched_events, page } = payments;
    if payments.rows.is_empty() && mismatched_events.is_empty() && page == 1 {
        return Either::Left(view! {
            <EmptyState
                title="No other payments"
                text="A payment that cannot become a purchase is refunded automatically and listed here."
            >
                <LinkButton href=paths::ADMIN_SALES>"All sales"</LinkButton>
            </EmptyState>
        });
    }
    let (previous, next) = paths::pagination_links(paths::ADMIN_PAYMENTS, "", page, payments.has_next);
    let rows = payments.rows.into_iter().map(|payment| view! { <PaymentRow payment /> }).collect_view();
    Either::Right(view! {
        {(!mismatched_events.is_empty()).then(|| view! { <MismatchedEvents mismatched_events /> })}
        <section>
            <Stack>
                <h2>"Payments without a purchase"</h2>
                <Table
                    caption="Payments without a purchase"
                    head=vec!["Product", "Reason", "Buyer", "When", "Amount", "Refund"]
                    numeric=vec![4]
                >
                    {rows}
                </Table>
                <Pager page previous next />
            </Stack>
        </section>
    })
}

#[component]
fn PaymentRow(payment: UnmatchedPayment) -> impl IntoView {
    let UnmatchedPayment {
        at,
        buyer,
        email,
        product,
        amount,
        state,
        failure,
        reason,
        original_purchase_id,
        payment_intent,
    } = payment;
    let tone = match state {
        RefundState::Pending => Tone::Warning,
        RefundState::Succeeded | RefundState::Reversed => Tone::Plain,
        RefundState::Failed => Tone::Danger,
    };
    let product = match original_purchase_id {
        Some(sale) => Either::Left(view! { <a href=paths::sale(sale)>{product}</a> }),
        None => Either::Right(product),
    };
    view! {
        <tr>
            <th scope="row">{product} <br /> {payment_intent}</th>
            <td>{reason.label()}</td>
            <td>
                <a href=paths::student(buyer)>{email}</a>
            </td>
            <td>
                <LocalTime at with_time=true />
            </td>
            <td>{amount.to_string()}</td>
            <td>
                <Badge tone>{state.label()}</Badge>
                " "
                {failure}
            </td>
        </tr>
    }
}

/// Events whose payment does not match its checkout. They need a decision in Stripe's dashboard.
#[component]
fn MismatchedEvents(mismatched_events: Vec<MismatchedEvent>) -> impl IntoView {
    let rows = mismatched_events
        .into_iter()
        .map(|MismatchedEvent { at, kind, object }| {
            view! {
                <tr>
                    <th scope="row">{object}</th>
                    <td>{kind}</td>
                    <td>
                        <LocalTime at with_time=true />
                    </td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <Stack>
                <h2>"Mismatched payments"</h2>
                <p>
                    "The amount, currency or session differs from the checkout, so no access was granted. Check these payments in Stripe's dashboard and refund them there."
                </p>
                <Table caption="Mismatched payments" head=vec!["Stripe id", "Event", "When"]>
                    {rows}
                </Table>
            </Stack>
        </section>
    }
}
