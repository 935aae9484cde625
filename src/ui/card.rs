//! Cards of products and courses in lists, with their covers, badges and progress.

use leptos::prelude::*;

use crate::ui::{maybe_text::MaybeText, picture::srcset};

/// A 16:9 picture that reserves its space and loads lazily unless `eager`. Without a `src` it is a plain cover drawn by CSS.
#[component]
pub fn Cover(
    #[prop(into)] src: String,
    #[prop(into)] alt: String,
    /// Loads immediately, for a picture at the top of the page.
    #[prop(optional)]
    eager: bool,
    /// One of several in a [`Grid`](crate::ui::Grid): half as wide as the screen where two fit.
    #[prop(optional)]
    in_grid: bool,
) -> impl IntoView {
    let sizes = if in_grid {
        "(min-width: 64rem) 24rem, (min-width: 44rem) 50vw, 100vw"
    } else {
        "(min-width: 64rem) 24rem, 100vw"
    };
    let widths = srcset(&src);
    if src.is_empty() {
        view! {
            <div
                class="cover cover-cloth"
                role=(!alt.is_empty()).then_some("img")
                aria-label=(!alt.is_empty()).then_some(alt)
            />
        }
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

/// A cover with its title, a note, and children such as a price. The whole card is one link; buttons inside it still work.
#[component]
pub fn CoverCard(
    #[prop(into)] href: String,
    #[prop(into)] image: String,
    #[prop(into)] title: String,
    /// The kind of the item: "Bundle of 2 courses".
    #[prop(optional, into)]
    note: MaybeText,
    /// Loads the picture immediately, for cards at the top of the page.
    #[prop(optional)]
    eager: bool,
    #[prop(optional)] children: Option<Children>,
) -> impl IntoView {
    view! {
        <article class="cover-card">
            <Cover src=image alt="" eager=eager in_grid=true />
            <div class="cover-card-body">
                {note.0.map(|note| view! { <p class="eyebrow">{note}</p> })} <h2 class="cover-card-title">
                    <a href=href>{title}</a>
                </h2> {children.map(|children| children())}
            </div>
        </article>
    }
}

/// The meaning of a badge or a toast; its colour follows from that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Accent,
    Danger,
    Warning,
}

/// A status in one word.
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

/// A progress bar with a visible label: "3 of 12 lessons". Renders nothing when `total` is 0.
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
