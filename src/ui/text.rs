//! Prose, postal addresses, and the fonts of the first paint.

use leptos::prelude::*;

/// The fonts that the first paint requires, for `<link rel="preload" as="font" type="font/woff2" crossorigin>`.
pub const FONTS: [&str; 2] = ["/fonts/inter-5.3.0.woff2", "/fonts/newsreader-5.3.0.woff2"];

/// Rendered Markdown, in a serif font with lines of about 65 characters. The `html` must be sanitized: it is inserted unchanged.
#[component]
pub fn Prose(#[prop(into)] html: String) -> impl IntoView {
    view! { <div class="book" inner_html=html /> }
}

/// Escapes text for HTML.
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

/// A postal address with its line breaks. Renders nothing when it is empty.
#[component]
pub fn Address(#[prop(into)] text: String) -> impl IntoView {
    (!text.is_empty()).then(|| view! { <address class="address">{text}</address> })
}
