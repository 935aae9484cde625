//! Back office: the list of sales, and the page of one sale.

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    back_office::layout::back_office,
    error::Error,
    id::PurchaseId,
    load::{Loaded, load, page},
    pagination::PageDirection,
    paths,
    sales::{
        SaleRow, SaleState, api,
        detail::SaleDetail,
        filter::{SaleList, SalesFilter},
    },
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
        let parameters = move || {
            let value = |name: &str| query.with(|query| query.get(name).unwrap_or_default());
            (value("q"), value("state"), value("before"), value("after"))
        };
        let list = load(parameters, |(q, state, before, after)| api::get_sales(q, state, before, after));
        view! {
            <Title text="Sales" />
            <Loaded from=list skeleton=|| view! { <SkeletonList count=12 /> } let:list>
                <Sales list />
            </Loaded>
        }
    })
}

#[component]
fn Sales(list: SaleList) -> impl IntoView {
    let SaleList { filter, sales } = list;
    let newer = sales.rows.first().filter(|_| sales.has_previous);
    let newer = newer.map(|first| ("Newer", filter.page_url(&PageDirection::After(first.cursor()))));
    let older = sales.rows.last().filter(|_| sales.has_next);
    let older = older.map(|last| filter.page_url(&PageDirection::Before(last.cursor())));
    let url_of = |state| SalesFilter { state, ..filter.clone() }.url();
    let mut tabs = vec![(url_of(None), "All".to_owned())];
    tabs.extend(SaleState::ALL.map(|state| (url_of(Some(state)), state.label().to_owned())));
    let (csv, current, q) = (filter.csv_url(), filter.url(), filter.q.clone());
    let parameters = filter.state.map(|state| ("state", state.as_str().to_owned())).into_iter().collect();
    let table = if sales.rows.is_empty() {
        Either::Left(view! { <NoSales filter /> })
    } else {
        Either::Right(view! {
            <Table
                caption="Sales"
                head=vec!["Product", "Buyer", "When", "Paid", "Refunded", "State"]
                numeric=vec![3, 4]
            >
                {sales.rows.into_iter().map(|sale| view! { <SaleLine sale /> }).collect_view()}
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
                hint="Enter at least three letters of the buyer's email or the product, a receipt number, or Stripe's id of a session or payment."
                parameters
            />
            <Tabs tabs current=current label="State" />
            {table}
            <KeysetPager back=newer older />
        </Stack>
    }
}

#[component]
fn NoSales(filter: SalesFilter) -> impl IntoView {
    if filter == SalesFilter::default() {
        Either::Left(view! {
            <EmptyState title="No sales yet" text="Every purchase is listed here, including free ones.">
                <LinkButton href=paths::ADMIN_PRODUCTS>"Products"</LinkButton>
            </EmptyState>
        })
    } else {
        Either::Right(view! {
            <EmptyState title="No matching sales" text="Change the search or the state, or show all sales.">
                <LinkButton href=paths::ADMIN_SALES intent=Intent::Secondary>
                    "Show all sales"
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
                <Badge tone=state.tone()>{state.label()}</Badge>
                {country_differs
                    .then(|| {
                        view! {
                            " "
                            <Badge tone=Tone::Warning>"Card country differs"</Badge>
                        }
                    })}
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
                <SaleDetail sale changed />
            </Loaded>
        }
    })
}
