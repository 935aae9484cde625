//! Pictures that admins upload. A picture is checked, freed of metadata, resized to the widths that pages show, and stored in the
//! database, so that every server has it. Its URL is the hash of the file, so that it never changes.

#[cfg(feature = "ssr")]
mod avif;
#[cfg(feature = "ssr")]
mod decode;
#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
mod resize;
#[cfg(feature = "ssr")]
pub mod size;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests;

/// A larger file is rejected.
pub const MAX_UPLOAD_BYTES: usize = 8 * 1024 * 1024;

/// The media types that a file input offers.
pub const ACCEPTED_TYPES: &str = "image/png,image/jpeg,image/webp,image/avif";

/// Why a file is rejected, as a sentence for the person who uploaded it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    #[error("This picture is larger than 8 MB. Choose a smaller one.")]
    TooManyBytes,
    #[error("This file is not a supported picture. Choose a PNG, JPEG, WebP or AVIF file.")]
    UnsupportedFormat,
    #[error(
        "This picture has {width} × {height} pixels. The maximum is 12,000 on a side and 50 million in total. Make it smaller first."
    )]
    TooManyPixels { width: u32, height: u32 },
    #[error("This picture is damaged. Export it again, then upload the new file.")]
    Damaged,
}
