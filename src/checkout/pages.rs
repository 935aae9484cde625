//! The pages around paying: before, after, and when it came to nothing.

use std::time::Duration;

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    checkout::{CheckoutPage, CheckoutResult, Stage, api},
    form::FormState,
    load::{Loaded, load, page},
    paths,
    prices::price_view::CodeField,
    ui::{Amounts, AuthCard, Button, Cover, Form, FormErrors, Intent, LinkButton, Main, SkeletonPage, Stack},
};

/// Which product, and the code that was typed: sent with the form that came back, or in the address.
fn asked(form: &FormState) -> impl Fn() -> (String, String) + Clone + Send + Sync + 'static {
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
    desk,
    checkout,
    __preload_checkout
);

fn checkout() -> impl IntoView {
    let form = FormState::current();
    let page = load(asked(&form), |(slug, code)| api::get_checkout_page(slug, code));
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
    let label = if price.is_free() { "Enrol for free".to_owned() } else { format!("Pay {}", price.now) };
    let mut rows = vec![(name.clone(), price.list.to_string(), false)];
    rows.extend(price.why.clone().map(|why| (why, (price.now - price.list).to_string(), false)));
    rows.push(("Total".to_owned(), price.now.to_string(), true));
    let sent = code.counts.then(|| view! { <input type="hidden" name="code" value=code.typed.clone() /> });
    let coded = (!price.list.is_zero()).then(|| view! { <CodeField page=paths::purchase(&slug) code /> });
    let contents = (courses.len() > 1).then(|| format!("Contains {}.", courses.join(", ")));
    let note = if price.is_free() { "Nothing is charged." } else { "You pay on Stripe's page, and come back here." };
    view! {
        <AuthCard title="Checkout">
            <Cover src=image_url alt="" eager=true />
            <Amounts rows />
            {contents.map(|contents| view! { <p>{contents}</p> })}
            {coded}
            <FormErrors errors=messages />
            <Form action=paths::purchase(&slug) label="Checkout">
                {sent}
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
    desk,
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
                <Told page result />
            </Loaded>
        </Main>
    }
}

#[component]
fn Told(page: CheckoutResult, result: Resource<crate::error::Result<CheckoutResult>>) -> impl IntoView {
    let CheckoutResult { slug, name, stage } = page;
    let again = paths::product(&slug);
    match stage {
        Stage::Bought { purchase, course } => {
            let start = course.map_or_else(|| paths::COURSES.to_owned(), paths::course);
            view! {
                <AuthCard title="It is yours" lead=name>
                    <Stack>
                        <LinkButton href=start wide=true>
                            "Start learning"
                        </LinkButton>
                        <LinkButton href=paths::receipt(purchase) intent=Intent::Secondary wide=true>
                            "See the receipt"
                        </LinkButton>
                    </Stack>
                </AuthCard>
            }
            .into_any()
        }
        Stage::Refunded { purchase } => view! {
            <AuthCard title="This was refunded" lead="The money went back, and access with it.">
                <Stack>
                    <LinkButton href=paths::receipt(purchase) wide=true>
                        "See the receipt"
                    </LinkButton>
                    <LinkButton href=again intent=Intent::Secondary wide=true>
                        "Back to the product"
                    </LinkButton>
                </Stack>
            </AuthCard>
        }
        .into_any(),
        Stage::Returned => view! {
            <AuthCard title="You own this already" lead="This payment was not needed. It goes back to you in full.">
                <LinkButton href=paths::COURSES wide=true>
                    "Go to my courses"
                </LinkButton>
            </AuthCard>
        }
        .into_any(),
        Stage::Waiting { delayed } => {
            ask_again(result, delayed);
            let lead = if delayed {
                "Your bank takes a while with this one, up to some days. Your course opens as soon as the payment arrives."
            } else {
                "This takes a moment. The page goes on by itself."
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
        Stage::Failed => again_card("The payment did not go through", "Nothing was charged. You can try again.", again),
        Stage::Expired => again_card("This checkout has ended", "Nothing was charged. You can start again.", again),
    }
}

fn again_card(title: &'static str, lead: &'static str, again: String) -> AnyView {
    view! {
        <AuthCard title=title lead=lead>
            <LinkButton href=again wide=true>
                "Try again"
            </LinkButton>
        </AuthCard>
    }
    .into_any()
}

/// Asks once more after a moment; the answer brings this component back, and with it the next question.
fn ask_again(result: Resource<crate::error::Result<CheckoutResult>>, delayed: bool) {
    let pause = Duration::from_secs(if delayed { 20 } else { 1 });
    Effect::new(move |_| {
        if let Ok(handle) = set_timeout_with_handle(move || result.refetch(), pause) {
            on_cleanup(move || handle.clear());
        }
    });
}

page!(
    /// `/products/:slug/purchase/failure`.
    FailureRoute,
    desk,
    failure,
    __preload_failure
);

fn failure() -> impl IntoView {
    let page = load(asked(&FormState::default()), |(slug, code)| api::get_checkout_page(slug, code));
    view! {
        <Title text="Not bought" />
        <Main>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:page>
                {
                    let CheckoutPage { slug, name, price, code, .. } = page;
                    let label = if price.is_free() { "Enrol for free".to_owned() } else { format!("Try again for {}", price.now) };
                    let sent = code.counts.then(|| view! { <input type="hidden" name="code" value=code.typed /> });
                    Either::<_, ()>::Left(view! {
                        <AuthCard title="Not bought" lead=format!("Nothing was charged. {name} is still here for you.")>
                            <Form action=paths::purchase(&slug)>
                                {sent}
                                <Button wide=true>{label}</Button>
                            </Form>
                            <p>
                                <a href=paths::product(&slug)>"Back to the product"</a>
                            </p>
                        </AuthCard>
                    })
                }
            </Loaded>
        </Main>
    }
}
