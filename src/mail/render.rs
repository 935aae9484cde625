//! Rendering of an email body as text and as HTML. There is no picture, script or tracking, so that opening a mail notifies nobody.

use maud::{DOCTYPE, Markup, html};

use crate::mail::{EmailBody, Link};

/// The sender of a mail: the school's name, and its public URL without a trailing slash.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub school: &'a str,
    pub url: &'a str,
}

impl Sender<'_> {
    fn url_of(&self, link: &Link) -> String {
        format!("{}{}", self.url, link.path)
    }
}

/// Renders the plain-text part.
pub fn text(body: &EmailBody, from: Sender<'_>) -> String {
    let mut parts = body.lines.clone();
    if !body.facts.is_empty() {
        let facts: Vec<_> = body.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        parts.push(facts.join("\n"));
    }
    parts.extend(body.links.iter().map(|link| format!("{}:\n{}", link.words, from.url_of(link))));
    format!("{}\n\n-- \n{}\n{}\n", parts.join("\n\n"), from.school, from.url)
}

const BODY_STYLE: &str = "margin:0;padding:24px;background:#f6f5f1;color:#1d1c19;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif";
const CARD_STYLE: &str =
    "max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #dedbd2;border-radius:12px";
const BUTTON_STYLE: &str = "display:inline-block;padding:12px 20px;background:#1d1c19;color:#ffffff;border-radius:8px;text-decoration:none;font-weight:600";
const LABEL_STYLE: &str = "padding:4px 16px 4px 0;text-align:left;font-weight:400;color:#5d5a52;vertical-align:top";
const VALUE_STYLE: &str = "padding:4px 0;text-align:left";
const FOOTER_STYLE: &str = "max-width:560px;margin:16px auto 0;font-size:14px;color:#5d5a52";

/// Renders the HTML part, with inline styles, since mail programs ignore style sheets.
pub fn html(body: &EmailBody, from: Sender<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (body.subject) }
            }
            body style=(BODY_STYLE) {
                div style=(CARD_STYLE) {
                    @for line in &body.lines { p style="margin:0 0 16px" { (line) } }
                    @if !body.facts.is_empty() { (facts(body)) }
                    @for (position, link) in body.links.iter().enumerate() {
                        p style="margin:0 0 16px" {
                            @if position == 0 { a href=(from.url_of(link)) style=(BUTTON_STYLE) { (link.words) } }
                            @else { a href=(from.url_of(link)) style="color:inherit" { (link.words) } }
                        }
                    }
                }
                p style=(FOOTER_STYLE) { (from.school) br; a href=(from.url) style="color:inherit" { (from.url) } }
            }
        }
    };
    page.into_string()
}

fn facts(body: &EmailBody) -> Markup {
    html! {
        table role="presentation" style="margin:0 0 16px;border-collapse:collapse" {
            @for (label, value) in &body.facts {
                tr { th scope="row" style=(LABEL_STYLE) { (label) } td style=(VALUE_STYLE) { (value) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: Sender<'static> = Sender { school: "Lectern", url: "https://school.example" };

    fn body() -> EmailBody {
        EmailBody::new("Your receipt for Light & <Colour>")
            .line("Hello Demo student,")
            .line("Light & <Colour> is yours.")
            .fact("Paid", "$60")
            .link("Start learning", "/courses")
            .link("Receipt", "/purchases/1")
    }

    #[test]
    fn an_email_is_rendered_as_text() {
        insta::assert_snapshot!(text(&body(), SCHOOL).replace("-- \n", "--\n"), @r"
        Hello Demo student,

        Light & <Colour> is yours.

        Paid: $60

        Start learning:
        https://school.example/courses

        Receipt:
        https://school.example/purchases/1

        --
        Lectern
        https://school.example
        ");
    }

    #[test]
    fn input_is_escaped_in_html() {
        let html = html(&body(), SCHOOL);
        assert!(html.contains("Light &amp; &lt;Colour&gt; is yours.") && !html.contains("<Colour>"), "{html}");
        assert!(html.contains(r#"href="https://school.example/courses""#), "{html}");
        for never in ["<img", "<script", "http-equiv"] {
            assert!(!html.contains(never), "{never}");
        }
    }
}
