//! The checkout page, the page after the payment, and the page after a cancelled payment.

use std::time::Duration;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    checkout::{CheckoutPage, CheckoutResult, Stage, api},
    form::FormState,
    load::{Loaded, load, page},
    paths,
    prices::price_view::CouponField,
    ui::{Amounts, AuthCard, Button, Cover, Form, FormErrors, Intent, LinkButton, Main, SkeletonPage, Stack},
};

/// Returns the product's slug, and the coupon code from the submitted form or from the URL.
fn slug_and_code(form: &FormState) -> impl Fn() -> (String, String) + Clone + Send + Sync + 'static {
    let (params, query) = (use_params_map(), use_query_map());
    let sent = form.value("code");
    move || {
        let slug = params.with(|params| params.get("slug").unwrap_or_default());
        let code =
            if sent.is_empty() { query.with(|query| query.get("code").unwrap_or_default()) } else { sent.clone() };
        (slug, code)
    }
}

page!(
    /// `/products/:slug/purchase`.
    CheckoutRoute,
    account,
    checkout,
    __preload_checkout
);

fn checkout() -> impl IntoView {
    let form = FormState::current();
    let page = load(slug_and_code(&form), |(slug, code)| api::get_checkout_page(slug, code));
    view! {
        <Title text="Checkout" />
        <Main>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:page>
                <Checkout page messages=form.messages() />
            </Loaded>
        </Main>
    }
}

#[component]
fn Checkout(page: CheckoutPage, messages: Vec<String>) -> impl IntoView {
    let CheckoutPage { slug, name, image_url, price, code, courses } = page;
    let label = if price.is_free() { "Enrol for free".to_owned() } else { format!("Pay {}", price.amount) };
    let mut rows = vec![(name.clone(), price.list.to_string(), false)];
    rows.extend(price.discount_name.clone().map(|discount| (discount, (price.amount - price.list).to_string(), false)));
    rows.push(("Total".to_owned(), price.amount.to_string(), true));
    let code_input = code.applied.then(|| view! { <input type="hidden" name="code" value=code.typed.clone() /> });
    let coded = (!price.list.is_zero()).then(|| view! { <CouponField page=paths::purchase(&slug) code /> });
    let contents = (courses.len() > 1).then(|| format!("Contains {}.", courses.join(", ")));
    let note = if price.is_free() { "You will not be charged." } else { "You pay on Stripe's page, then return here." };
    view! {
        <AuthCard title="Checkout">
            <Cover src=image_url alt="" eager=true />
            <Amounts rows />
            {contents.map(|contents| view! { <p>{contents}</p> })}
            {coded}
            <FormErrors errors=messages />
            <Form action=paths::purchase(&slug) label="Checkout">
                {code_input}
                <Button wide=true>{label}</Button>
            </Form>
            <p>{note}</p>
            <p>
                <a href=paths::product(&slug)>"Back to the product"</a>
            </p>
        </AuthCard>
    }
}

page!(
    /// `/products/:slug/purchase/success?session=…`.
    SuccessRoute,
    account,
    success,
    __preload_success
);

fn success() -> impl IntoView {
    let query = use_query_map();
    let result = load(move || query.with(|query| query.get("session").unwrap_or_default()), api::get_checkout_result);
    view! {
        <Title text="Your purchase" />
        <Main>
            <Loaded from=result skeleton=|| view! { <SkeletonPage /> } let:page>
                <ResultCard page resource=result />
            </Loaded>
        </Main>
    }
}

