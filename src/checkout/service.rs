//! Starting a checkout: the attempt is stored, then its Checkout Session is created at Stripe. A free product is enrolled at once.
//!
//! The browser sends the product and, where there is one, a coupon code. Everything else comes from the database.

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;
use stripe::StripeError;

use crate::{
    checkout::queries::{self, Attempt, Sellable},
    coupons::reservation,
    error::{Error, Result},
    id::AttemptId,
    paths,
    payments::{
        AttemptState, attempt_queries,
        notifications::{self, PaymentNotification},
        purchase_queries,
    },
    platform::config::Config,
    prices::quote::{self, Buyer, Quote},
    products,
    server::{http::client_ip::ClientInfo, state::AppState},
    stripe::checkout_sessions::NewSession,
    users::{User, Viewer},
};

/// The lifetime of a Checkout Session. Stripe's maximum is a day. <https://docs.stripe.com/api/checkout/sessions/create>
const SESSION_LIFETIME: TimeDelta = TimeDelta::hours(23);
/// The lifetime of a session with a coupon, which is shorter because nobody else can use the reserved coupon meanwhile.
const COUPON_SESSION_LIFETIME: TimeDelta = TimeDelta::hours(2);
/// An open attempt with less time left is replaced by a new one.
const MIN_REMAINING_LIFETIME: TimeDelta = TimeDelta::hours(1);

/// Where a buyer goes next.
pub enum NextStep {
    /// The payment page at Stripe.
    Pay(String),
    /// A page of ours: the product is owned already, was enrolled just now, or its payment is pending.
    Go(String),
}

/// Starts a checkout of a product, or continues the open one.
///
/// # Errors
/// [`Error::NotFound`] for a product that the viewer may not see, [`Error::Unauthenticated`], the error of the coupon code, and
/// [`Error::PaymentProviderDown`].
pub async fn buy(
    state: &AppState,
    viewer: &Viewer,
    slug: &str,
    code: &str,
    client: ClientInfo,
    now: DateTime<Utc>,
) -> Result<NextStep> {
    let find = async |slug: &str| {
        let product = queries::find_sellable(&state.db, slug, viewer.user_id()).await?;
        Ok::<_, sqlx::Error>(product.filter(|product| products::policy::can_see(viewer.is_admin(), product.status)))
    };
    let Some(product) = find(slug).await? else {
        // An old slug of the product redirects to its current one.
        let slug = products::queries::find_current_slug(&state.db, slug).await?.ok_or(Error::NotFound)?;
        let current = paths::with_code(&paths::purchase(&slug), code);
        return find(&slug).await?.map(|_| NextStep::Go(current)).ok_or(Error::NotFound);
    };
    let user = viewer.signed_in()?;
    if product.owned {
        return Ok(NextStep::Go(paths::COURSES.into()));
    }
    state.limits.checkout(client.address, user.id)?;
    let quote = quote::quote(state, product.item(), Buyer { user: Some(user.id), visitor: client, code }, now).await?;
    if let Some(error) = quote.code_error {
        // A code that cannot be used is an error, so that nobody pays more than expected.
        return Err(error);
    }
    queries::expire_old_attempts(&state.db, user.id, product.id, now + MIN_REMAINING_LIFETIME).await?;
    let attempt = open_attempt(&state.db, user, &product, &quote, now).await?;
    if attempt.amount.is_zero() {
        return enrol(state, &attempt, &product).await;
    }
    if let (true, Some(session)) = (attempt.submitted, &attempt.session) {
        return Ok(NextStep::Go(paths::purchase_result(slug, session)));
    }
    if let Some(url) = attempt.url {
        return Ok(NextStep::Pay(url));
    }
    let id = attempt.id;
    let session = match state.stripe.create_session(new_session(state, user, attempt)).await {
        Ok(session) => session,
        Err(error) => return Err(session_error(state, id, &error).await?),
    };
    let url = session.url.ok_or(Error::Unavailable)?;
    if !url.strip_prefix(&state.config.pays_at()).is_some_and(|rest| rest.starts_with('/')) {
        tracing::error!(attempt = %id, "The payment page has an unexpected address; set STRIPE_CHECKOUT_DOMAIN to your custom domain");
        return Err(Error::Unavailable);
    }
    attempt_queries::set_session(&state.db, id, session.id.as_str(), &url).await?;
    tracing::info!(attempt = %id, session = session.id.as_str(), "Started a checkout");
    Ok(NextStep::Pay(url))
}

/// Stores the attempt and reserves the coupon of its price, in one transaction.
async fn open_attempt(
    db: &PgPool,
    user: &User,
    product: &Sellable,
    quote: &Quote,
    now: DateTime<Utc>,
) -> Result<Attempt> {
    let mut tx = db.begin().await?;
    let lifetime = if quote.coupon.is_some() { COUPON_SESSION_LIFETIME } else { SESSION_LIFETIME };
    let attempt = queries::open_attempt(&mut *tx, user.id, product, quote, now + lifetime).await?;
    if let Some(coupon) = &quote.coupon {
        reservation::reserve(&mut tx, coupon, user.id, product.id, attempt.id, now).await?;
    }
    tx.commit().await?;
    Ok(attempt)
}

/// Records the purchase of a free product at once, without Stripe.
async fn enrol(state: &AppState, attempt: &Attempt, product: &Sellable) -> Result<NextStep> {
    let mut tx = state.db.begin().await?;
    let locked = attempt_queries::lock_attempt(&mut *tx, attempt.id).await?.ok_or(Error::Internal)?;
    let Some(purchase) = purchase_queries::insert_purchase(&mut *tx, &locked, None, None).await? else {
        // A concurrent request, such as a double click, has enrolled the user.
        return Ok(NextStep::Go(paths::COURSES.into()));
    };
    // No line below gives access: triggers on `purchases` have done so (`purchases_copy_product_courses`, `rebuild_course_access`).
    attempt_queries::set_state(&mut *tx, attempt.id, AttemptState::Free).await?;
    notifications::enqueue(&mut tx, PaymentNotification::Purchased { purchase }).await?;
    tx.commit().await?;
    tracing::info!(attempt = %attempt.id, "Enrolled a user in a free product");
    Ok(NextStep::Go(paths::purchase_result(&product.details.slug, &attempt.id.to_string())))
}

/// Builds the parameters of the Checkout Session from the attempt alone, so that the same attempt makes the same request.
fn new_session(state: &AppState, user: &User, attempt: Attempt) -> NewSession {
    let page = format!("{}{}", state.config.url, paths::purchase(&attempt.details.slug));
    let image = public_image_url(&state.config, attempt.details.image_url);
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

/// Returns the URL of a picture that Stripe can fetch: over TLS only, so that our own pictures count when this site has TLS.
fn public_image_url(config: &Config, image: String) -> Option<String> {
    if image.starts_with("https://") {
        return Some(image);
    }
    (config.is_https() && image.starts_with('/')).then(|| format!("{}{image}", config.url))
}

/// Returns the error for the buyer. The attempt stays open for a retry, unless Stripe rejected its parameters.
async fn session_error(state: &AppState, attempt: AttemptId, error: &StripeError) -> Result<Error> {
    tracing::error!(%attempt, %error, "Could not create a Checkout Session");
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
    fn stripe_gets_only_urls_that_it_can_fetch(#[case] url: &str, #[case] image: &str, #[case] expected: Option<&str>) {
        let config = Config { url: url.into(), ..Config::for_tests("") };
        assert_eq!(public_image_url(&config, image.into()).as_deref(), expected);
    }
}
