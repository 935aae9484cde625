//! Cards: a product or a course, seen from the shelf.

use leptos::prelude::*;

use crate::ui::{picture::srcset, words::Words};

/// A 16:9 picture that keeps its place while it loads, lazily unless `eager`. Without a `src` it is a plain cloth cover.
#[component]
pub fn Cover(
    #[prop(into)] src: String,
    #[prop(into)] alt: String,
    /// For the picture that is seen first.
    #[prop(optional)]
    eager: bool,
    /// One among others: half as wide as the screen where there is room for two.
    #[prop(optional)]
    shelved: bool,
) -> impl IntoView {
    let sizes = if shelved {
        "(min-width: 64rem) 24rem, (min-width: 44rem) 50vw, 100vw"
    } else {
        "(min-width: 64rem) 24rem, 100vw"
    };
    let widths = srcset(&src);
    if src.is_empty() {
        view! { <div class="cover cover-cloth" role=(!alt.is_empty()).then_some("img") aria-label=(!alt.is_empty()).then_some(alt) /> }
            .into_any()
    } else {
        view! {
            <img
                class="cover"
                sizes=widths.is_some().then_some(sizes)
                srcset=widths
                src=src
                alt=alt
                width="1280"
                height="720"
                decoding="async"
                loading=(!eager).then_some("lazy")
                fetchpriority=eager.then_some("high")
            />
        }
        .into_any()
    }
}

/// A cover with its title, and beneath it a line and a price. All of it is one link; buttons inside stay their own.
#[component]
pub fn CoverCard(
    #[prop(into)] href: String,
    #[prop(into)] image: String,
    #[prop(into)] title: String,
    /// Says what kind of thing it is: "Bundle of 2 courses".
    #[prop(optional, into)]
    note: Words,
    /// For the pictures that are seen first.
    #[prop(optional)]
    eager: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <article class="cover-card">
            <Cover src=image alt="" eager=eager shelved=true />
            <div class="cover-card-body">
                {note.0.map(|note| view! { <p class="eyebrow">{note}</p> })}
                <h2 class="cover-card-title">
                    <a href=href>{title}</a>
                </h2>
                {children.map(|children| children())}
            </div>
        </article>
    }
}

/// How a small word is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Accent,
    Danger,
    Warning,
}

/// One word about a thing: its status.
#[component]
pub fn Badge(children: Children, #[prop(optional)] tone: Tone) -> impl IntoView {
    let class = match tone {
        Tone::Plain => "badge",
        Tone::Accent => "badge badge-primary",
        Tone::Danger => "badge badge-error",
        Tone::Warning => "badge badge-warning",
    };
    view! { <span class=class>{children()}</span> }
}

/// How far something is. Nothing at all of nothing. The label is shown and says it in words: "3 of 12 lessons".
#[component]
pub fn ProgressLine(done: u32, total: u32, #[prop(into)] label: String) -> impl IntoView {
    (total > 0).then(|| {
        view! {
            <label class="progress-line">
                <progress class="progress" value=done.min(total).to_string() max=total.to_string() />
                <span>{label}</span>
            </label>
        }
    })
}
