//! A receipt as a PDF: one page of A4, written by krilla with embedded fonts (Inter: Latin, Greek and Cyrillic).

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

/// The size of A4 and the margin, in points: 72 to an inch.
const WIDTH: f32 = 595.28;
const HEIGHT: f32 = 841.89;
const MARGIN: f32 = 64.0;
const RIGHT: f32 = WIDTH - MARGIN;

static REGULAR: &[u8] = include_bytes!("inter-regular.ttf");
static SEMIBOLD: &[u8] = include_bytes!("inter-semibold.ttf");
static FONTS: LazyLock<Option<Fonts>> = LazyLock::new(|| {
    let font = |data: &'static [u8]| Some((Font::new(data.into(), 0)?, Face::parse(data, 0).ok()?));
    Some(Fonts { regular: font(REGULAR)?, semibold: font(SEMIBOLD)? })
});

/// A font for drawing, and its metrics.
type FontFace = (Font, Face<'static>);

struct Fonts {
    regular: FontFace,
    semibold: FontFace,
}

#[derive(Clone, Copy)]
enum TextColor {
    Primary,
    Secondary,
}

/// Writes the file and returns its bytes.
///
/// # Errors
/// krilla's. No text that people can enter causes one.
pub fn write(receipt: &Receipt) -> anyhow::Result<Vec<u8>> {
    let fonts = FONTS.as_ref().ok_or_else(|| anyhow::anyhow!("the fonts of receipts cannot be parsed"))?;
    let mut document = Document::new();
    let title = format!("Receipt {}", receipt.number);
    document.set_metadata(Metadata::new().title(title.clone()).language("en".into()));
    let size = PageSettings::from_wh(WIDTH, HEIGHT).ok_or_else(|| anyhow::anyhow!("the page size is invalid"))?;
    let mut page = document.start_page_with(size);
    {
        let mut layout = PageLayout { surface: page.surface(), fonts, y: MARGIN };
        layout.draw(receipt, &title);
        layout.surface.finish();
    }
    page.finish();
    document.finish().map_err(|error| anyhow::anyhow!("write a receipt's PDF: {error:?}"))
}

struct PageLayout<'a> {
    surface: Surface<'a>,
    fonts: &'static Fonts,
    /// The baseline of the last line.
    y: f32,
}

impl PageLayout<'_> {
    fn draw(&mut self, receipt: &Receipt, title: &str) {
        let (regular, semibold) = (&self.fonts.regular, &self.fonts.semibold);
        self.lines(semibold, 22.0, TextColor::Primary, title);
        self.y += 8.0;
        self.lines(semibold, 10.5, TextColor::Primary, &receipt.seller);
        for line in receipt.seller_address.lines() {
            self.lines(regular, 10.5, TextColor::Secondary, line);
        }
        self.y += 18.0;
        self.lines(regular, 10.5, TextColor::Secondary, "Bought by");
        self.lines(regular, 10.5, TextColor::Primary, &receipt.buyer_name);
        self.lines(regular, 10.5, TextColor::Primary, &receipt.buyer_email);
        self.lines(regular, 10.5, TextColor::Primary, &utc_minute(receipt.bought_at));
        self.y += 18.0;
        self.lines(semibold, 13.0, TextColor::Primary, &receipt.product.name);
        self.y += 8.0;
        for (label, amount, total) in receipt.rows() {
            if total {
                self.rule();
            }
            let font = if total { semibold } else { regular };
            let amount = amount.to_string();
            let amount_width = width(font, 10.5, &amount);
            for line in wrap(font, 10.5, &label, RIGHT - MARGIN - amount_width - 24.0) {
                self.y += 18.0;
                self.text(font, 10.5, TextColor::Primary, MARGIN, &line);
            }
            self.text(font, 10.5, TextColor::Primary, RIGHT - amount_width, &amount);
        }
        self.y += 16.0;
        self.lines(regular, 9.0, TextColor::Secondary, "All amounts in US dollars.");
    }

    /// Draws text from the left margin, in as many lines as it needs.
    fn lines(&mut self, font: &'static FontFace, size: f32, color: TextColor, text: &str) {
        for line in wrap(font, size, text, RIGHT - MARGIN) {
            self.y += size * 1.45;
            self.text(font, size, color, MARGIN, &line);
        }
    }

    fn text(&mut self, font: &'static FontFace, size: f32, color: TextColor, x: f32, text: &str) {
        self.set_color(color);
        self.surface.draw_text(Point::from_xy(x, self.y), font.0.clone(), size, text, false, TextDirection::Auto);
    }

    /// Draws a horizontal line.
    fn rule(&mut self) {
        self.y += 10.0;
        self.set_color(TextColor::Secondary);
        let mut path = PathBuilder::new();
        if let Some(rule) = Rect::from_xywh(MARGIN, self.y, RIGHT - MARGIN, 0.75) {
            path.push_rect(rule);
        }
        if let Some(path) = path.finish() {
            self.surface.draw_path(&path);
        }
    }

    fn set_color(&mut self, color: TextColor) {
        let color = match color {
            TextColor::Primary => rgb::Color::new(20, 18, 15),
            TextColor::Secondary => rgb::Color::new(96, 92, 84),
        };
        let fill = Fill { paint: color.into(), opacity: NormalizedF32::ONE, rule: FillRule::default() };
        self.surface.set_fill(Some(fill));
    }
}

/// Returns the width of a text without kerning, in points.
fn width((_, face): &FontFace, size: f32, text: &str) -> f32 {
    let advance = |char| face.glyph_index(char).and_then(|glyph| face.glyph_hor_advance(glyph)).unwrap_or(1000);
    text.chars().map(|char| f32::from(advance(char))).sum::<f32>() * size / f32::from(face.units_per_em())
}

/// Wraps a text into lines of at most `max_width` points, between words, and within a word that is wider than a line.
fn wrap(font: &FontFace, size: f32, text: &str, max_width: f32) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().map(|line| format!("{line} {word}")).unwrap_or_default();
        if width(font, size, line.trim_start()) <= max_width {
            lines.pop();
            lines.push(line.trim_start().to_owned());
            continue;
        }
        let mut part = String::new();
        for next in word.chars() {
            if width(font, size, &part) + width(font, size, next.encode_utf8(&mut [0; 4])) > max_width {
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
    fn any_name_fits_on_the_page() {
        let long = Receipt {
            buyer_name: "العربية 漢字 🦊 Ünï".into(),
            product: ProductDetails { name: "x".repeat(200), ..receipt().product },
            ..receipt()
        };
        assert!(write(&long).unwrap().starts_with(b"%PDF-"));
    }

    #[test]
    fn no_line_is_wider_than_the_maximum() {
        let font = &FONTS.as_ref().unwrap().regular;
        for text in ["one two three four five six seven", &"w".repeat(99), "a b", ""] {
            let lines = wrap(font, 10.0, text, 60.0);
            assert!(lines.iter().all(|line| width(font, 10.0, line) <= 60.0), "{lines:?}");
            assert_eq!(lines.concat().replace(' ', ""), text.replace(' ', ""), "no character is lost");
        }
    }
}
