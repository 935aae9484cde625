//! Decoding of uploaded files, with limits on bytes, pixels and memory. Metadata is dropped.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, error::LimitErrorKind};

use crate::pictures::{MAX_UPLOAD_BYTES, PictureError, avif, size::check_size};

/// The memory that a decoder may use: the maximum number of pixels, of eight bytes each.
const MAX_DECODE_BYTES: u64 = 400_000_000;

/// Decodes a file and rotates the picture upright.
pub fn decode(file: &[u8]) -> Result<DynamicImage, PictureError> {
    if file.len() > MAX_UPLOAD_BYTES {
        return Err(PictureError::TooManyBytes);
    }
    if avif::is_avif(file) {
        return avif::decode(file);
    }
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) = image::guess_format(file) else {
        return Err(PictureError::UnsupportedFormat);
    };
    if format == ImageFormat::Jpeg && !is_complete_jpeg(file) {
        return Err(PictureError::Damaged);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| picture_error(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let orientation = decoder.orientation().map_err(|error| picture_error(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| picture_error(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn picture_error(error: &ImageError) -> PictureError {
    tracing::info!(%error, "Could not decode a picture");
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            PictureError::UnsupportedFormat
        }
        ImageError::Unsupported(_) => PictureError::UnsupportedFormat,
        _ => PictureError::Damaged,
    }
}

/// Returns whether the image data of a JPEG has an end marker. The decoder fills missing data with grey. In image data FF is
/// followed by 00 or a restart marker only, so an end marker after its beginning belongs to it; one in an embedded preview does
/// not. <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, B.1.1
fn is_complete_jpeg(file: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, marker, high, low]) = file.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if marker == 0xFF {
            at += 1;
            continue;
        }
        at += 2 + length;
        if marker == 0xDA {
            return file.get(at..).is_some_and(|pixels| pixels.windows(2).any(|pair| pair == [0xFF, 0xD9]));
        }
    }
    false
}
