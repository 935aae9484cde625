//! Sales, to watch over.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::layout::back_office,
    error::Error,
    id::PurchaseId,
    load::{Loaded, load, page},
    paths,
    sales::{PageDirection, SaleRow, SaleState, SalesFilter, SalesPage, api, detail::SaleView},
    ui::{
        Badge, EmptyState, Intent, KeysetPager, LinkButton, LocalTime, PageHeader, SearchBox, SkeletonList,
        SkeletonPage, Stack, Table, Tabs, Tone,
    },
};

page!(
    /// `/admin/sales`.
    SalesRoute,
    admin,
    sales,
    __preload_sales
);

fn sales() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let asked = move || {
            let value = |name: &str| query.with(|query| query.get(name).unwrap_or_default());
            (value("q"), value("state"), value("before"), value("after"))
        };
        let page = load(asked, |(q, state, before, after)| api::get_sales(q, state, before, after));
        view! {
            <Title text="Sales" />
            <Loaded from=page skeleton=|| view! { <SkeletonList count=12 /> } let:page>
                <Sales page />
            </Loaded>
        }
    })
}

#[component]
fn Sales(page: SalesPage) -> impl IntoView {
    let SalesPage { filter, sales, newer, older } = page;
    let back =
        sales.first().filter(|_| newer).map(|first| ("Newer", filter.page(&PageDirection::After(first.cursor()))));
    let older = sales.last().filter(|_| older).map(|last| filter.page(&PageDirection::Before(last.cursor())));
    let of = |state| SalesFilter { state, ..filter.clone() }.address();
    let mut tabs = vec![(of(None), "All".to_owned())];
    tabs.extend(SaleState::ALL.map(|state| (of(Some(state)), state.words().to_owned())));
    let (csv, current, q) = (filter.csv(), filter.address(), filter.q.clone());
    let keep = filter.state.map(|state| ("state", state.name().to_owned())).into_iter().collect();
    let rows = if sales.is_empty() {
        Either::Left(view! { <Nothing filter /> })
    } else {
        Either::Right(view! {
            <Table
                caption="Sales"
                head=vec!["Product", "Buyer", "When", "Paid", "Refunded", "State"]
                numeric=vec![3, 4]
            >
                {sales.into_iter().map(|sale| view! { <SaleLine sale /> }).collect_view()}
            </Table>
        })
    };
    view! {
        <PageHeader title="Sales">
            <LinkButton href=paths::ADMIN_PAYMENTS intent=Intent::Secondary>
                "Other payments"
            </LinkButton>
            <LinkButton href=csv intent=Intent::Secondary external=true>
                "Download CSV"
            </LinkButton>
        </PageHeader>
        <Stack>
            <SearchBox
                action=paths::ADMIN_SALES
                value=q
                label="Search sales"
                hint="At least three letters of the buyer's email or the product; the receipt's number; or Stripe's id of a session or payment."
                keep
            />
            <Tabs tabs current=current label="State" />
            {rows}
            <KeysetPager back older />
        </Stack>
    }
}

#[component]
fn Nothing(filter: SalesFilter) -> impl IntoView {
    if filter == SalesFilter::default() {
        Either::Left(view! {
            <EmptyState title="Nothing is sold yet" text="Every purchase will be here, the free ones too.">
                <LinkButton href=paths::ADMIN_PRODUCTS>"Products"</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(view! {
            <EmptyState title="No sale is like that" text="Search for something else, or look at all of them.">
                <LinkButton href=paths::ADMIN_SALES intent=Intent::Secondary>
                    "All sales"
                </LinkButton>
            </EmptyState>
        })
    }
}

#[component]
fn SaleLine(sale: SaleRow) -> impl IntoView {
    let SaleRow { id, at, buyer, email, product, paid, refunded, state, country_differs, .. } = sale;
    view! {
        <tr>
            <th scope="row">
                <a href=paths::sale(id)>{product}</a>
            </th>
            <td>
                <a href=paths::student(buyer)>{email}</a>
            </td>
            <td>
                <LocalTime at with_time=true />
            </td>
            <td>{paid.to_string()}</td>
            <td>{(!refunded.is_zero()).then(|| refunded.to_string())}</td>
            <td>
                <Badge tone=state.tone()>{state.words()}</Badge>
                {country_differs.then(|| view! { " " <Badge tone=Tone::Warning>"Card from elsewhere"</Badge> })}
            </td>
        </tr>
    }
}

page!(
    /// `/admin/sales/:purchase`.
    SaleRoute,
    admin,
    sale,
    __preload_sale
);

fn sale() -> impl IntoView {
    back_office(|| {
        let params = use_params_map();
        let id = move || params.with(|params| params.get("purchase").and_then(|id| id.parse::<PurchaseId>().ok()));
        let changed = RwSignal::new(0_u32);
        let sale = load(move || (id(), changed.get()), async |(id, _)| api::get_sale(id.ok_or(Error::NotFound)?).await);
        view! {
            <Loaded from=sale skeleton=|| view! { <SkeletonPage /> } let:sale>
                <SaleView sale changed />
            </Loaded>
        }
    })
}
