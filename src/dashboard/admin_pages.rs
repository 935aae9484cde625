//! The first page of the back office: the school in figures.

use chrono::{DateTime, Utc};
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::{
    back_office::layout::back_office,
    dashboard::{Dashboard, Overview, ProductSales, RecentPurchase, RecentRefund, SalesReport, api, time_zone},
    load::{Loaded, load, page},
    money::Cents,
    paths,
    ui::{
        Badge, Bar, BarChart, EmptyState, LinkButton, LocalTime, Notice, PageHeader, Pair, ShareBar, SkeletonList,
        Space, Stack, Stats, Table, Tabs, Tone, day_words,
    },
};

page!(
    /// `/admin`.
    OverviewRoute,
    admin,
    overview,
    __preload_overview
);

fn overview() -> impl IntoView {
    back_office(|| {
        let query = use_query_map();
        let days = move || query.with(|query| if query.get("days").as_deref() == Some("365") { 365 } else { 30 });
        // Counts up when the page that came is of another zone than the browser's.
        let asked = RwSignal::new(0);
        let dashboard =
            load(move || (days(), asked.get()), |(days, _)| api::get_dashboard(days, time_zone::of_browser()));
        Effect::new(move |_| {
            let Some(here) = time_zone::of_browser() else { return };
            time_zone::keep(&here);
            let shown = dashboard.get().and_then(Result::ok).map(|dashboard| dashboard.trade.zone);
            // Once: a zone that the database does not know stays unknown.
            if shown.is_some_and(|shown| shown != here) && asked.get_untracked() == 0 {
                asked.set(1);
            }
        });
        view! {
            <Title text="Admin" />
            <PageHeader title="Overview" lead="The school in figures." />
            <Loaded from=dashboard skeleton=|| view! { <SkeletonList count=8 /> } let:dashboard>
                <Figures dashboard />
            </Loaded>
        }
    })
}

#[component]
fn Figures(dashboard: Dashboard) -> impl IntoView {
    let Dashboard { overview, trade } = dashboard;
    let SalesReport { zone, days: sales, best, purchases, refunds } = trade;
    let days = sales.len();
    let net = sales.iter().fold(Cents::ZERO, |sum, day| sum + day.net);
    let bars = sales
        .into_iter()
        .map(|day| Bar { label: day_words(&day.day), value: day.net.0, words: day.net.to_string() })
        .collect();
    let tabs = [30, 365].map(|days| (format!("{}?days={days}", paths::ADMIN), format!("{days} days")));
    view! {
        <Stack gap=Space::Loose>
            {disputed(overview.disputed)}
            <Stats rows=rows(&overview) />
            <section>
                <Stack>
                    <h2>"Net sales"</h2>
                    <Tabs tabs=tabs.to_vec() current=format!("{}?days={days}", paths::ADMIN) label="Range" />
                    <p>{format!("{net} in {days} days. The days are those of {}.", zone.replace('_', " "))}</p>
                    <BarChart caption=format!("Net sales per day, last {days} days") bars />
                </Stack>
            </section>
            <Best best />
            <Pair>
                <Purchases purchases />
                <Refunds refunds />
            </Pair>
        </Stack>
    }
}

fn rows(overview: &Overview) -> Vec<(String, String)> {
    [
        ("Net sales", overview.net_sales.to_string()),
        ("Refunded sales", overview.refunded_sales.to_string()),
        ("Unrefunded purchases", overview.purchases.to_string()),
        ("Refunded purchases", overview.refunded_purchases.to_string()),
        ("Purchases per buyer", overview.purchases_per_buyer()),
        ("Students", overview.students.to_string()),
        ("Products", overview.products.to_string()),
        ("Courses", overview.courses.to_string()),
        ("Sections", overview.sections.to_string()),
        ("Lessons", overview.lessons.to_string()),
    ]
    .map(|(words, figure)| (words.to_owned(), figure))
    .to_vec()
}

