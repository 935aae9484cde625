//! The HTML document, the layout of every page, and the route table.

use leptos::{prelude::*, server::SharedValue};
#[cfg(feature = "ssr")]
use leptos_meta::{HashedStylesheet, MetaTags};
use leptos_meta::{Title, provide_meta_context};
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    hooks::use_location,
    path,
};

use crate::{
    account::{
        menu::Menu,
        pages::{
            address::AddressRoute,
            delete::DeleteRoute,
            link::LinkRoute,
            password::PasswordRoute,
            recover::{ForgotRoute, SignInLinkRoute},
            settings::AccountRoute,
            sign_in::{SignInRoute, SignUpRoute},
        },
    },
    authoring::courses::admin_pages::{CoursesRoute, EditCourseRoute, NewCourseRoute},
    checkout::pages::{CheckoutRoute, FailureRoute, SuccessRoute},
    coupons::admin_pages::{CouponsRoute, EditCouponRoute, NewCouponRoute},
    dashboard::{activity_pages::ActivityRoute, admin_pages::OverviewRoute},
    error::Error,
    frame::Frame,
    learning::pages::{CourseRoute, LessonRoute, MyCoursesRoute},
    load::ErrorPage,
    mail::admin_pages::{MailRoute, OutboxRoute},
    paths,
    prices::admin_pages::PricingRoute,
    products::{
        admin_pages::{EditProductRoute, NewProductRoute, ProductsRoute},
        pages::{ProductRoute, StorefrontRoute},
    },
    purchases::pages::{HistoryRoute, ReceiptRoute},
    sales::{
        admin_pages::{SaleRoute, SalesRoute},
        unmatched_payments::UnmatchedPaymentsRoute,
    },
    school::admin_pages::SchoolRoute,
    students::admin_pages::{StudentRoute, StudentsRoute},
    ui::{Main, SiteFooter, SiteHeader, ThemeSwitch, Toasts, provide_toaster},
};

/// Renders the HTML document. It has the theme from the first byte, so that no page flashes in the other one.
#[cfg(feature = "ssr")]
pub fn shell(options: LeptosOptions) -> AnyView {
    use leptos::nonce::use_nonce;
    let theme = crate::server::http::frame::start_page();
    let clerk = use_context::<crate::server::state::AppState>()
        .and_then(|state| crate::identity::clerk::script::for_current_page(state.config.clerk.as_ref()))
        .map(|script| {
            view! {
                <script
                    nonce=use_nonce()
                    src=script.src
                    data-clerk-publishable-key=script.publishable_key
                    crossorigin="anonymous"
                    async
                ></script>
                <script nonce=use_nonce() inner_html=include_str!("clerk.js") />
            }
        });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme>
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1" />
                <meta name="color-scheme" content="light dark" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <HashedStylesheet options=options.clone() id="style" />
                <AutoReload options=options.clone() />
                <script nonce=use_nonce() inner_html=include_str!("recover.js") />
                <HydrationScripts options />
                {clerk}
                <MetaTags />
            </head>
            <body>
                <App />
            </body>
        </html>
    }
    .into_any()
}

#[cfg(feature = "ssr")]
fn frame_of_request() -> Frame {
    crate::server::http::frame::frame()
}

#[cfg(not(feature = "ssr"))]
fn frame_of_request() -> Frame {
    Frame::default()
}

/// Returns the flash message that this page shows. The server writes it into the page for the browser's half.
#[cfg(feature = "ssr")]
fn flash_of_request() -> Option<String> {
    crate::server::http::frame::flash()
}

#[cfg(not(feature = "ssr"))]
const fn flash_of_request() -> Option<String> {
    None
}

