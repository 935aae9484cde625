//! Starting to buy: the form behind every Buy button. The browser sends which product, and a code where somebody has one; everything
//! else is ours.

use axum::{
    extract::{Path, Request, State},
    response::Response,
};
use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use stripe::StripeError;

use crate::{
    coupons::reservation,
    error::{Error, Result},
    paths,
    payments::{
        AttemptState,
        attempt_queries::{self, Attempt, Sellable},
        notifications::{self, PaymentNotification},
    },
    platform::{clock, config::Config, response},
    prices::quote::{self, Buyer, Quote},
    products,
    server::{
        http::{
            client_ip::ClientInfo,
            form_post::{self, PostedForm},
        },
        state::AppState,
    },
    stripe::client::NewSession,
    users::{User, Viewer},
};

/// A Checkout Session lives at most a day. <https://docs.stripe.com/api/checkout/sessions/create>
const SESSION_LIFETIME: TimeDelta = TimeDelta::hours(23);
/// As [`SESSION_LIFETIME`], with a coupon: its use is kept from others meanwhile.
const COUPON_HOLD: TimeDelta = TimeDelta::hours(2);
/// With less left than this, a new one is made.
const ENOUGH: TimeDelta = TimeDelta::hours(1);

/// Where a buyer goes next.
enum Next {
    Pay(String),
    /// Owned before, or enrolled just now, or waiting for the bank: a page of ours.
    Go(String),
}

/// `POST /products/:slug/purchase`.
pub async fn start(State(state): State<AppState>, Path(slug): Path<String>, request: Request) -> Response {
    let (request, posted) = PostedForm::read(request).await;
    let code = posted.get("code").trim();
    let visitor = ClientInfo::of(&request);
    let viewer = request.extensions().get::<Result<Viewer>>().cloned().unwrap_or(Err(Error::Internal));
    let next = match viewer {
        Ok(viewer) => Box::pin(buy(&state, &viewer, &slug, code, visitor, clock::now())).await,
        Err(error) => Err(error),
    };
    match next {
        Ok(Next::Pay(url) | Next::Go(url)) => response::see_other(&url),
        Err(Error::Unauthenticated) => {
            response::see_other(&paths::sign_in(&paths::with_code(&paths::purchase(&slug), code)))
        }
        Err(error) => form_post::render_invalid(&state, request, posted, &error).await,
    }
}

async fn buy(
    state: &AppState,
    viewer: &Viewer,
    slug: &str,
    code: &str,
    visitor: ClientInfo,
    now: DateTime<Utc>,
) -> Result<Next> {
    let find = async |slug: &str| {
        let product = attempt_queries::find_sellable(&state.db, slug, viewer.user_id()).await?;
        Ok::<_, sqlx::Error>(product.filter(|product| products::policy::can_see(viewer.is_admin(), product.status)))
    };
    let Some(product) = find(slug).await? else {
        // A slug that the product had before leads to where it is now.
        let slug = products::queries::find_slug_now(&state.db, slug).await?.ok_or(Error::NotFound)?;
        let there = paths::with_code(&paths::purchase(&slug), code);
        return find(&slug).await?.map(|_| Next::Go(there)).ok_or(Error::NotFound);
    };
    let user = viewer.signed_in()?;
    if product.owned {
        return Ok(Next::Go(paths::COURSES.into()));
    }
    state.limits.checkout(visitor.address, user.id)?;
    let quote = quote::quote(state, product.item(), Buyer { user: Some(user.id), visitor, code }, now).await?;
    if let Some(error) = quote.refused {
        // Nobody pays more than the page said.
        return Err(error);
    }
    attempt_queries::expire_old_attempts(&state.db, user.id, product.id, now + ENOUGH).await?;
    let attempt = begin(&state.db, user, &product, &quote, now).await?;
    if attempt.amount.is_zero() {
        return enrol(state, &attempt, &product).await;
    }
    if let (true, Some(session)) = (attempt.submitted, &attempt.session) {
        return Ok(Next::Go(paths::purchase_result(slug, session)));
    }
    if let Some(url) = attempt.url {
        return Ok(Next::Pay(url));
    }
    let id = attempt.id;
    let session = match state.stripe.create_session(new_session(state, user, attempt)).await {
        Ok(session) => session,
        Err(error) => return Err(refused(state, id, &error).await?),
    };
    let url = session.url.ok_or(Error::Unavailable)?;
    if !url.strip_prefix(&state.config.pays_at()).is_some_and(|rest| rest.starts_with('/')) {
        tracing::error!(attempt = %id, "Stripe's payment page is not where buyers may be sent: set STRIPE_CHECKOUT_DOMAIN to your custom domain");
        return Err(Error::Unavailable);
    }
    attempt_queries::set_session(&state.db, id, session.id.as_str(), &url).await?;
    tracing::info!(attempt = %id, session = session.id.as_str(), "A checkout began");
    Ok(Next::Pay(url))
}

