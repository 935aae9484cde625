//! Back office: the dashboard, with the totals of the school, sales by day and product, and the latest purchases and refunds.

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
        Badge, Bar, BarChart, EmptyState, EqualColumns, LinkButton, LocalTime, Notice, PageHeader, ShareBar,
        SkeletonList, Space, Stack, Stats, Table, Tabs, Tone, format_iso_day,
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
        // Incremented to load the page again when the server rendered it in another zone than the browser's.
        let reloads = RwSignal::new(0);
        let dashboard =
            load(move || (days(), reloads.get()), |(days, _)| api::get_dashboard(days, time_zone::of_browser()));
        Effect::new(move |_| {
            let Some(zone) = time_zone::of_browser() else { return };
            time_zone::store(&zone);
            let rendered = dashboard.get().and_then(Result::ok).map(|dashboard| dashboard.report.zone);
            // At most once: a zone that PostgreSQL does not know stays unknown.
            if rendered.is_some_and(|rendered| rendered != zone) && reloads.get_untracked() == 0 {
                reloads.set(1);
            }
        });
        view! {
            <Title text="Admin" />
            <PageHeader title="Overview" lead="Totals, sales and refunds." />
            <Loaded from=dashboard skeleton=|| view! { <SkeletonList count=8 /> } let:dashboard>
                <Totals dashboard />
            </Loaded>
        }
    })
}

#[component]
fn Totals(dashboard: Dashboard) -> impl IntoView {
    let Dashboard { overview, report } = dashboard;
    let SalesReport { zone, days: sales, best_sellers, purchases, refunds } = report;
    let days = sales.len();
    let net = sales.iter().fold(Cents::ZERO, |sum, day| sum + day.net);
    let bars = sales
        .into_iter()
        .map(|day| Bar { label: format_iso_day(&day.day), value: day.net.0, text: day.net.to_string() })
        .collect();
    let tabs = [30, 365].map(|days| (format!("{}?days={days}", paths::ADMIN), format!("{days} days")));
    view! {
        <Stack gap=Space::Loose>
            {dispute_notice(overview.disputed)} <Stats rows=totals(&overview) /> <section>
                <Stack>
                    <h2>"Net sales"</h2>
                    <Tabs tabs=tabs.to_vec() current=format!("{}?days={days}", paths::ADMIN) label="Range" />
                    <p>{format!("Net sales in the last {days} days: {net}. Time zone: {}.", zone.replace('_', " "))}</p>
                    <BarChart caption=format!("Net sales per day, last {days} days") bars />
                </Stack>
            </section> <BestSellers best_sellers /> <EqualColumns>
                <RecentPurchases purchases />
                <RecentRefunds refunds />
            </EqualColumns>
        </Stack>
    }
}

fn totals(overview: &Overview) -> Vec<(String, String)> {
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
    .map(|(label, value)| (label.to_owned(), value))
    .to_vec()
}

/// A notice of open disputes, because Stripe sets a deadline for the response.
fn dispute_notice(count: i64) -> Option<impl IntoView> {
    let text = match count {
        0 => return None,
        1 => "1 sale is disputed.".to_owned(),
        count => format!("{count} sales are disputed."),
    };
    let href = format!("{}?state=disputed", paths::ADMIN_SALES);
    Some(view! { <Notice>{text} <a href=href>"Review disputed sales"</a></Notice> })
}

/// The products with the highest net sales of all time.
#[component]
fn BestSellers(best_sellers: Vec<ProductSales>) -> impl IntoView {
    let max = best_sellers.iter().map(|product| product.net.0).max().unwrap_or_default();
    let rows = best_sellers
        .iter()
        .map(|product| {
            view! {
                <tr>
                    <th scope="row">
                        <a href=paths::edit_product(product.id)>{product.name.clone()}</a>
                        <ShareBar value=product.net.0 max />
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
                {if best_sellers.is_empty() {
                    view! {
                        <EmptyState title="No sales yet" text="Products are listed here after their first sale.">
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
fn RecentPurchases(purchases: Vec<RecentPurchase>) -> impl IntoView {
    let is_empty = purchases.is_empty();
    let rows = purchases
        .into_iter()
        .map(|purchase| {
            let RecentPurchase { id, email, product, paid, at } = purchase;
            view! { <RecentRow href=paths::sale(id) product email at amount=paid.to_string() /> }
        })
        .collect_view();
    recent("Recent purchases", "No purchases yet.", paths::ADMIN_SALES.into(), "All sales", is_empty, rows.into_any())
}

#[component]
fn RecentRefunds(refunds: Vec<RecentRefund>) -> impl IntoView {
    let is_empty = refunds.is_empty();
    let rows = refunds
        .into_iter()
        .map(|refund| {
            let RecentRefund { purchase, email, product, amount, pending, at } = refund;
            view! { <RecentRow href=paths::sale(purchase) product email at amount=amount.to_string() pending /> }
        })
        .collect_view();
    let all = format!("{}?state=refunded", paths::ADMIN_SALES);
    recent("Recent refunds", "No refunds yet.", all, "All refunded sales", is_empty, rows.into_any())
}

fn recent(
    title: &'static str,
    empty_text: &'static str,
    all: String,
    link: &'static str,
    is_empty: bool,
    rows: AnyView,
) -> impl IntoView {
    let list = if is_empty {
        view! { <p>{empty_text}</p> }.into_any()
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
fn RecentRow(
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
                {pending
                    .then(|| {
                        view! {
                            " "
                            <Badge tone=Tone::Danger>"Pending"</Badge>
                        }
                    })}
            </th>
            <td>{amount}</td>
        </tr>
    }
}
