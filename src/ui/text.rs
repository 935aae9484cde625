//! Text: what an instructor wrote, set like a book.

use leptos::prelude::*;

/// The fonts of the first paint, for `<link rel="preload" as="font" type="font/woff2" crossorigin>`.
pub const FONTS: [&str; 2] = ["/fonts/inter-5.3.0.woff2", "/fonts/newsreader-5.3.0.woff2"];

/// Plain semantic HTML in book type, in lines of 65 characters.
#[component]
pub fn Prose(children: Children) -> impl IntoView {
    view! { <div class="book">{children()}</div> }
}

/// Plain text as paragraphs: a blank line ends one, a line break stays one, and an address becomes a link.
#[component]
pub fn Paragraphs(#[prop(into)] text: String) -> impl IntoView {
    view! { <div class="book" inner_html=paragraphs(&text) /> }
}

/// Markdown that the server has made HTML of, and cleaned.
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

fn paragraphs(text: &str) -> String {
    let mut html = String::new();
    let mut open = false;
    for line in text.lines().map(str::trim) {
        match (open, line.is_empty()) {
            (false, true) => continue,
            (true, true) => html.push_str("</p>"),
            (true, false) => html.push_str("<br>"),
            (false, false) => html.push_str("<p>"),
        }
        open = !line.is_empty();
        for (i, word) in line.split(' ').enumerate() {
            if i > 0 {
                html.push(' ');
            }
            html.push_str(&linked(word));
        }
    }
    if open {
        html.push_str("</p>");
    }
    html
}

/// A word, as a link when it is an address. What ends the sentence is not part of the address.
fn linked(word: &str) -> String {
    let start = word.find("https://").or_else(|| word.find("http://"));
    let Some(start) = start.filter(|start| word[..*start].chars().all(|before| !before.is_alphanumeric())) else {
        return escape(word);
    };
    let (before, address) = word.split_at(start);
    let bare = address.trim_end_matches(['.', ',', ';', ':', '!', '?', '"', '\'', ']', '>', '…', '”', '’']);
    // A bracket belongs to the sentence unless it was opened in the address.
    let bare = if bare.contains('(') { bare } else { bare.trim_end_matches([')', '.', ',']) };
    if bare.ends_with("//") {
        return escape(word);
    }
    let (address, after) = address.split_at(bare.len());
    let (before, address, after) = (escape(before), escape(address), escape(after));
    format!(r#"{before}<a href="{address}" rel="nofollow noopener">{address}</a>{after}"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("One.\n\nTwo.", "<p>One.</p><p>Two.</p>")]
    #[case("\n\n One\nstill one \r\n\r\n\r\nTwo", "<p>One<br>still one</p><p>Two</p>")]
    #[case("<b>&\"", "<p>&lt;b&gt;&amp;&quot;</p>")]
    #[case("", "")]
    fn blank_lines_part_paragraphs_and_nothing_is_markup(#[case] text: &str, #[case] html: &str) {
        assert_eq!(paragraphs(text), html);
    }

    #[rstest]
    #[case("(https://a.org/x).", r#"(<a href="https://a.org/x" rel="nofollow noopener">https://a.org/x</a>)."#)]
    #[case(
        "http://a.org/?q=1&r=2",
        r#"<a href="http://a.org/?q=1&amp;r=2" rel="nofollow noopener">http://a.org/?q=1&amp;r=2</a>"#
    )]
    #[case(
        r#"https://a.org/"onclick=x"#,
        r#"<a href="https://a.org/&quot;onclick=x" rel="nofollow noopener">https://a.org/&quot;onclick=x</a>"#
    )]
    #[case("javascript:alert(1)", "javascript:alert(1)")]
    #[case("https://", "https://")]
    fn an_address_becomes_a_link_and_only_an_address(#[case] word: &str, #[case] html: &str) {
        assert_eq!(linked(word), html);
    }
}
