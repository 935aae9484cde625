//! Lectern: a course platform that an instructor owns.
//!
//! The folders, from the top layer down; `docs/architecture.md` says what imports what, and in which file each rule is:
//!
//! - `boot`: start, router, background jobs, health checks, demo data
//! - [`app`]: the HTML document, the layout of every page, and the route table
//! - [`students`]: back office of students: list, page, granted courses, admin roles
//! - [`sales`]: back office of sales: list, search, page, CSV export
//! - [`purchases`]: the buyer's purchase history and receipts
//! - [`checkout`]: the steps before a payment, and the pages after it
//! - [`payments`]: everything that an event of Stripe changes: purchases, refunds, disputes
//! - [`products`]: storefront, product pages, and their back office
//! - [`learning`]: course page, lesson player, progress
//! - [`account`]: sign-up, sign-in, sign-out, password recovery, settings, deletion
//! - [`prices`]: price computation and discounts by country
//! - [`authoring`]: back office of courses, sections and lessons
//! - [`coupons`]: coupons, their limits and reservations
//! - [`school`]: name, description and legal seller of the school
//! - [`mail`]: the outbox and its sending job
//! - [`dashboard`]: first page of the back office, and the page of the audit log
//! - [`back_office`]: layout, lists and dialogs that all back-office pages share
//! - `server`: shared state, extractors and middleware, rate limits, page cache
//! - `identity`: authentication by local sessions or Clerk's tokens
//! - [`form`]: a submitted form and its errors
//! - [`frame`], [`wire`], [`load`]: data that every page gets; encoding of server functions; loading of a page's data
//! - [`audit`]: the audit log
//! - [`stripe`]: Stripe's API client, objects and states
//! - [`pictures`]: uploaded pictures
//! - [`courses`]: nouns of the curriculum: course, section, lesson
//! - `platform`: configuration, clock, cookies, PostgreSQL, SMTP, Markdown, listener, logs
//! - [`ui`]: the design system; it knows no feature
//! - [`users`]: user, role, viewer
//! - `fields`, [`paths`]: parsing of single fields; every URL
//! - [`id`], [`money`], `country`, [`pagination`], [`error`]: identifiers, amounts, ISO 3166-1, pages of a list, the one error type
//! - `sandbox`: a server that implements the part of Stripe's API that Lectern uses
//! - `tests`: tests that span features, fixtures, fakes

#![recursion_limit = "512"]

pub mod account;
pub mod app;
pub mod audit;
pub mod authoring;
pub mod back_office;
pub mod checkout;
pub mod coupons;
pub mod courses;
pub mod dashboard;
pub mod error;
pub mod fields;
pub mod form;
pub mod frame;
pub mod id;
pub mod learning;
pub mod load;
pub mod mail;
pub mod money;
pub mod pagination;
pub mod paths;
pub mod payments;
pub mod pictures;
pub mod prices;
pub mod products;
pub mod purchases;
pub mod sales;
pub mod school;
pub mod stripe;
pub mod students;
pub mod ui;
pub mod users;
pub mod wire;

#[cfg(feature = "ssr")]
pub mod boot;
#[cfg(feature = "ssr")]
pub mod country;
#[cfg(feature = "ssr")]
pub mod identity;
#[cfg(feature = "ssr")]
pub mod platform;
#[cfg(feature = "ssr")]
pub mod sandbox;
#[cfg(feature = "ssr")]
pub mod server;
#[cfg(test)]
#[cfg(feature = "ssr")]
pub mod tests;

/// Hydrates the page that the server rendered. The script tag that `app::shell` writes calls it.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(app::App);
}

/// Unused bytes in the data segment of the browser's half. The splitter arranges the texts of each lazy group anew, and leaves all of
/// them in the file that every page loads when alignment makes the result longer than the original segment.
#[cfg(target_arch = "wasm32")]
#[used]
static DATA_SEGMENT_SLACK: [u8; 4096] = [1; 4096];
