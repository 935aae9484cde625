//! Pictures: what an admin uploads. Each is checked, freed of what it tells about its maker, made as small as the pages show it, and
//! kept in the database, so that every server has it. Its address is its content, so it never changes.

#[cfg(feature = "ssr")]
mod avif;
#[cfg(feature = "ssr")]
pub mod handlers;
#[cfg(feature = "ssr")]
mod make;
#[cfg(feature = "ssr")]
pub mod queries;
#[cfg(feature = "ssr")]
mod read;
#[cfg(feature = "ssr")]
pub mod size;
#[cfg(feature = "ssr")]
pub mod store;
#[cfg(feature = "ssr")]
#[cfg(test)]
mod tests;

/// The largest file that is taken, in bytes.
pub const MAX_UPLOAD_BYTES: usize = 8 * 1024 * 1024;

/// What a file field offers to choose.
pub const ACCEPTED_TYPES: &str = "image/png,image/jpeg,image/webp,image/avif";

/// Why a file is not taken, in a sentence for whoever chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("This picture is larger than 8 MB. Choose a smaller one.")]
    Heavy,
    #[error("This is no picture that we can read. Choose a PNG, JPEG, WebP or AVIF file.")]
    Unknown,
    #[error(
        "This picture has {width} × {height} pixels. The most is 12,000 on a side and 50 million in all; make it smaller first."
    )]
    Large { width: u32, height: u32 },
    #[error("This picture is damaged. Save it once more, then choose it again.")]
    Broken,
}
