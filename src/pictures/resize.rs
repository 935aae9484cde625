//! Resizing of a picture to the widths that pages show, encoded as WebP.

use fast_image_resize::{ResizeOptions, Resizer};
use image::DynamicImage;

use crate::{pictures::PictureError, ui::WIDTHS};

/// The quality of WebP, from 0 to 100. On covers no difference to a higher one is visible.
const WEBP_QUALITY: f32 = 80.0;

/// A picture in one width.
pub struct ResizedPicture {
    pub width: u32,
    pub height: u32,
    /// WebP.
    pub bytes: Vec<u8>,
}

/// Returns the picture in each width of pages that is not larger than the picture; a smaller picture in its own width.
pub fn resize(picture: &DynamicImage) -> Result<Vec<ResizedPicture>, PictureError> {
    let picture = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.to_rgba8())
    } else {
        DynamicImage::ImageRgb8(picture.to_rgb8())
    };
    let mut widths: Vec<u32> = WIDTHS.into_iter().filter(|width| *width <= picture.width()).collect();
    if widths.is_empty() {
        widths.push(picture.width());
    }
    widths.into_iter().map(|width| resize_to(&picture, width)).collect()
}

fn resize_to(picture: &DynamicImage, width: u32) -> Result<ResizedPicture, PictureError> {
    let height = u64::from(picture.height()) * u64::from(width) / u64::from(picture.width());
    let height = u32::try_from(height.max(1)).map_err(|_| PictureError::Damaged)?;
    let mut smaller = DynamicImage::new(width, height, picture.color());
    Resizer::new().resize(picture, &mut smaller, &ResizeOptions::new()).map_err(|error| {
        tracing::error!(%error, "Could not resize a picture");
        PictureError::Damaged
    })?;
    let encoder = match &smaller {
        DynamicImage::ImageRgba8(pixels) => webp::Encoder::from_rgba(pixels, width, height),
        pixels => webp::Encoder::from_rgb(pixels.as_bytes(), width, height),
    };
    let bytes = encoder.encode_simple(false, WEBP_QUALITY).map_err(|error| {
        tracing::error!(?error, "Could not encode a picture");
        PictureError::Damaged
    })?;
    Ok(ResizedPicture { width, height, bytes: bytes.to_vec() })
}
