//! Reading what was uploaded: nothing is believed, and little is kept of it.

use std::io::Cursor;

use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, error::LimitErrorKind};

use crate::pictures::{MAX_UPLOAD_BYTES, Refusal, avif, size::check_size};

/// The memory that decoding may take, in bytes: the most pixels, of eight bytes each.
const MAX_DECODE_BYTES: u64 = 400_000_000;

/// The picture in a file, upright, as nothing but pixels.
pub fn read(file: &[u8]) -> Result<DynamicImage, Refusal> {
    if file.len() > MAX_UPLOAD_BYTES {
        return Err(Refusal::Heavy);
    }
    if avif::is_avif(file) {
        return avif::read(file);
    }
    let Ok(format @ (ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP)) = image::guess_format(file) else {
        return Err(Refusal::Unknown);
    };
    if format == ImageFormat::Jpeg && !is_whole_jpeg(file) {
        return Err(Refusal::Broken);
    }
    let mut reader = ImageReader::with_format(Cursor::new(file), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODE_BYTES);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|error| refused(&error))?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    let orientation = decoder.orientation().map_err(|error| refused(&error))?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| refused(&error))?;
    picture.apply_orientation(orientation);
    Ok(picture)
}

fn refused(error: &ImageError) -> Refusal {
    tracing::info!(%error, "A picture could not be read");
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => Refusal::Unknown,
        ImageError::Unsupported(_) => Refusal::Unknown,
        _ => Refusal::Broken,
    }
}

/// Whether the pixels of a JPEG come to their end. The decoder fills what is missing with grey. Inside them FF is followed by
/// nothing but 00 and restart marks, so an end mark after their beginning is theirs; one in a preview before them is not.
/// <https://www.w3.org/Graphics/JPEG/itu-t81.pdf>, B.1.1
fn is_whole_jpeg(file: &[u8]) -> bool {
    let mut at = 2;
    while let Some(&[0xFF, mark, high, low]) = file.get(at..at + 4) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        if mark == 0xFF {
            at += 1;
            continue;
        }
        at += 2 + length;
        if mark == 0xDA {
            return file.get(at..).is_some_and(|pixels| pixels.windows(2).any(|pair| pair == [0xFF, 0xD9]));
        }
    }
    false
}
