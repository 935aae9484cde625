//! The pages of the purchase history and of a receipt.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    error::Error,
    id::PurchaseId,
    load::{Loaded, load, page},
    money::Cents,
    paths,
    purchases::{History, PurchaseRow, Receipt, api},
    ui::{
        Address, Amounts, Badge, EmptyState, Intent, LinkButton, LocalTime, Main, Notice, PageHeader, Pager,
        PrintButton, ScreenOnly, Sheet, SkeletonList, SkeletonPage, Stack, Table, Tone,
    },
};

page!(
    /// `/purchases`.
    HistoryRoute,
    account,
    history,
    __preload_history
);

fn history() -> impl IntoView {
    let query = use_query_map();
    let history = load(
        move || query.with(|query| query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1)),
        api::get_history,
    );
    view! {
        <Title text="Purchases" />
        <Main>
            <PageHeader title="Purchases" />
            <Loaded from=history skeleton=|| view! { <SkeletonList count=4 /> } let:history>
                <Purchases history />
            </Loaded>
        </Main>
    }
}

#[component]
fn Purchases(history: History) -> impl IntoView {
    let History { purchases, page } = history;
    if purchases.rows.is_empty() && page == 1 {
        return Either::Left(view! {
            <EmptyState title="No purchases yet" text="Your receipts appear here.">
                <LinkButton href=paths::HOME>"Browse the courses"</LinkButton>
            </EmptyState>
        });
    }
    let (previous, next) = paths::pagination_links(paths::PURCHASES, "", page, purchases.has_next);
    Either::Right(view! {
        <Stack>
            <Table caption="Purchases" head=vec!["Product", "Paid"] numeric=vec![1]>
                {purchases.rows.into_iter().map(|purchase| view! { <Row purchase /> }).collect_view()}
            </Table>
            <Pager page previous next />
        </Stack>
    })
}

#[component]
fn Row(purchase: PurchaseRow) -> impl IntoView {
    let PurchaseRow { id, name, paid, refunded, refunded_at, paused, bought_at } = purchase;
    let badge = if refunded_at.is_some() {
        Some("Refunded")
    } else if paused {
        Some("Disputed")
    } else if refunded > Cents::ZERO {
        Some("Partly refunded")
    } else {
        None
    };
    view! {
        <tr>
            <th scope="row">
                <a href=paths::receipt(id)>{name}</a>
                " "
                {badge.map(|badge| view! { <Badge tone=Tone::Warning>{badge}</Badge> })}
                <br />
                <LocalTime at=bought_at />
            </th>
            <td>{(paid - refunded).to_string()}</td>
        </tr>
    }
}

page!(
    /// `/purchases/:purchase`.
    ReceiptRoute,
    account,
    receipt,
    __preload_receipt
);

fn receipt() -> impl IntoView {
    let params = use_params_map();
    let id = move || params.with(|params| params.get("purchase").and_then(|id| id.parse::<PurchaseId>().ok()));
    let receipt = load(id, async |id| api::get_receipt(id.ok_or(Error::NotFound)?).await);
    view! {
        <Main>
            <Loaded from=receipt skeleton=|| view! { <SkeletonPage /> } let:receipt>
                <ReceiptView receipt />
            </Loaded>
        </Main>
    }
}

#[component]
fn ReceiptView(receipt: Receipt) -> impl IntoView {
    let rows = receipt.rows().into_iter().map(|(label, amount, total)| (label, amount.to_string(), total)).collect();
    let number = format!("Receipt {}", receipt.number);
    let dispute = receipt.dispute_notice();
    let at_stripe = receipt.at_stripe.then(|| paths::stripe_receipt(receipt.id));
    view! {
        <Title text=number.clone() />
        <Sheet>
            <PageHeader title=number lead=receipt.seller>
                {receipt.refunded_at.map(|_| view! { <Badge tone=Tone::Warning>"Refunded"</Badge> })}
                <PrintButton />
                <LinkButton href=paths::receipt_pdf(receipt.id) intent=Intent::Secondary external=true>
                    "Download PDF"
                </LinkButton>
            </PageHeader>
            <Stack>
                <Address text=receipt.seller_address />
                <p>
                    "Bought by " {receipt.buyer_name} ", " {receipt.buyer_email} <br /> "on "
                    <LocalTime at=receipt.bought_at with_time=true />
                </p>
                {dispute.map(|sentence| view! { <Notice>{sentence}</Notice> })}
                <h2>{receipt.product.name}</h2>
                <Amounts rows />
                <p>"All amounts in US dollars."</p>
            </Stack>
            <ScreenOnly>
                <a href=paths::PURCHASES>"All purchases"</a>
            </ScreenOnly>
            {at_stripe
                .map(|href| {
                    view! {
                        <ScreenOnly>
                            <a href=href rel="external">
                                "Stripe’s own receipt"
                            </a>
                        </ScreenOnly>
                    }
                })}
        </Sheet>
    }
}
