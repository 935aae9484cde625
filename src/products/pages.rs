//! The storefront and a product's own page.

use leptos::{either::Either, prelude::*};
use leptos_meta::{Meta, Title};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    courses::{OutlineLesson, lesson::LessonStatus},
    frame::frame,
    load::{Loaded, load, page, searched},
    paths,
    prices::{
        PriceQuote,
        price_view::{CodeField, PriceTag},
    },
    products::{ProductCourse, ProductPage, ProductStatus, Storefront, api, card::Card},
    ui::{
        Accordion, Badge, Button, BuyBar, Cover, EmptyState, Form, Grid, LinkButton, Main, OutlineItem, OutlineList,
        PageHeader, Pager, SearchBox, SkeletonCards, SkeletonPage, Space, Stack, Tone, TwoColumns, Written,
    },
};

page!(
    /// `/`.
    StorefrontRoute,
    front,
    storefront,
    __preload_storefront
);

fn storefront() -> impl IntoView {
    let query = use_query_map();
    let page = load(move || query.with(searched), |(search, page)| api::get_storefront(search, page));
    let school = frame().school;
    view! {
        <Title text="" />
        <Meta name="description" content=school.tagline.clone() />
        <Main wide=true>
            <PageHeader title=school.name lead=school.tagline />
            <Loaded from=page skeleton=|| view! { <SkeletonCards count=4 /> } let:storefront>
                <Shelf storefront />
            </Loaded>
        </Main>
    }
}

#[component]
fn Shelf(storefront: Storefront) -> impl IntoView {
    let Storefront { products, search, page, more, resume } = storefront;
    let (previous, next) = paths::pagination_links(paths::HOME, &search, page, more);
    // A search box over four things is furniture.
    let searchable = previous.is_some() || next.is_some() || !search.is_empty() || products.len() > 8;
    let shelf = if products.is_empty() {
        let title = if search.is_empty() { "Nothing is for sale yet" } else { "Nothing found" };
        let text = if search.is_empty() { "Come back soon." } else { "Try another word, or look at everything." };
        let all = (!search.is_empty()).then(|| view! { <LinkButton href=paths::HOME>"Show everything"</LinkButton> });
        Either::Left(view! {
            <EmptyState title=title text=text>
                {all}
            </EmptyState>
        })
    } else {
        let cards = products.into_iter().enumerate().map(|(i, product)| view! { <Card product eager=i < 2 /> });
        Either::Right(view! { <Grid>{cards.collect_view()}</Grid> })
    };
    view! {
        <Stack gap=Space::Loose>
            {resume
                .map(|resume| {
                    let label = format!("Continue: {}", resume.lesson_name);
                    view! {
                        <p>
                            <LinkButton href=paths::lesson(resume.course, resume.lesson)>{label}</LinkButton>
                        </p>
                    }
                })} {searchable.then(|| view! { <SearchBox action=paths::HOME value=search.clone() label="Search courses" /> })} {shelf}
            <Pager page previous next />
        </Stack>
    }
}

page!(
    /// `/products/:slug`.
    ProductRoute,
    shop,
    product,
    __preload_product
);

fn product() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = move || {
        let value = |map: &leptos_router::params::ParamsMap, name: &str| map.get(name).unwrap_or_default();
        (params.with(|params| value(params, "slug")), query.with(|query| value(query, "code")))
    };
    let page = load(asked, |(slug, code)| api::get_product_page(slug, code));
    view! {
        <Main wide=true>
            <Loaded from=page skeleton=|| view! { <SkeletonPage /> } let:product>
                <Product product />
            </Loaded>
        </Main>
    }
}

