//! Limits on the dimensions of a picture.

use crate::pictures::PictureError;

/// The maximum of width and height.
const MAX_SIDE_PIXELS: u32 = 12_000;

/// The maximum of width times height.
const MAX_PIXELS: u64 = 50_000_000;

/// Checks the size of a picture before it is decoded, because a file of a few bytes can claim gigabytes.
pub fn check_size(width: u32, height: u32) -> Result<(), PictureError> {
    if width == 0 || height == 0 {
        return Err(PictureError::Damaged);
    }
    if width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PictureError::TooManyPixels { width, height });
    }
    Ok(())
}
