//! Async page data: a skeleton while it loads, the view when it is there, an error page on failure; and pages as lazy routes.

use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use leptos::{either::Either, prelude::*};
use leptos_meta::Title;
use leptos_router::{ChooseView, hooks::use_location, params::ParamsMap};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    error::{Error, Result},
    paths,
    ui::{ErrorState, LinkButton, restore_focus},
};

/// Defines a page as a lazy route. Its code, the views and the data types, is in the wasm file of its `$group`, which is fetched
/// when a page of the group is first opened, so that nobody downloads pages that they do not open. A group is what people open
/// together; a file for each page would leave dozens of small files with what two or three pages share.
///
/// `$view` is the function that renders the page; `$preload` is `__preload_` and its name, the name that `#[lazy]` gives to the
/// function that fetches the file.
macro_rules! page {
    ($(#[$about:meta])* $name:ident, $group:ident, $view:ident, $preload:ident) => {
        $(#[$about])*
        #[allow(non_upper_case_globals, reason = "the route table uses it like a component")]
        pub const $name: $crate::load::Page = {
            #[leptos::lazy($group)]
            fn $view() -> leptos::prelude::AnyView {
                leptos::prelude::IntoAny::into_any(self::$view())
            }

            #[cfg(target_arch = "wasm32")]
            fn fetch() -> $crate::load::BoxFuture<()> {
                Box::pin(async {
                    $preload().await;
                })
            }

            #[cfg(not(target_arch = "wasm32"))]
            fn fetch() -> $crate::load::BoxFuture<()> {
                Box::pin(std::future::ready(()))
            }

            $crate::load::Page { view: || Box::pin($view()), preload: fetch }
        };
    };
}
pub(crate) use page;

/// A boxed future; on the server, one that may move between threads.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A page in the route table. All pages have this one type, so that the router is compiled once and not for each page.
#[derive(Clone, Copy)]
pub struct Page {
    pub view: fn() -> BoxFuture<AnyView>,
    /// Fetches the wasm file of its group.
    pub preload: fn() -> BoxFuture<()>,
}

impl ChooseView for Page {
    async fn choose(self) -> AnyView {
        (self.view)().await
    }

    async fn preload(&self) {
        (self.preload)().await;
    }
}

/// Loads the data of a page: on the server before the first byte is sent, and again whenever `key` changes.
pub fn load<K, T, F>(
    key: impl Fn() -> K + Send + Sync + 'static,
    fetch: impl Fn(K) -> F + Send + Sync + 'static,
) -> Resource<Result<T>>
where
    K: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    Resource::new_blocking(key, fetch)
}

/// Parses the URL of a searched list: the search text, and the page of the results, counted from 1.
pub fn search_params(query: &ParamsMap) -> (String, u32) {
    let page = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    (query.get("q").unwrap_or_default(), page)
}

/// Builds a view from its loaded data.
type BuildView = Box<dyn FnOnce() -> AnyView + Send>;
type LoadingView = Pin<Box<dyn Future<Output = BuildView> + Send>>;

/// Shows `skeleton` while the data loads, then `children` with the data, or an error page. While data is loaded again, the view of
/// the previous data stays.
#[component]
pub fn Loaded<T, V>(
    from: Resource<Result<T>>,
    #[prop(into)] skeleton: ViewFn,
    children: impl Fn(T) -> V + Clone + Send + Sync + 'static,
) -> impl IntoView
where
    T: Serialize + DeserializeOwned + Clone + Send + Sync + 'static,
    V: IntoView + 'static,
{
    let loading = move || -> LoadingView {
        let children = children.clone();
        Box::pin(async move {
            let data = from.await;
            Box::new(move || match data {
                Ok(data) => children(data).into_any(),
                Err(error) => view! { <ErrorPage error /> }.into_any(),
            }) as BuildView
        })
    };
    resolve(skeleton, Arc::new(loading))
}

/// Shows views as they resolve. It is the part of [`Loaded`] that is the same for every type of data, so it is compiled once. A view's
/// owner lives until the next view is there, and not only until that starts to load, so that its buttons work meanwhile.
fn resolve(skeleton: ViewFn, load: Arc<dyn Fn() -> LoadingView + Send + Sync>) -> AnyView {
    let parent = Owner::current().unwrap_or_default();
    let current = Arc::new(Mutex::new(None::<Owner>));
    let remount = Remount::default();
    let view = move || {
        let (load, parent, current, remount) = (load.clone(), parent.clone(), current.clone(), remount.clone());
        Suspend::new(async move {
            let build = load().await;
            // The server renders the view once, and drops these owners before the response is written.
            if cfg!(feature = "ssr") {
                return remount.show(build());
            }
            let owner = parent.child();
            let view = owner.with(build);
            let previous = current.lock().unwrap_or_else(PoisonError::into_inner).replace(owner);
            if previous.is_some() {
                restore_focus();
            }
            remount.show(view)
        })
    };
    view! { <Transition fallback=move || skeleton.run()>{view}</Transition> }.into_any()
}

/// Replaces one view by another with new elements. Leptos would reuse the elements of the first view, whose event listeners stay
/// attached: in a list that became shorter, a button would act on the row that was in its place before.
#[derive(Clone, Default)]
pub struct Remount(Arc<AtomicBool>);

impl Remount {
    /// Returns the view in other elements than the previous one.
    pub fn show(&self, view: AnyView) -> Either<AnyView, AnyView> {
        if self.0.fetch_xor(true, Ordering::Relaxed) { Either::Right(view) } else { Either::Left(view) }
    }
}

/// The page for an error. On the server it also sets the status of the response, and redirects visitors to the sign-in page when
/// the error is that they are not signed in.
#[component]
pub fn ErrorPage(error: Error) -> impl IntoView {
    let location = use_location();
    let here = move || format!("{}{}", location.pathname.get_untracked(), query(&location.search.get_untracked()));
    apply_to_response(&error, &here());
    let title = match error {
        Error::NotFound => "Not found",
        Error::Unauthenticated => "Sign in",
        Error::Unavailable | Error::PaymentProviderDown | Error::Offline => "Not available right now",
        _ => "That did not work",
    };
    let action = match error {
        Error::NotFound | Error::Forbidden => {
            view! { <LinkButton href=paths::HOME>"Go to the start page"</LinkButton> }.into_any()
        }
        Error::Unauthenticated => view! {
            <LinkButton href=paths::sign_in(&here()) external=true>
                "Sign in"
            </LinkButton>
        }
        .into_any(),
        _ => view! {
            <LinkButton href=here() external=true>
                "Try again"
            </LinkButton>
        }
        .into_any(),
    };
    view! {
        <Title text=title />
        <ErrorState title=title text=error.to_string() reference=reference(&error)>
            {action}
        </ErrorState>
    }
}

/// Returns the request id, for errors on our side that a person may report. The server writes it and the browser keeps it when it
/// hydrates the page. An error of a later call of a server function has the id in its sentence.
fn reference(error: &Error) -> Option<String> {
    let server_side = matches!(error, Error::Internal | Error::Unavailable | Error::PaymentProviderDown);
    server_side.then(reference_of_request)
}

#[cfg(feature = "ssr")]
fn reference_of_request() -> String {
    crate::platform::response::request_id().map(|id| format!("Reference: {id}")).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
const fn reference_of_request() -> String {
    String::new()
}

fn query(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}

#[cfg(feature = "ssr")]
fn apply_to_response(error: &Error, here: &str) {
    match error {
        Error::Unauthenticated => leptos_axum::redirect(&paths::sign_in(here)),
        error => crate::platform::response::set_response_status(error),
    }
}

#[cfg(not(feature = "ssr"))]
fn apply_to_response(_: &Error, _: &str) {}