/// The application: layout and route table.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    provide_toaster();
    let frame = SharedValue::new(frame_of_request).into_inner();
    let (school, theme) = (frame.school.name.clone(), frame.theme.clone());
    let title = school.clone();
    provide_context(frame);
    view! {
        <Title
            text=initial_title(&school)
            formatter=move |page: String| if page.is_empty() { title.clone() } else { format!("{page} · {title}") }
        />
        <Router>
            <SiteHeader school=school.clone()>
                <Menu />
            </SiteHeader>
            <Routes fallback=NotFound>
                <Route path=path!("/") view=StorefrontRoute ssr=SsrMode::Async />
                <Route path=path!("/products/:slug") view=ProductRoute ssr=SsrMode::Async />
                <Route path=path!("/products/:slug/purchase") view=CheckoutRoute ssr=SsrMode::Async />
                <Route path=path!("/products/:slug/purchase/success") view=SuccessRoute ssr=SsrMode::Async />
                <Route path=path!("/products/:slug/purchase/failure") view=FailureRoute ssr=SsrMode::Async />
                <Route path=path!("/courses") view=MyCoursesRoute ssr=SsrMode::Async />
                <Route path=path!("/courses/:course") view=CourseRoute ssr=SsrMode::Async />
                <Route path=path!("/courses/:course/lessons/:lesson") view=LessonRoute ssr=SsrMode::Async />
                <Route path=path!("/purchases") view=HistoryRoute ssr=SsrMode::Async />
                <Route path=path!("/purchases/:purchase") view=ReceiptRoute ssr=SsrMode::Async />
                <Route path=path!("/sign-in") view=SignInRoute ssr=SsrMode::Async />
                <Route path=path!("/sign-up") view=SignUpRoute ssr=SsrMode::Async />
                <Route path=path!("/sign-in/link") view=SignInLinkRoute ssr=SsrMode::Async />
                <Route path=path!("/forgot-password") view=ForgotRoute ssr=SsrMode::Async />
                <Route path=path!("/account") view=AccountRoute ssr=SsrMode::Async />
                <Route path=path!("/account/link") view=LinkRoute ssr=SsrMode::Async />
                <Route path=path!("/account/password") view=PasswordRoute ssr=SsrMode::Async />
                <Route path=path!("/account/address") view=AddressRoute ssr=SsrMode::Async />
                <Route path=path!("/account/delete") view=DeleteRoute ssr=SsrMode::Async />
                <Route path=path!("/admin") view=OverviewRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/courses") view=CoursesRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/courses/new") view=NewCourseRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/courses/:course/edit") view=EditCourseRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/products") view=ProductsRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/products/new") view=NewProductRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/products/:product/edit") view=EditProductRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/sales") view=SalesRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/sales/other-payments") view=UnmatchedPaymentsRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/sales/:purchase") view=SaleRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/coupons") view=CouponsRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/coupons/new") view=NewCouponRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/coupons/:coupon/edit") view=EditCouponRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/pricing") view=PricingRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/students") view=StudentsRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/students/:student") view=StudentRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/outbox") view=OutboxRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/outbox/:mail") view=MailRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/school") view=SchoolRoute ssr=SsrMode::Async />
                <Route path=path!("/admin/activity") view=ActivityRoute ssr=SsrMode::Async />
            </Routes>
            <SiteFooter>
                <p>{school}</p>
                <ThemeSwitch action=paths::THEME current=theme />
            </SiteFooter>
            <Toasts flash=flash_of_request() />
        </Router>
    }
}

/// Returns the title until the page sets its own. In the browser, a page is loaded a moment after its layout, so the title that the
/// server wrote stays meanwhile.
#[cfg(not(feature = "ssr"))]
fn initial_title(school: &str) -> String {
    let title = document().title();
    if title == school { String::new() } else { title.trim_end_matches(school).trim_end_matches(" · ").to_owned() }
}

#[cfg(feature = "ssr")]
fn initial_title(_: &str) -> String {
    String::new()
}

/// The page for a URL that no route matches.
#[component]
fn NotFound() -> impl IntoView {
    let _ = use_location();
    view! {
        <Main>
            <ErrorPage error=Error::NotFound />
        </Main>
    }
}