#[component]
fn Product(product: ProductPage) -> impl IntoView {
    let ProductPage {
        slug, name, summary, description, image_url, price, code, status, owned, waiting, courses, ..
    } = product;
    let sells = !owned && waiting.is_none();
    let coded = (sells && !price.list.is_zero()).then(|| (paths::product(&slug), code.clone()));
    let used = if code.counts { code.typed } else { String::new() };
    let buy = StoredValue::new((slug, price.clone(), used, owned, waiting));
    let action = move || {
        let (slug, price, code, owned, waiting) = buy.get_value();
        view! { <Buy slug price code owned waiting /> }
    };
    let lessons = courses.iter().map(|course| course.outline.progress().total).sum::<u32>();
    let contains = contents(courses.len(), lessons);
    let aside = {
        let (image, alt, price) = (image_url, name.clone(), price.clone());
        move || {
            view! {
                <Cover src=image alt=alt eager=true />
                <PriceTag price />
                {action()}
                <p>{contains}</p>
                {coded.map(|(page, code)| view! { <CodeField page code /> })}
            }
        }
    };
    let several = courses.len() > 1;
    view! {
        <Title text=name.clone() />
        <Meta name="description" content=summary />
        <TwoColumns aside=aside>
            <PageHeader title=name>
                {(status == ProductStatus::Private).then(|| view! { <Badge>"Private"</Badge> })}
            </PageHeader>
            <Stack>
                <Written html=description />
                <h2>"What you will learn"</h2>
                {courses.into_iter().map(|course| view! { <Contained course titled=several /> }).collect_view()}
            </Stack>
        </TwoColumns>
        <BuyBar>
            <PriceTag price />
            {action()}
        </BuyBar>
    }
}

fn contents(courses: usize, lessons: u32) -> String {
    let lessons = if lessons == 1 { "1 lesson".to_owned() } else { format!("{lessons} lessons") };
    if courses > 1 { format!("{courses} courses, {lessons}") } else { lessons }
}

/// The one thing to do: buy, enrol, wait, or go on with what one owns.
#[component]
fn Buy(slug: String, price: PriceQuote, code: String, owned: bool, waiting: Option<String>) -> impl IntoView {
    if owned || waiting.is_some() {
        let (words, href, label) = match waiting.filter(|_| !owned) {
            Some(session) => {
                ("Your payment is on its way.", paths::purchase_result(&slug, &session), "See how it stands")
            }
            None => ("You own this.", paths::COURSES.to_owned(), "Continue learning"),
        };
        return Either::Left(view! {
            <p>{words}</p>
            <LinkButton href=href wide=true>
                {label}
            </LinkButton>
        });
    }
    let label = if price.is_free() { "Enrol for free".to_owned() } else { format!("Buy for {}", price.now) };
    let code = (!code.is_empty()).then(|| view! { <input type="hidden" name="code" value=code /> });
    Either::Right(view! {
        <Form action=paths::purchase(&slug)>
            {code}
            <Button wide=true>{label}</Button>
        </Form>
    })
}

#[component]
fn Contained(course: ProductCourse, titled: bool) -> impl IntoView {
    let ProductCourse { id, name, description, access, outline } = course;
    let plays = access || frame().viewer.is_admin();
    let sections = outline.sections.into_iter().filter(|section| !section.lessons.is_empty()).enumerate();
    let sections = sections.map(move |(i, section)| {
        let aside = contents(1, u32::try_from(section.lessons.len()).unwrap_or(u32::MAX));
        let rows = section.lessons.into_iter().map(move |OutlineLesson { id: lesson, name, status, .. }| {
            let preview = status == LessonStatus::Preview;
            let href = (plays || preview).then(|| paths::lesson(id, lesson));
            let note = (!plays).then_some(if preview { "Preview" } else { "Locked" });
            view! { <OutlineItem href=href title=name note=note /> }
        });
        view! {
            <Accordion summary=section.name aside=aside open=i == 0>
                <OutlineList>{rows.collect_view()}</OutlineList>
            </Accordion>
        }
    });
    let head = titled.then(|| {
        let have = access.then(|| view! { " " <Badge tone=Tone::Accent>"You have this"</Badge> });
        view! {
            <h3>{name} {have}</h3>
            <p>{description}</p>
        }
    });
    view! {
        <section>
            {head} {sections.collect_view()}
        </section>
    }
}
