//! Payments without a purchase: unusable ones, which are refunded automatically, and those that do not match their checkout.

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
            <PageHeader title="Other payments" lead="Money that was paid and is no purchase." />
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
    let UnmatchedPayments { payments, mismatched_events, page, more } = payments;
    if payments.is_empty() && mismatched_events.is_empty() && page == 1 {
        return Either::Left(view! {
            <EmptyState
                title="Every payment is a purchase"
                text="A payment that cannot become a purchase is refunded automatically and listed here."
            >
                <LinkButton href=paths::ADMIN_SALES>"All sales"</LinkButton>
            </EmptyState>
        });
    }
    let (previous, next) = paths::pagination_links(paths::ADMIN_PAYMENTS, "", page, more);
    let rows = payments.into_iter().map(|payment| view! { <Line payment /> }).collect_view();
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
fn Line(payment: UnmatchedPayment) -> impl IntoView {
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
            <th scope="row">
                {product} <br /> {payment_intent}
            </th>
            <td>{reason.label()}</td>
            <td>
                <a href=paths::student(buyer)>{email}</a>
            </td>
            <td>
                <LocalTime at with_time=true />
            </td>
            <td>{amount.to_string()}</td>
            <td>
                <Badge tone>{state.words()}</Badge>
                " "
                {failure}
            </td>
        </tr>
    }
}

/// What should never be: it is looked into at Stripe.
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
                <h2>"Payments that do not fit"</h2>
                <p>
                    "Amount, currency or session are not those of the checkout, so nothing was granted. Look at them in Stripe's dashboard, and send the money back there."
                </p>
                <Table caption="Payments that do not fit" head=vec!["Stripe's id", "What was told", "When"]>
                    {rows}
                </Table>
            </Stack>
        </section>
    }
}
