//! How a letter looks as a mail: as text, and as HTML for those whose program shows it. No picture, no script, nothing that tells
//! whether it was read.

use maud::{DOCTYPE, Markup, html};

use crate::mail::{EmailBody, Link};

/// Where a mail comes from: the school's name, and its public address without a slash at its end.
#[derive(Clone, Copy)]
pub struct Sender<'a> {
    pub school: &'a str,
    pub url: &'a str,
}

impl Sender<'_> {
    fn address(&self, link: &Link) -> String {
        format!("{}{}", self.url, link.path)
    }
}

pub fn text(letter: &EmailBody, from: Sender<'_>) -> String {
    let mut parts = letter.lines.clone();
    if !letter.facts.is_empty() {
        let facts: Vec<_> = letter.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        parts.push(facts.join("\n"));
    }
    parts.extend(letter.links.iter().map(|link| format!("{}:\n{}", link.words, from.address(link))));
    format!("{}\n\n-- \n{}\n{}\n", parts.join("\n\n"), from.school, from.url)
}

const BODY: &str = "margin:0;padding:24px;background:#f6f5f1;color:#1d1c19;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif";
const CARD: &str =
    "max-width:560px;margin:0 auto;padding:24px;background:#ffffff;border:1px solid #dedbd2;border-radius:12px";
const BUTTON: &str = "display:inline-block;padding:12px 20px;background:#1d1c19;color:#ffffff;border-radius:8px;text-decoration:none;font-weight:600";
const LABEL: &str = "padding:4px 16px 4px 0;text-align:left;font-weight:400;color:#5d5a52;vertical-align:top";
const VALUE: &str = "padding:4px 0;text-align:left";
const QUIET: &str = "max-width:560px;margin:16px auto 0;font-size:14px;color:#5d5a52";

pub fn html(letter: &EmailBody, from: Sender<'_>) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (letter.subject) }
            }
            body style=(BODY) {
                div style=(CARD) {
                    @for line in &letter.lines { p style="margin:0 0 16px" { (line) } }
                    @if !letter.facts.is_empty() { (facts(letter)) }
                    @for (place, link) in letter.links.iter().enumerate() {
                        p style="margin:0 0 16px" {
                            @if place == 0 { a href=(from.address(link)) style=(BUTTON) { (link.words) } }
                            @else { a href=(from.address(link)) style="color:inherit" { (link.words) } }
                        }
                    }
                }
                p style=(QUIET) { (from.school) br; a href=(from.url) style="color:inherit" { (from.url) } }
            }
        }
    };
    page.into_string()
}

fn facts(letter: &EmailBody) -> Markup {
    html! {
        table role="presentation" style="margin:0 0 16px;border-collapse:collapse" {
            @for (label, value) in &letter.facts {
                tr { th scope="row" style=(LABEL) { (label) } td style=(VALUE) { (value) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: Sender<'static> = Sender { school: "Lectern", url: "https://school.example" };

    fn letter() -> EmailBody {
        EmailBody::new("Your receipt for Light & <Colour>")
            .line("Hello Demo student,")
            .line("Light & <Colour> is yours.")
            .fact("Paid", "$60")
            .link("Start learning", "/courses")
            .link("Receipt", "/purchases/1")
    }

    #[test]
    fn a_letter_reads_well_as_text() {
        insta::assert_snapshot!(text(&letter(), SCHOOL).replace("-- \n", "--\n"), @r"
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
    fn what_somebody_wrote_is_no_html() {
        let html = html(&letter(), SCHOOL);
        assert!(html.contains("Light &amp; &lt;Colour&gt; is yours.") && !html.contains("<Colour>"), "{html}");
        assert!(html.contains(r#"href="https://school.example/courses""#), "{html}");
        for never in ["<img", "<script", "http-equiv"] {
            assert!(!html.contains(never), "{never}");
        }
    }
}