/// The attempt, and with it the coupon that its price came about by: both or neither.
async fn begin(db: &PgPool, user: &User, product: &Sellable, quote: &Quote, now: DateTime<Utc>) -> Result<Attempt> {
    let mut tx = db.begin().await?;
    let life = if quote.coupon.is_some() { COUPON_HOLD } else { SESSION_LIFETIME };
    let attempt = attempt_queries::open_attempt(&mut *tx, user.id, product, quote, now + life).await?;
    if let Some(coupon) = &quote.coupon {
        reservation::hold(&mut tx, coupon, user.id, product.id, attempt.id, now).await?;
    }
    tx.commit().await?;
    Ok(attempt)
}

/// A free product needs no Stripe: the purchase of 0 cents is recorded at once.
async fn enrol(state: &AppState, attempt: &Attempt, product: &Sellable) -> Result<Next> {
    let mut tx = state.db.begin().await?;
    let locked = attempt_queries::lock_attempt(&mut *tx, attempt.id).await?.ok_or(Error::Internal)?;
    let Some(purchase) = attempt_queries::insert_purchase(&mut *tx, &locked, None, None).await? else {
        // The same button, pressed twice: the other one enrolled.
        return Ok(Next::Go(paths::COURSES.into()));
    };
    attempt_queries::set_state(&mut *tx, attempt.id, AttemptState::Free).await?;
    notifications::enqueue(&mut tx, PaymentNotification::Purchased { purchase }).await?;
    tx.commit().await?;
    tracing::info!(attempt = %attempt.id, "Somebody enrolled for free");
    Ok(Next::Go(paths::purchase_result(&product.details.slug, &attempt.id.to_string())))
}

fn new_session(state: &AppState, user: &User, attempt: Attempt) -> NewSession {
    let page = format!("{}{}", state.config.url, paths::purchase(&attempt.details.slug));
    let image = picture_for_stripe(&state.config, attempt.details.image_url);
    let note = attempt.discount_name.map(|name| format!("{name} (list price {})", attempt.subtotal));
    let code = attempt.details.code.unwrap_or_default();
    NewSession {
        attempt: attempt.id,
        name: attempt.details.name,
        image,
        note,
        amount: attempt.amount,
        email: user.email.clone(),
        success_url: format!("{page}/success?session={{CHECKOUT_SESSION_ID}}"),
        cancel_url: paths::with_code(&format!("{page}/failure"), &code),
        expires_at: attempt.expires_at,
    }
}

/// Stripe fetches the picture itself, and over TLS only: one of ours as well, when we are reached so.
fn picture_for_stripe(config: &Config, image: String) -> Option<String> {
    if image.starts_with("https://") {
        return Some(image);
    }
    (config.is_https() && image.starts_with('/')).then(|| format!("{}{image}", config.url))
}

/// Says in words that Stripe would not. The attempt stays, unless Stripe will never take it as it is.
async fn refused(state: &AppState, attempt: crate::id::AttemptId, error: &StripeError) -> Result<Error> {
    tracing::error!(%attempt, %error, "Stripe did not begin a checkout");
    if let StripeError::Stripe(_, 400..=499) = error {
        attempt_queries::set_state(&state.db, attempt, AttemptState::Failed).await?;
    }
    Ok(Error::PaymentProviderDown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("https://school.example", "/pictures/ab/1440.webp", Some("https://school.example/pictures/ab/1440.webp"))]
    #[case("http://127.0.0.1:3000", "/pictures/ab/1440.webp", None)]
    #[case("http://127.0.0.1:3000", "https://example.com/a.png", Some("https://example.com/a.png"))]
    #[case("https://school.example", "", None)]
    fn stripe_is_given_what_it_can_fetch(#[case] url: &str, #[case] image: &str, #[case] given: Option<&str>) {
        let config = Config { url: url.into(), ..Config::for_tests("") };
        assert_eq!(picture_for_stripe(&config, image.into()).as_deref(), given);
    }
}
