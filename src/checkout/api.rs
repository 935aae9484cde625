//! What the browser may ask about a checkout. Starting one is a form post, see `start`.

use leptos::prelude::*;

use crate::{
    checkout::{CheckoutPage, CheckoutResult},
    error::Result,
    wire::Json,
};

#[cfg(feature = "ssr")]
use crate::{
    checkout::Stage,
    error::Error,
    paths,
    payments::{
        AttemptState,
        attempt_queries::{self, Found},
    },
    platform::{clock, response},
    prices::quote::{self, Buyer},
    products,
    server::http::{client_ip::ClientInfo, request_context::RequestContext},
};
#[cfg(feature = "ssr")]
use std::time::Duration;

/// The page before paying, priced for the viewer, with a `code` as it was typed. An owner is sent to their courses.
#[server(output = Json)]
pub async fn get_checkout_page(slug: String, #[server(default)] code: String) -> Result<CheckoutPage> {
    let RequestContext { db, viewer, state } = RequestContext::current().await?;
    let find = async |slug: &str| {
        let product = attempt_queries::find_sellable(&db, slug, viewer.user_id()).await?;
        Ok::<_, sqlx::Error>(product.filter(|product| products::policy::can_see(viewer.is_admin(), product.status)))
    };
    let product = if let Some(product) = find(&slug).await? {
        product
    } else {
        // A slug that the product had before leads to where it is now.
        let slug = products::queries::find_slug_now(&db, &slug).await?.ok_or(Error::NotFound)?;
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
    if let Some(error @ Error::RateLimited(_)) = &quote.refused {
        response::status_or_fail(error)?;
    }
    Ok(CheckoutPage {
        slug: product.details.slug,
        name: product.details.name,
        image_url: product.details.image_url,
        price: quote.priced(),
        code: quote.code,
        courses: product.courses,
    })
}

/// What became of a checkout of the viewer's. It waits a moment for Stripe's word, and never grants anything itself.
#[server(output = Json)]
pub async fn get_checkout_result(session: String) -> Result<CheckoutResult> {
    let RequestContext { db, viewer, .. } = RequestContext::current().await?;
    let user = viewer.signed_in()?.id;
    let mut found = attempt_queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
    for _ in 0..8 {
        if found.state != AttemptState::Open || found.submitted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        found = attempt_queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
    }
    Ok(tell(found))
}

#[cfg(feature = "ssr")]
fn tell(found: Found) -> CheckoutResult {
    let stage = match (found.state, found.purchase) {
        (AttemptState::Paid | AttemptState::Free, Some(purchase)) if found.refunded => Stage::Refunded { purchase },
        (AttemptState::Paid | AttemptState::Free, Some(purchase)) => {
            let course = if let [course] = found.courses[..] { Some(course) } else { None };
            Stage::Bought { purchase, course }
        }
        (AttemptState::Paid | AttemptState::Free, None) => Stage::Returned,
        (AttemptState::Open, _) => Stage::Waiting { delayed: found.submitted },
        (AttemptState::Failed, _) => Stage::Failed,
        (AttemptState::Expired, _) => Stage::Expired,
    };
    CheckoutResult { slug: found.slug, name: found.name, stage }
}
