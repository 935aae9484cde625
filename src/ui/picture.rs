//! Responsive pictures: each is stored in several widths, and the browser chooses one.

use leptos::prelude::*;

/// The widths in which a picture is stored, in pixels: for a cover on a phone, on a desktop, and on a high-density screen.
pub const WIDTHS: [u32; 3] = [480, 960, 1440];

/// Returns the `srcset` attribute of a stored picture, from the address of its largest width (`/pictures/…/1440.webp`). `None` for
/// pictures on other sites, and for pictures stored in one width only.
pub fn srcset(src: &str) -> Option<String> {
    let (at, file) = src.strip_prefix("/pictures/").and_then(|_| src.rsplit_once('/'))?;
    let largest: u32 = file.strip_suffix(".webp")?.parse().ok().filter(|width| WIDTHS[1..].contains(width))?;
    let widths = WIDTHS.into_iter().filter(|width| *width <= largest);
    Some(widths.map(|width| format!("{at}/{width}.webp {width}w")).collect::<Vec<_>>().join(", "))
}

/// A small picture in a table row. The row names the item, so the picture is decoration.
#[component]
pub fn Thumb(#[prop(into)] src: String) -> impl IntoView {
    if src.is_empty() {
        return view! { <div class="cover cover-cloth thumb"></div> }.into_any();
    }
    view! {
        <img
            class="cover thumb"
            src=src.clone()
            srcset=srcset(&src)
            sizes="6rem"
            alt=""
            width="96"
            height="54"
            decoding="async"
            loading="lazy"
        />
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::large(
        "/pictures/ab/1440.webp",
        Some("/pictures/ab/480.webp 480w, /pictures/ab/960.webp 960w, /pictures/ab/1440.webp 1440w")
    )]
    #[case::middle("/pictures/ab/960.webp", Some("/pictures/ab/480.webp 480w, /pictures/ab/960.webp 960w"))]
    #[case::one_width("/pictures/ab/480.webp", None)]
    #[case::smaller_than_a_phone("/pictures/ab/300.webp", None)]
    #[case::unknown_width("/pictures/ab/1000.webp", None)]
    #[case::static_file("/covers/sound.svg", None)]
    #[case::other_site("https://example.com/pictures/ab/1440.webp", None)]
    #[case::none("", None)]
    fn srcset_lists_the_stored_widths(#[case] src: &str, #[case] widths: Option<&str>) {
        assert_eq!(srcset(src).as_deref(), widths);
    }
}
