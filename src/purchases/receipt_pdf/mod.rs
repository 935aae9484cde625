//! A receipt as a PDF: one page of A4, written by krilla with our own letters (Inter: Latin, Greek and Cyrillic).

use std::sync::LazyLock;

use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point, Rect},
    metadata::Metadata,
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, FillRule},
    surface::Surface,
    text::{Font, TextDirection},
};
use ttf_parser::Face;

use crate::{purchases::Receipt, ui::utc_minute};

/// Points: 72 to an inch. A4, and what stays white around it.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 64.0;
const RIGHT: f32 = WIDTH - MARGIN;

static REGULAR: &[u8] = include_bytes!("inter-regular.ttf");
static SEMIBOLD: &[u8] = include_bytes!("inter-semibold.ttf");
static GLYPHS: LazyLock<Option<GlyphMetrics>> = LazyLock::new(|| {
    let letter = |data: &'static [u8]| Some((Font::new(data.into(), 0)?, Face::parse(data, 0).ok()?));
    Some(GlyphMetrics { regular: letter(REGULAR)?, semibold: letter(SEMIBOLD)? })
});

type Glyph = (Font, Face<'static>);

struct GlyphMetrics {
    regular: Glyph,
    semibold: Glyph,
}

#[derive(Clone, Copy)]
enum Ink {
    Strong,
    Soft,
}

/// The bytes of the file.
///
/// # Errors
/// krilla's, in words: never for what people can type.
pub fn write(receipt: &Receipt) -> anyhow::Result<Vec<u8>> {
    let letters = GLYPHS.as_ref().ok_or_else(|| anyhow::anyhow!("the letters of receipts cannot be read"))?;
    let mut document = Document::new();
    let title = format!("Receipt {}", receipt.number);
    document.set_metadata(Metadata::new().title(title.clone()).language("en".into()));
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| anyhow::anyhow!("A4 has no size"))?;
    let mut page = document.start_page_with(size);
    {
        let mut paper = PageLayout { surface: page.surface(), letters, y: MARGIN };
        paper.fill(receipt, &title);
        paper.surface.finish();
    }
    page.finish();
    document.finish().map_err(|error| anyhow::anyhow!("write a receipt's PDF: {error:?}"))
}

struct PageLayout<'a> {
    surface: Surface<'a>,
    letters: &'static GlyphMetrics,
    /// The last line's baseline.
    y: f32,
}

