//! Making: a picture in the widths that pages show, each as small as it can be.

use fast_image_resize::{ResizeOptions, Resizer};
use image::DynamicImage;

use crate::{pictures::Refusal, ui::WIDTHS};

/// How much of a picture stays, of 100. More is not seen on a cover.
const QUALITY: f32 = 80.0;

/// A picture in one width.
pub struct Made {
    pub width: u32,
    pub height: u32,
    /// WebP.
    pub bytes: Vec<u8>,
}

/// The picture in each width, never larger than it is.
pub fn make(picture: &DynamicImage) -> Result<Vec<Made>, Refusal> {
    let picture = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.to_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.to_rgb8())
    };
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|width| *width <= picture.width()).collect();
    if widths.is_empty() {
        widths.push(picture.width());
    }
    widths.into_iter().map(|width| in_width(&picture, width)).collect()
}

fn in_width(picture: &DynamicImage, width: u32) -> Result<Made, Refusal> {
    let height = u64::from(picture.height()) * u64::from(width) / u64::from(picture.width());
    let height = u32::try_from(height.max(1)).map_err(|_| Refusal::Broken)?;
    let mut smaller = DynamicImage::new(width, height, picture.color());
    Resizer::new().resize(picture, &mut smaller, &ResizeOptions::new()).map_err(|error| {
        tracing::error!(%error, "A picture could not be made smaller");
        Refusal::Broken
    })?;
    let encoder = match &smaller {
        DynamicImage::ImageRgba8(pixels) => webp::Encoder::from_rgba(pixels, width, height),
        pixels => webp::Encoder::from_rgb(pixels.as_bytes(), width, height),
    };
    let bytes = encoder.encode_simple(false, QUALITY).map_err(|error| {
        tracing::error!(?error, "A picture could not be encoded");
        Refusal::Broken
    })?;
    Ok(Made { width, height, bytes: bytes.to_vec() })
}
