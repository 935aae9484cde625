//! Loading: a page's data while it comes, when it is there, and when it does not come.

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
    ui::{ErrorState, LinkButton, keep_focus},
};

/// A page as a route. Its code, views and the shape of its data alike, is in the file of its `$group`, which comes when one of
/// the group is first opened: nobody carries what they do not look at. A group is what people open together; a file for each
/// page would leave dozens of small ones with what two or three of them share.
///
/// `$view` is the page as a function; `$preload` is `__preload_` and its name, which `#[lazy]` gives to what fetches the file.
macro_rules! page {
    ($(#[$about:meta])* $name:ident, $group:ident, $view:ident, $preload:ident) => {
        $(#[$about])*
        #[allow(non_upper_case_globals, reason = "it stands in the route table like a component")]
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

/// What comes later; on the server, on any thread.
#[cfg(not(target_arch = "wasm32"))]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;
#[cfg(target_arch = "wasm32")]
pub type BoxFuture<T> = Pin<Box<dyn Future<Output = T>>>;

/// A page in the route table. All of them are of one type, so that the router is compiled once and not for each.
#[derive(Clone, Copy)]
pub struct Page {
    pub view: fn() -> BoxFuture<AnyView>,
    /// Fetches the file of its group.
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

/// The data of a page: asked for on the server before the first byte, and again when `key` changes.
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

/// What the address of a list asks for: words to search for, and which page of what is found, from 1.
pub fn searched(query: &ParamsMap) -> (String, u32) {
    let page = query.get("page").and_then(|page| page.parse().ok()).unwrap_or(1);
    (query.get("q").unwrap_or_default(), page)
}

/// A view that is made once its data is there.
type Ready = Box<dyn FnOnce() -> AnyView + Send>;
type Coming = Pin<Box<dyn Future<Output = Ready> + Send>>;

/// Shows `children` with the data, `skeleton` until it is there, and what to do when it does not come. Data that is asked
/// for again stays on the page until the new is there.
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
    let coming = move || -> Coming {
        let children = children.clone();
        Box::pin(async move {
            let data = from.await;
            Box::new(move || match data {
                Ok(data) => children(data).into_any(),
                Err(error) => view! { <ErrorPage error /> }.into_any(),
            }) as Ready
        })
    };
    resolve(skeleton, Arc::new(coming))
}

/// The part that is the same for every page, compiled once. What is shown lives until the next is there, and not until the next
/// is asked for: what is pressed meanwhile still answers.
fn resolve(skeleton: ViewFn, coming: Arc<dyn Fn() -> Coming + Send + Sync>) -> AnyView {
    let around = Owner::current().unwrap_or_default();
    let shown = Arc::new(Mutex::new(None::<Owner>));
    let remount = Remount::default();
    view! {
        <Transition fallback=move || {
            skeleton.run()
        }>
            {move || {
                let (coming, around, shown, remount) = (coming.clone(), around.clone(), shown.clone(), remount.clone());
                Suspend::new(async move {
                    let make = coming().await;
                    // The server shows one thing once, and lets go of all this before it is written.
                    if cfg!(feature = "ssr") {
                        return remount.show(make());
                    }
                    let owner = around.child();
                    let view = owner.with(make);
                    let before = shown.lock().unwrap_or_else(PoisonError::into_inner).replace(owner);
                    if before.is_some() {
                        keep_focus();
                    }
                    remount.show(view)
                })
            }}
        </Transition>
    }
    .into_any()
}

/// Shows one view after another, each made anew. Leptos would fit the second into the elements of the first, which keep what they
/// listened to before: a button of a list that became shorter would ask about the row that stood there.
#[derive(Clone, Default)]
pub struct Remount(Arc<AtomicBool>);

impl Remount {
    /// The view, in other elements than the one before.
    pub fn show(&self, view: AnyView) -> Either<AnyView, AnyView> {
        if self.0.fetch_xor(true, Ordering::Relaxed) { Either::Right(view) } else { Either::Left(view) }
    }
}

/// What a person reads when a page cannot be shown. On the server it gives the response its status, and sends visitors to
/// sign in where that is what is missing.
#[component]
pub fn ErrorPage(error: Error) -> impl IntoView {
    let location = use_location();
    let here = move || format!("{}{}", location.pathname.get_untracked(), query(&location.search.get_untracked()));
    tell_status(&error, &here());
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

/// What to say when one writes to us. It is written by the server and stays on the page: the browser's half takes over what is there.
/// An error of a call has it in its sentence.
fn reference(error: &Error) -> Option<String> {
    let ours = matches!(error, Error::Internal | Error::Unavailable | Error::PaymentProviderDown);
    ours.then(reference_of_request)
}

#[cfg(feature = "ssr")]
fn reference_of_request() -> String {
    crate::platform::response::request_id().map(|reference| format!("Reference: {reference}")).unwrap_or_default()
}

#[cfg(not(feature = "ssr"))]
const fn reference_of_request() -> String {
    String::new()
}

fn query(search: &str) -> String {
    if search.is_empty() { String::new() } else { format!("?{}", search.trim_start_matches('?')) }
}

#[cfg(feature = "ssr")]
fn tell_status(error: &Error, here: &str) {
    match error {
        Error::Unauthenticated => leptos_axum::redirect(&paths::sign_in(here)),
        error => crate::platform::response::set_response_status(error),
    }
}

#[cfg(not(feature = "ssr"))]
fn tell_status(_: &Error, _: &str) {}