impl PageLayout<'_> {
    fn fill(&mut self, receipt: &Receipt, title: &str) {
        let letters = self.letters;
        let (regular, semibold) = (&letters.regular, &letters.semibold);
        self.lines(semibold, 22.0, Ink::Strong, title);
        self.y += 8.0;
        self.lines(semibold, 10.5, Ink::Strong, &receipt.seller);
        for line in receipt.seller_address.lines() {
            self.lines(regular, 10.5, Ink::Soft, line);
        }
        self.y += 18.0;
        self.lines(regular, 10.5, Ink::Soft, "Bought by");
        self.lines(regular, 10.5, Ink::Strong, &receipt.buyer_name);
        self.lines(regular, 10.5, Ink::Strong, &receipt.buyer_email);
        self.lines(regular, 10.5, Ink::Strong, &utc_minute(receipt.bought_at));
        self.y += 18.0;
        self.lines(semibold, 13.0, Ink::Strong, &receipt.product.name);
        self.y += 8.0;
        for (words, amount, total) in receipt.rows() {
            if total {
                self.rule();
            }
            let letter = if total { semibold } else { regular };
            let amount = amount.to_string();
            let figures = width(letter, 10.5, &amount);
            for line in wrapped(letter, 10.5, &words, RIGHT - MARGIN - figures - 24.0) {
                self.y += 18.0;
                self.text(letter, 10.5, Ink::Strong, MARGIN, &line);
            }
            self.text(letter, 10.5, Ink::Strong, RIGHT - figures, &amount);
        }
        self.y += 16.0;
        self.lines(regular, 9.0, Ink::Soft, "All amounts in US dollars.");
    }

    /// Text from the left margin, in as many lines as it takes.
    fn lines(&mut self, letter: &'static Glyph, size: f32, ink: Ink, text: &str) {
        for line in wrapped(letter, size, text, RIGHT - MARGIN) {
            self.y += size * 1.45;
            self.text(letter, size, ink, MARGIN, &line);
        }
    }

    fn text(&mut self, letter: &'static Glyph, size: f32, ink: Ink, x: f32, text: &str) {
        self.ink(ink);
        self.surface.draw_text(Point::from_xy(x, self.y), letter.0.clone(), size, text, false, TextDirection::Auto);
    }

    fn rule(&mut self) {
        self.y += 10.0;
        self.ink(Ink::Soft);
        let mut path = PathBuilder::new();
        if let Some(rule) = Rect::from_xywh(MARGIN, self.y, RIGHT - MARGIN, 0.75) {
            path.push_rect(rule);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn ink(&mut self, ink: Ink) {
        let color = match ink {
            Ink::Strong => rgb::Color::new(20, 18, 15),
            Ink::Soft => rgb::Color::new(96, 92, 84),
        };
        let fill = Fill { paint: color.into(), opacity: NormalizedF32::ONE, rule: FillRule::default() };
        self.surface.set_fill(Some(fill));
    }
}

/// How wide a text is, without kerning, in points.
fn width((_, face): &Glyph, size: f32, text: &str) -> f32 {
    let advance = |letter| face.glyph_index(letter).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(1000);
    text.chars().map(|letter| f32::from(advance(letter))).sum::<f32>() * size / f32::from(face.units_per_em())
}

/// Lines no wider than this: broken between words, and within a word that is wider than a line.
fn wrapped(letter: &Glyph, size: f32, text: &str, most: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(|line| format!("{line} {word}")).unwrap_or_default();
        if width(letter, size, line.trim_start()) <= most {
            lines.pop();
            lines.push(line.trim_start().to_owned());
            continue;
        }
        let mut part = String::new();
        for next in word.chars() {
            if width(letter, size, &part) + width(letter, size, next.encode_utf8(&mut [0; 4])) > most {
                lines.push(std::mem::take(&mut part));
            }
            part.push(next);
        }
        lines.push(part);
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        money::Cents,
        payments::{ProductDetails, RefundOrigin},
        purchases::RefundRow,
    };
    use chrono::DateTime;
    use uuid::Uuid;

    fn receipt() -> Receipt {
        Receipt {
            id: Uuid::nil().into(),
            number: 7,
            seller: "Open Film School".into(),
            seller_address: "1 Example Street\nExampleton".into(),
            buyer_name: "Demo student".into(),
            buyer_email: "student@example.com".into(),
            product: ProductDetails { name: "Light".into(), description: String::new(), image_url: String::new() },
            subtotal: Cents(9000),
            paid: Cents(4500),
            discount_name: Some("Half".into()),
            refunds: vec![RefundRow { amount: Cents(1000), origin: RefundOrigin::Admin, at: DateTime::UNIX_EPOCH }],
            bought_at: DateTime::UNIX_EPOCH,
            refunded_at: None,
            paused: false,
            lost: false,
            at_stripe: true,
        }
    }

    #[test]
    fn a_receipt_is_a_pdf_and_always_the_same() {
        let file = write(&receipt()).unwrap();
        assert!(file.starts_with(b"%PDF-") && file.ends_with(b"%%EOF"), "{:?}", &file[..8]);
        assert_eq!(file, write(&receipt()).unwrap());
    }

    #[test]
    fn whatever_people_are_called_fits_on_it() {
        let long = Receipt {
            buyer_name: "العربية 漢字 🦊 Ünï".into(),
            product: ProductDetails { name: "x".repeat(200), ..receipt().product },
            ..receipt()
        };
        assert!(write(&long).unwrap().starts_with(b"%PDF-"));
    }

    #[test]
    fn lines_are_no_wider_than_the_paper() {
        let letter = &GLYPHS.as_ref().unwrap().regular;
        for text in ["one two three four five six seven", &"w".repeat(99), "a b", ""] {
            let lines = wrapped(letter, 10.0, text, 60.0);
            assert!(lines.iter().all(|line| width(letter, 10.0, line) <= 60.0), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "nothing is lost");
        }
    }
}
