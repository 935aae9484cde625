//! Pages of the storefront and of a product.

use leptos::{either::Either, prelude::*};
use leptos_meta::{Meta, Title};
use leptos_router::hooks::{use_params_map, use_query_map};

use crate::{
    courses::{OutlineLesson, lesson::LessonStatus},
    frame::frame,
    load::{Loaded, load, page, search_params},
    paths,
    prices::{
        PriceQuote,
        price_view::{CouponField, PriceTag},
    },
    products::{ProductCard, ProductCourse, ProductPage, ProductStatus, Storefront, api},
    ui::{
        Accordion, Badge, Button, BuyBar, Cover, CoverCard, EmptyState, Form, Grid, LinkButton, Main, OutlineItem,
        OutlineList, PageHeader, Pager, Prose, SearchBox, SkeletonCards, SkeletonPage, Space, Stack, Tone, TwoColumns,
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
    let page = load(move || query.with(search_params), |(search, page)| api::get_storefront(search, page));
    let school = frame().school;
    view! {
        <Title text="" />
        <Meta name="description" content=school.tagline.clone() />
        <Main wide=true>
            <PageHeader title=school.name lead=school.tagline />
            <Loaded from=page skeleton=|| view! { <SkeletonCards count=4 /> } let:storefront>
                <ProductList storefront />
            </Loaded>
        </Main>
    }
}

#[component]
fn ProductList(storefront: Storefront) -> impl IntoView {
    let Storefront { products, search, page, resume } = storefront;
    let (previous, next) = paths::pagination_links(paths::HOME, &search, page, products.has_next);
    // The search box is hidden when there are few products.
    let has_search = previous.is_some() || next.is_some() || !search.is_empty() || products.rows.len() > 8;
    let list = if products.rows.is_empty() {
        let title = if search.is_empty() { "Nothing is for sale yet" } else { "Nothing found" };
        let text = if search.is_empty() { "Come back soon." } else { "Try another word, or look at everything." };
        let all = (!search.is_empty()).then(|| view! { <LinkButton href=paths::HOME>"Show everything"</LinkButton> });
        Either::Left(view! {
            <EmptyState title=title text=text>
                {all}
            </EmptyState>
        })
    } else {
        let cards = products.rows.into_iter().enumerate().map(|(i, product)| view! { <Card product eager=i < 2 /> });
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
                })}
            {has_search.then(|| view! { <SearchBox action=paths::HOME value=search.clone() label="Search courses" /> })}
            {list} <Pager page previous next />
        </Stack>
    }
}

/// A product in the storefront. `eager`: its picture is loaded at once, because it is at the top of the page.
#[component]
fn Card(product: ProductCard, eager: bool) -> impl IntoView {
    let note = (product.courses > 1).then(|| format!("Bundle of {} courses", product.courses));
    view! {
        <CoverCard href=paths::product(&product.slug) image=product.image_url title=product.name note=note eager=eager>
            <p>{product.description}</p>
            <PriceTag price=product.price />
        </CoverCard>
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
    let address = move || {
        let value = |map: &leptos_router::params::ParamsMap, name: &str| map.get(name).unwrap_or_default();
        (params.with(|params| value(params, "slug")), query.with(|query| value(query, "code")))
    };
    let page = load(address, |(slug, code)| api::get_product_page(slug, code));
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
    let for_sale = !owned && waiting.is_none();
    let code_form = (for_sale && !price.list.is_zero()).then(|| (paths::product(&slug), code.clone()));
    let applied_code = if code.applied { code.typed } else { String::new() };
    let buy = StoredValue::new((slug, price.clone(), applied_code, owned, waiting));
    let action = move || {
        let (slug, price, code, owned, waiting) = buy.get_value();
        view! { <Buy slug price code owned waiting /> }
    };
    let lessons = courses.iter().map(|course| course.outline.progress().total).sum::<u32>();
    let contents = contents_text(courses.len(), lessons);
    let aside = {
        let (image, alt, price) = (image_url, name.clone(), price.clone());
        move || {
            view! {
                <Cover src=image alt=alt eager=true />
                <PriceTag price />
                {action()}
                <p>{contents}</p>
                {code_form.map(|(page, code)| view! { <CouponField page code /> })}
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
                <Prose html=description />
                <h2>"What you will learn"</h2>
                {courses.into_iter().map(|course| view! { <CourseOutline course titled=several /> }).collect_view()}
            </Stack>
        </TwoColumns>
        <BuyBar>
            <PriceTag price />
            {action()}
        </BuyBar>
    }
}

fn contents_text(courses: usize, lessons: u32) -> String {
    let lessons = if lessons == 1 { "1 lesson".to_owned() } else { format!("{lessons} lessons") };
    if courses > 1 { format!("{courses} courses, {lessons}") } else { lessons }
}

/// The button of a product page: buy, enrol, see the payment's status, or continue with an owned product.
#[component]
fn Buy(slug: String, price: PriceQuote, code: String, owned: bool, waiting: Option<String>) -> impl IntoView {
    if owned || waiting.is_some() {
        let (text, href, label) = match waiting.filter(|_| !owned) {
            Some(session) => {
                ("Your payment is being processed.", paths::purchase_result(&slug, &session), "See its status")
            }
            None => ("You own this.", paths::COURSES.to_owned(), "Continue learning"),
        };
        return Either::Left(view! {
            <p>{text}</p>
            <LinkButton href=href wide=true>
                {label}
            </LinkButton>
        });
    }
    let label = if price.is_free() { "Enrol for free".to_owned() } else { format!("Buy for {}", price.amount) };
    let code = (!code.is_empty()).then(|| view! { <input type="hidden" name="code" value=code /> });
    Either::Right(view! { <Form action=paths::purchase(&slug)>{code} <Button wide=true>{label}</Button></Form> })
}

/// A course of the product with its outline.
#[component]
fn CourseOutline(course: ProductCourse, titled: bool) -> impl IntoView {
    let ProductCourse { id, name, description, access, outline } = course;
    let can_watch = access || frame().viewer.is_admin();
    let sections = outline.sections.into_iter().filter(|section| !section.lessons.is_empty()).enumerate();
    let sections = sections.map(move |(i, section)| {
        let aside = contents_text(1, u32::try_from(section.lessons.len()).unwrap_or(u32::MAX));
        let rows = section.lessons.into_iter().map(move |OutlineLesson { id: lesson, name, status, .. }| {
            let preview = status == LessonStatus::Preview;
            let href = (can_watch || preview).then(|| paths::lesson(id, lesson));
            let note = (!can_watch).then_some(if preview { "Preview" } else { "Locked" });
            view! { <OutlineItem href=href title=name note=note /> }
        });
        view! {
            <Accordion summary=section.name aside=aside open=i == 0>
                <OutlineList>{rows.collect_view()}</OutlineList>
            </Accordion>
        }
    });
    let heading = titled.then(|| {
        let badge = access.then(|| {
            view! {
                " "
                <Badge tone=Tone::Accent>"You have this"</Badge>
            }
        });
        view! {
            <h3>{name} {badge}</h3>
            <p>{description}</p>
        }
    });
    view! { <section>{heading} {sections.collect_view()}</section> }
}