#[component]
fn ResultCard(page: CheckoutResult, resource: Resource<crate::error::Result<CheckoutResult>>) -> impl IntoView {
    let CheckoutResult { slug, name, stage } = page;
    let product = paths::product(&slug);
    match stage {
        Stage::Bought { purchase, course } => {
            let start = course.map_or_else(|| paths::COURSES.to_owned(), paths::course);
            view! {
                <AuthCard title="Purchase complete" lead=name>
                    <Stack>
                        <LinkButton href=start wide=true>
                            "Start learning"
                        </LinkButton>
                        <LinkButton href=paths::receipt(purchase) intent=Intent::Secondary wide=true>
                            "View the receipt"
                        </LinkButton>
                    </Stack>
                </AuthCard>
            }
            .into_any()
        }
        Stage::Refunded { purchase } => view! {
            <AuthCard title="Purchase refunded" lead="You were refunded in full, and your access has ended.">
                <Stack>
                    <LinkButton href=paths::receipt(purchase) wide=true>
                        "View the receipt"
                    </LinkButton>
                    <LinkButton href=product intent=Intent::Secondary wide=true>
                        "Back to the product"
                    </LinkButton>
                </Stack>
            </AuthCard>
        }
        .into_any(),
        Stage::PaymentRefunded => view! {
            <AuthCard title="Payment refunded" lead="This payment was not needed. You are refunded in full.">
                <LinkButton href=paths::COURSES wide=true>
                    "Go to my courses"
                </LinkButton>
            </AuthCard>
        }
        .into_any(),
        Stage::Waiting { delayed } => {
            poll(resource, delayed);
            waiting_card(name, delayed)
        }
        Stage::Failed => retry_card("Payment failed", "You were not charged. You can try again.", product),
        Stage::Expired => retry_card("Checkout expired", "You were not charged. You can try again.", product),
    }
}

fn waiting_card(name: String, delayed: bool) -> AnyView {
    let lead = if delayed {
        "Your bank may need some days for this payment. You get access as soon as it arrives."
    } else {
        "This takes a moment. The page updates by itself."
    };
    view! {
        <AuthCard title="Waiting for your payment" lead=lead>
            <noscript>
                <meta http-equiv="refresh" content="3" />
            </noscript>
            <p role="status">{name}</p>
            <LinkButton href=paths::COURSES intent=Intent::Secondary wide=true>
                "Go to my courses"
            </LinkButton>
        </AuthCard>
    }
    .into_any()
}

fn retry_card(title: &'static str, lead: &'static str, product: String) -> AnyView {
    view! {
        <AuthCard title=title lead=lead>
            <LinkButton href=product wide=true>
                "Try again"
            </LinkButton>
        </AuthCard>
    }
    .into_any()
}

/// Reloads the result once after an interval. The new result renders the page again, which starts the next interval.
fn poll(resource: Resource<crate::error::Result<CheckoutResult>>, delayed: bool) {
    let interval = Duration::from_secs(if delayed { 20 } else { 1 });
    Effect::new(move |_| {
        if let Ok(handle) = set_timeout_with_handle(move || resource.refetch(), interval) {
            on_cleanup(move || handle.clear());
        }
    });
}

page!(
    /// `/products/:slug/purchase/failure`.
    FailureRoute,
    account,
    failure,
    __preload_failure
);

fn failure() -> impl IntoView {
    let page = load(slug_and_code(&FormState::default()), |(slug, code)| api::get_checkout_page(slug, code));
    view! {
        <Title text="Payment cancelled" />
        <Main>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:page>
                {
                    let CheckoutPage { slug, name, price, code, .. } = page;
                    let label = if price.is_free() {
                        "Enrol for free".to_owned()
                    } else {
                        format!("Try again for {}", price.amount)
                    };
                    let code_input = code
                        .applied
                        .then(|| view! { <input type="hidden" name="code" value=code.typed /> });
                    Either::<
                        _,
                        (),
                    >::Left(
                        view! {
                            <AuthCard
                                title="Payment cancelled"
                                lead=format!("You were not charged. You can still buy {name}.")
                            >
                                <Form action=paths::purchase(
                                    &slug,
                                )>{code_input} <Button wide=true>{label}</Button></Form>
                                <p>
                                    <a href=paths::product(&slug)>"Back to the product"</a>
                                </p>
                            </AuthCard>
                        },
                    )
                }
            </Loaded>
        </Main>
    }
}
