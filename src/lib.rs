//! Lectern: a course platform that an instructor owns.
//!
//! The map. A folder is a word a customer uses: [`products`] are sold, [`courses`] with their [`sections`] and [`lessons`] are taught,
//! [`checkout`] turns the one into the other, [`prices`] and [`coupons`] say what that costs, [`purchases`] remembers it, [`learning`] is the student's side, [`pictures`] are
//! what an admin uploads, [`mail`] is what people are written, [`school`] says who sells, [`users`] says who is asking, [`admin`] is the back office. [`ui`] is the design system and knows none of them; `server` is the machine
//! room that wires them; `sandbox` is a Stripe of our own. In every feature the same file name means the same thing; see
//! `docs/architecture.md`.

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
#[cfg(all(test, feature = "ssr"))]
pub mod tests;

/// Takes over the page that the server rendered. Called by the script tag that [`app::shell`] writes.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_lazy(app::App);
}