/// What should be looked at today: a dispute has to be answered in time.
fn disputed(count: i64) -> Option<impl IntoView> {
    let words = match count {
        0 => return None,
        1 => "One sale is disputed.".to_owned(),
        count => format!("{count} sales are disputed."),
    };
    let href = format!("{}?state=disputed", paths::ADMIN_SALES);
    Some(view! {
        <Notice>
            {words} <a href=href>"Look at what is disputed"</a>
        </Notice>
    })
}

/// The products that brought in most, ever.
#[component]
fn Best(best: Vec<ProductSales>) -> impl IntoView {
    let most = best.iter().map(|product| product.net.0).max().unwrap_or_default();
    let rows = best
        .iter()
        .map(|product| {
            view! {
                <tr>
                    <th scope="row">
                        <a href=paths::edit_product(product.id)>{product.name.clone()}</a>
                        <ShareBar value=product.net.0 most />
                    </th>
                    <td>{product.live}</td>
                    <td>{product.net.to_string()}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section>
            <Stack>
                <h2>"Best selling products"</h2>
                {if best.is_empty() {
                    view! {
                        <EmptyState title="Nothing is sold yet" text="The first sale will be here.">
                            <LinkButton href=paths::ADMIN_PRODUCTS>"Products"</LinkButton>
                        </EmptyState>
                    }
                        .into_any()
                } else {
                    view! {
                        <Table
                            caption="Best selling products"
                            head=vec!["Product", "Customers", "Net sales"]
                            numeric=vec![1, 2]
                        >
                            {rows}
                        </Table>
                    }
                        .into_any()
                }}
            </Stack>
        </section>
    }
}

#[component]
fn Purchases(purchases: Vec<RecentPurchase>) -> impl IntoView {
    let none = purchases.is_empty();
    let rows = purchases
        .into_iter()
        .map(|purchase| {
            let RecentPurchase { id, email, product, paid, at } = purchase;
            view! { <Latest href=paths::sale(id) product email at amount=paid.to_string() /> }
        })
        .collect_view();
    latest("Recent purchases", "Nothing is bought yet.", paths::ADMIN_SALES.into(), "All sales", none, rows.into_any())
}

#[component]
fn Refunds(refunds: Vec<RecentRefund>) -> impl IntoView {
    let none = refunds.is_empty();
    let rows = refunds
        .into_iter()
        .map(|refund| {
            let RecentRefund { purchase, email, product, amount, pending, at } = refund;
            view! { <Latest href=paths::sale(purchase) product email at amount=amount.to_string() pending /> }
        })
        .collect_view();
    let all = format!("{}?state=refunded", paths::ADMIN_SALES);
    latest("Recent refunds", "Nothing is refunded.", all, "All refunded sales", none, rows.into_any())
}

fn latest(
    title: &'static str,
    nothing: &'static str,
    all: String,
    link: &'static str,
    none: bool,
    rows: AnyView,
) -> impl IntoView {
    let list = if none {
        view! { <p>{nothing}</p> }.into_any()
    } else {
        view! {
            <Table caption=title head=vec!["Product and buyer", "Amount"] numeric=vec![1]>
                {rows}
            </Table>
            <p>
                <a href=all>{link}</a>
            </p>
        }
        .into_any()
    };
    view! {
        <section>
            <Stack>
                <h2>{title}</h2>
                {list}
            </Stack>
        </section>
    }
}

#[component]
fn Latest(
    href: String,
    product: String,
    email: String,
    at: DateTime<Utc>,
    amount: String,
    #[prop(optional)] pending: bool,
) -> impl IntoView {
    view! {
        <tr>
            <th scope="row">
                <a href=href>{product}</a>
                <br />
                {email}
                <br />
                <LocalTime at with_time=true />
                {pending.then(|| view! { " " <Badge tone=Tone::Danger>"Under way"</Badge> })}
            </th>
            <td>{amount}</td>
        </tr>
    }
}
