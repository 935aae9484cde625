//! What the browser may ask about a checkout. Starting one is a form post, see `start`.

use leptos::prelude::*;

use super::{CheckoutPage, CheckoutResult};
use crate::{error::Result, wire::Json};

#[cfg(feature = "ssr")]
use {
    super::{
        AttemptState, Stage,
        queries::{self, Found},
    },
    crate::{
        error::Error,
        paths,
        prices::quote::{self, Buyer},
        products::{self, policy},
        server::{
            call::{self, Call},
            clock,
            visitors::Visitor,
        },
    },
    std::time::Duration,
};

/// The page before paying, priced for the viewer, with a `code` as it was typed. An owner is sent to their courses.
#[server(output = Json)]
pub async fn get_checkout_page(slug: String, #[server(default)] code: String) -> Result<CheckoutPage> {
    let Call { db, viewer, state } = Call::current().await?;
    let find = async |slug: &str| {
        let product = queries::find_sellable(&db, slug, viewer.user_id()).await?;
        Ok::<_, sqlx::Error>(product.filter(|product| policy::can_see(viewer.is_admin(), product.status)))
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
    let buyer = Buyer { user: Some(user), visitor: Visitor::current(), code: &code };
    let quote = quote::quote(&state, product.item(), buyer, clock::now()).await?;
    if let Some(error @ Error::TooMany(_)) = &quote.refused {
        call::tell_beside_field(error)?;
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
    let Call { db, viewer, .. } = Call::current().await?;
    let user = viewer.signed_in()?.id;
    let mut found = queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
    for _ in 0..8 {
        if found.state != AttemptState::Open || found.submitted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
        found = queries::find_checkout(&db, &session, user).await?.ok_or(Error::NotFound)?;
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
