//! Text: what an instructor wrote, set like a book.

use leptos::prelude::*;

/// The fonts of the first paint, for `<link rel="preload" as="font" type="font/woff2" crossorigin>`.
pub const FONTS: [&str; 2] = ["/fonts/inter-5.3.0.woff2", "/fonts/newsreader-5.3.0.woff2"];

/// Markdown that the server has made HTML of, and cleaned, in book type and lines of 65 characters.
#[component]
pub fn Written(#[prop(into)] html: String) -> impl IntoView {
    view! { <div class="book" inner_html=html /> }
}

/// Text as HTML that means the same.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            _ => html.push(letter),
        }
    }
    html
}

/// Where somebody is reached, in the lines it was written in. Nothing when there are none.
#[component]
pub fn Address(#[prop(into)] text: String) -> impl IntoView {
    (!text.is_empty()).then(|| view! { <address class="address">{text}</address> })
}
