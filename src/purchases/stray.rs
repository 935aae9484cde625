//! Payments without a purchase: unusable ones, which are refunded automatically, and those that do not match their checkout.

use chrono::{DateTime, Utc};
use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};

use super::{
    PurchaseId, api,
    sales::{RefundState, UnusablePaymentReason},
};
use crate::{
    admin::layout::back_office,
    load::{Loaded, load, page},
    money::Cents,
    paths,
    ui::{Badge, EmptyState, LinkButton, LocalTime, PageHeader, Pager, SkeletonList, Space, Stack, Table, Tone},
    users::UserId,
};

/// Money that was paid and is no purchase.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrayPayment {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub buyer: UserId,
    pub email: String,
    /// What it was meant for.
    pub product: String,
    pub amount: Cents,
    /// How its refund stands.
    pub state: RefundState,
    pub failure: String,
    /// Why it is no purchase.
    pub reason: UnusablePaymentReason,
    /// The purchase that it duplicates.
    pub original_purchase_id: Option<PurchaseId>,
    pub payment_intent: Option<String>,
}

/// What Stripe told and did not fit: nothing was granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Misfit {
    #[serde(with = "chrono::serde::ts_microseconds")]
    pub at: DateTime<Utc>,
    pub kind: String,
    /// Stripe's id of what it was about.
    pub object: String,
}

/// A page of them, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StrayPayments {
    pub payments: Vec<StrayPayment>,
    pub misfits: Vec<Misfit>,
    /// From 1.
    pub page: u32,
    pub more: bool,
}

page!(
    /// `/admin/sales/other-payments`.
    StrayRoute,
    admin,
    stray,
    __preload_stray
);

fn stray() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let payments = load(
            move || query.with(|query| query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1)),
            api::get_stray_payments,
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
fn Payments(payments: StrayPayments) -> impl IntoView {
    let StrayPayments { payments, misfits, page, more } = payments;
    if payments.is_empty() && misfits.is_empty() && page == 1 {
        return Either::Left(view! {
            <EmptyState
                title="Every payment is a purchase"
                text="A payment that cannot become a purchase is refunded automatically and listed here."
            >
                <LinkButton href=paths::ADMIN_SALES>"All sales"</LinkButton>
            </EmptyState>
        });
    }
    let (previous, next) = paths::turns(paths::ADMIN_PAYMENTS, "", page, more);
    let rows = payments.into_iter().map(|payment| view! { <Line payment /> }).collect_view();
    Either::Right(view! {
        {(!misfits.is_empty()).then(|| view! { <Misfits misfits /> })}
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
fn Line(payment: StrayPayment) -> impl IntoView {
    let StrayPayment {
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
fn Misfits(misfits: Vec<Misfit>) -> impl IntoView {
    let rows = misfits
        .into_iter()
        .map(|Misfit { at, kind, object }| {
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
