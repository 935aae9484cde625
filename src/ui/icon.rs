//! Icons of the Lucide set, always beside a text or with a label.

use icondata_core::IconData;
use leptos::prelude::*;

use crate::ui::maybe_text::MaybeText;

/// An icon as tall as its line. Without a `label` it is decoration and hidden from screen readers.
#[component]
pub fn Icon(
    /// One of `icondata_lu::Lu…`.
    icon: &'static IconData,
    /// Its accessible name, where no text is beside it.
    #[prop(optional, into)]
    label: MaybeText,
) -> impl IntoView {
    let hidden = label.0.is_none().then_some("true");
    let role = label.0.is_some().then_some("img");
    view! {
        <svg
            class="icon"
            viewBox=icon.view_box
            fill=icon.fill
            stroke=icon.stroke
            stroke-width=icon.stroke_width
            stroke-linecap=icon.stroke_linecap
            stroke-linejoin=icon.stroke_linejoin
            role=role
            aria-label=label.0
            aria-hidden=hidden
            inner_html=icon.data
        />
    }
}
