//! Limits on the dimensions of a picture.

use crate::pictures::Refusal;

/// The longest side, in pixels.
const MAX_SIDE_PIXELS: u32 = 12_000;

/// The most pixels in all.
const MAX_PIXELS: u64 = 50_000_000;

/// Whether a picture of this size is read at all. Asked before anything is unpacked: a file of a few bytes can claim gigabytes.
pub fn check_size(width: u32, height: u32) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::Broken);
    }
    if width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(Refusal::Large { width, height });
    }
    Ok(())
}
