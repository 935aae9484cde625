//! Markdown renderer: converts an instructor's text to sanitized HTML.
//!
//! pulldown-cmark parses it (`CommonMark`), and ammonia removes every element and attribute that is not on its list. Both run on the
//! server, so that the browser downloads neither.

use std::sync::LazyLock;

use ammonia::Builder;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::default();
    cleaner.link_rel(Some("noopener noreferrer")).rm_tags(["h1"]).add_url_schemes(["mailto"]);
    cleaner
});

/// Renders `text` as HTML. Headings begin at the second level, because a page has its own first one.
pub fn to_html(text: &str) -> String {
    let options = Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TABLES | Options::ENABLE_FOOTNOTES;
    let events = Parser::new_ext(text, options).map(|event| match event {
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: beneath(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(beneath(level))),
        // Raw HTML is shown as text.
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        event => event,
    });
    let mut written = String::with_capacity(text.len() * 3 / 2);
    html::push_html(&mut written, events);
    CLEANER.clean(&written).to_string()
}

/// Returns the first sentence or line as plain text, for cards.
pub fn first_line(text: &str) -> String {
    let mut line = String::new();
    for event in Parser::new(text) {
        match event {
            Event::Text(text) | Event::Code(text) | Event::Html(text) | Event::InlineHtml(text) => line.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::End(_) if !line.trim().is_empty() => {
                if matches!(
                    event,
                    Event::End(TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::Item)
                        | Event::HardBreak
                        | Event::SoftBreak
                ) {
                    break;
                }
            }
            _ => {}
        }
    }
    match line.find(". ") {
        Some(end) => line[..=end].to_owned(),
        None => line.trim().to_owned(),
    }
}

const fn beneath(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::words("Plain *and* **strong**", "<p>Plain <em>and</em> <strong>strong</strong></p>\n")]
    #[case::headings("# One", "<h2>One</h2>\n")]
    #[case::html_is_text("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;")]
    #[case::a_handler("<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;")]
    #[case::a_script_link("[x](javascript:alert(1))", "<p><a rel=\"noopener noreferrer\">x</a></p>\n")]
    #[case::a_link(
        "[x](https://example.com)",
        "<p><a href=\"https://example.com\" rel=\"noopener noreferrer\">x</a></p>\n"
    )]
    fn what_is_written_can_do_no_harm(#[case] text: &str, #[case] html: &str) {
        assert_eq!(to_html(text), html);
    }

    #[rstest]
    #[case("", "")]
    #[case("One sentence.", "One sentence.")]
    #[case("One. Two.", "One.")]
    #[case("A line\nAnother", "A line")]
    #[case("**Bold** and [a link](https://example.com)\n\nMore", "Bold and a link")]
    #[case("# Title\n\nText", "Title")]
    fn a_card_shows_one_line(#[case] text: &str, #[case] line: &str) {
        assert_eq!(first_line(text), line);
    }
}
