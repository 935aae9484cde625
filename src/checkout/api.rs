//! Server functions of the checkout pages. Starting a checkout is a form post (`handlers::start`).

use leptos::prelude::*;

use crate::{
    checkout::{CheckoutPage, CheckoutResult},
    error::Result,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    checkout::{
        Stage,
        queries::{self, CheckoutStatus},
    },
    error::Error,
    paths,
    payments::AttemptState,
    platform::{clock, response},
    prices::quote::{self, Buyer},
    products,
    server::http::{
        client_ip::ClientInfo,
        request_context::{RequestContext, extract},
    },
};
#[cfg(feature = "ssr")]
use std::time::Duration;

/// How often the result is read again while Stripe's event has not arrived.
#[cfg(feature = "ssr")]
const EVENT_POLLS: usize = 8;
#[cfg(feature = "ssr")]
const EVENT_POLL_INTERVAL: Duration = Duration::from_millis(150);

/// Returns the checkout page with the viewer's price, for a `code` as it was typed. Redirects an owner to their courses.
#[server(output = Json)]
pub async fn get_checkout_page(slug: String, #[server(default)] code: String) -> Result<CheckoutPage> {
    let RequestContext { db, viewer, state } = extract().await?;
    let find = async |slug: &str| {
        let product = queries::find_sellable(&db, slug, viewer.user_id()).await?;
        Ok::<_, sqlx::Error>(product.filter(|product| products::policy::can_see(viewer.is_admin(), product.status)))
    };
    let product = if let Some(product) = find(&slug).await? {
        product
    } else {
        // An old slug of the product redirects to its current one.
        let slug = products::queries::find_current_slug(&db, &slug).await?.ok_or(Error::NotFound)?;
        let product = find(&slug).await?.ok_or(Error::NotFound)?;
        leptos_axum::redirect(&paths::with_code(&paths::purchase(&slug), &code));
        product
    };
    let user = viewer.signed_in()?.id;
    if product.owned {
        leptos_axum::redirect(paths::COURSES);
    }
    let buyer = Buyer { user: Some(user), visitor: ClientInfo::current(), code: &code };
    let quote = quote::quote(&state, product.item(), buyer, clock::now()).await?;
    if let Some(error @ Error::RateLimited(_)) = &quote.code_error {
        response::status_or_fail(error)?;
    }
    Ok(CheckoutPage {
        slug: product.details.slug,
        name: product.details.name,
        image_url: product.details.image_url,
        price: quote.price_quote(),
        code: quote.code,
        courses: product.courses,
    })
}

/// Returns the stage of one of the viewer's checkouts. It waits a moment for Stripe's event, and never grants access itself.
#[server(output = Json)]
pub async fn get_checkout_result(session: String) -> Result<CheckoutResult> {
    let RequestContext { db, viewer, .. } = extract().await?;
    let user = viewer.signed_in()?.id;
    let mut status = queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
    for _ in 0..EVENT_POLLS {
        if status.state != AttemptState::Open || status.submitted {
            break;
        }
        tokio::time::sleep(EVENT_POLL_INTERVAL).await;
        status = queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
    }
    Ok(result(status))
}

#[cfg(feature = "ssr")]
fn result(status: CheckoutStatus) -> CheckoutResult {
    let stage = match (status.state, status.purchase) {
        (AttemptState::Paid | AttemptState::Free, Some(purchase)) if status.refunded => Stage::Refunded { purchase },
        (AttemptState::Paid | AttemptState::Free, Some(purchase)) => {
            let course = if let [course] = status.courses[..] { Some(course) } else { None };
            Stage::Bought { purchase, course }
        }
        (AttemptState::Paid | AttemptState::Free, None) => Stage::PaymentRefunded,
        (AttemptState::Open, _) => Stage::Waiting { delayed: status.submitted },
        (AttemptState::Failed, _) => Stage::Failed,
        (AttemptState::Expired, _) => Stage::Expired,
    };
    CheckoutResult { slug: status.slug, name: status.name, stage }
}
