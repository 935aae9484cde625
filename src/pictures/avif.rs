//! Decoder for AVIF: one frame of AV1 video in an MP4 container. mp4-atom reads the container, rav1d (dav1d in Rust) decodes the
//! frame, and this module converts the colours.

use image::{DynamicImage, RgbImage, metadata::Orientation};
use mp4_atom::{Any, Atom, Decode, FourCC, Header, Iinf, Iloc, Iprp, Meta, Pitm};
use re_rav1d::dav1d::{
    Decoder, Picture, PixelLayout, PlanarImageComponent as Component, Plane, Settings,
    pixel::{MatrixCoefficients, YUVRange},
};

use crate::pictures::{PictureError, size::check_size};

/// Returns whether the brand or a compatible brand of a file is AVIF. ISO/IEC 14496-12, 4.3
pub fn is_avif(file: &[u8]) -> bool {
    let [a, b, c, d, b'f', b't', b'y', b'p', brands @ ..] = file else { return false };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let brands = &brands[..brands.len().min(length.saturating_sub(8)).min(256)];
    brands.chunks_exact(4).any(|brand| brand == b"avif" || brand == b"avis")
}

/// Decodes the picture in an AVIF file, without its transparency.
pub fn decode(file: &[u8]) -> Result<DynamicImage, PictureError> {
    let still = Still::find(file).ok_or(PictureError::Damaged)?;
    if still.kind != FourCC::new(b"av01") {
        return Err(PictureError::UnsupportedFormat);
    }
    check_size(still.width, still.height)?;
    let frame = decode_frame(still.data).ok_or(PictureError::Damaged)?;
    check_size(frame.width(), frame.height())?;
    let mut picture = DynamicImage::ImageRgb8(to_rgb(&frame).ok_or(PictureError::UnsupportedFormat)?);
    for orientation in still.orientations {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

/// The primary item of a file, not decoded yet.
struct Still {
    kind: FourCC,
    width: u32,
    height: u32,
    data: Vec<u8>,
    orientations: Vec<Orientation>,
}

impl Still {
    /// Finds the primary item; `None` when the container is damaged.
    fn find(file: &[u8]) -> Option<Self> {
        let meta = Meta::decode_body(&mut box_body(file, Meta::KIND)?).ok()?;
        let primary = meta.get::<Pitm>()?.item_id;
        let kind = meta.get::<Iinf>()?.item_infos.iter().find(|item| item.item_id == primary)?.item_type?;
        let location = meta.get::<Iloc>()?.item_locations.iter().find(|location| location.item_id == primary)?;
        if location.construction_method != 0 {
            return None;
        }
        let mut data = Vec::new();
        for extent in &location.extents {
            let start = usize::try_from(location.base_offset.checked_add(extent.offset)?).ok()?;
            let end = match usize::try_from(extent.length).ok()? {
                0 => file.len(),
                length => start.checked_add(length)?,
            };
            data.extend_from_slice(file.get(start..end)?);
            if data.len() > file.len() {
                return None;
            }
        }
        let properties = meta.get::<Iprp>()?;
        let of_primary =
            properties.ipma.iter().flat_map(|ipma| &ipma.item_properties).filter(|item| item.item_id == primary);
        let (mut size, mut orientations) = (None, Vec::new());
        for property in of_primary.flat_map(|item| &item.associations) {
            // Indices count from 1; 0 is no property.
            match properties.ipco.properties.get(usize::from(property.property_index).checked_sub(1)?)? {
                Any::Ispe(ispe) => size = Some((ispe.width, ispe.height)),
                Any::Irot(irot) => orientations.extend(rotation(irot.angle)),
                Any::Imir(imir) if imir.axis == 0 => orientations.push(Orientation::FlipVertical),
                Any::Imir(_) => orientations.push(Orientation::FlipHorizontal),
                _ => {}
            }
        }
        let (width, height) = size?;
        Some(Self { kind, width, height, data, orientations })
    }
}

/// Returns the body of the first box of a kind, among those at the top level.
fn box_body(file: &[u8], kind: FourCC) -> Option<&[u8]> {
    let mut rest = file;
    loop {
        let header = Header::decode(&mut rest).ok()?;
        let body = rest.get(..header.size.unwrap_or(rest.len()))?;
        if header.kind == kind {
            return Some(body);
        }
        rest = &rest[body.len()..];
    }
}

/// Returns a rotation in quarter turns, anticlockwise.
const fn rotation(angle: u8) -> Option<Orientation> {
    match angle & 3 {
        1 => Some(Orientation::Rotate270),
        2 => Some(Orientation::Rotate180),
        3 => Some(Orientation::Rotate90),
        _ => None,
    }
}

/// Decodes one frame of AV1.
fn decode_frame(data: Vec<u8>) -> Option<Picture> {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    // The maximum of `check_size`, rounded up to whole blocks. The size in the stream may differ from the one in the container.
    settings.set_frame_size_limit(51_000_000);
    let mut decoder = Decoder::with_settings(&settings).ok()?;
    match decoder.send_data(data, None, None, None) {
        Ok(()) => {}
        Err(error) if error.is_again() => {}
        Err(_) => return None,
    }
    decoder.get_picture().ok()
}

/// Converts a frame from YUV to RGB. Rec. ITU-T H.273, 8.3; coefficients in units of 1/65536.
fn to_rgb(frame: &Picture) -> Option<RgbImage> {
    let (red, green_blue, green_red, blue) = match frame.matrix_coefficients() {
        MatrixCoefficients::Identity => return to_rgb_directly(frame),
        MatrixCoefficients::BT709 => (103_206, 12_276, 30_679, 121_609),
        MatrixCoefficients::BT2020NonConstantLuminance => (96_639, 10_784, 37_444, 123_299),
        MatrixCoefficients::ST170M | MatrixCoefficients::BT470BG | MatrixCoefficients::Unspecified => {
            (91_881, 22_554, 46_802, 116_130)
        }
        _ => return None,
    };
    let limited = frame.color_range() == YUVRange::Limited;
    let (floor, bright, colour) = if limited { (16, 76_309, (255, 224)) } else { (0, 65_536, (1, 1)) };
    let [red, green_blue, green_red, blue] =
        [red, green_blue, green_red, blue].map(|part: i64| part * colour.0 / colour.1);
    let [y, u, v] = planes(frame)?;
    Some(RgbImage::from_fn(frame.width(), frame.height(), |column, row| {
        let light = (y.at(column, row) - floor) * bright + 32_768;
        let (u, v) = (u.at(column, row) - 128, v.at(column, row) - 128);
        image::Rgb(
            [light + red * v, light - green_blue * u - green_red * v, light + blue * u].map(|part| byte(part >> 16)),
        )
    }))
}

/// Converts a frame whose planes are green, blue and red.
fn to_rgb_directly(frame: &Picture) -> Option<RgbImage> {
    let [green, blue, red] = planes(frame)?;
    Some(RgbImage::from_fn(frame.width(), frame.height(), |column, row| {
        image::Rgb([&red, &green, &blue].map(|plane| byte(plane.at(column, row))))
    }))
}

fn byte(value: i64) -> u8 {
    u8::try_from(value.clamp(0, 255)).unwrap_or_default()
}

/// One plane of a frame, read in 256 steps.
struct PlaneReader {
    /// `None` for the colour planes of a monochrome frame.
    samples: Option<Plane>,
    /// Bytes from row to row.
    stride: usize,
    /// The binary logarithm of the subsampling of width and height.
    halved: (u32, u32),
    bits: usize,
}

impl PlaneReader {
    fn at(&self, column: u32, row: u32) -> i64 {
        let Some(samples) = &self.samples else { return 128 };
        let (column, row) = ((column >> self.halved.0) as usize, (row >> self.halved.1) as usize);
        let sample = |at: usize| samples.get(at).copied().unwrap_or_default();
        if self.bits == 8 {
            return sample(row * self.stride + column).into();
        }
        let at = row * self.stride + column * 2;
        i64::from(u16::from_ne_bytes([sample(at), sample(at + 1)]) >> (self.bits - 8))
    }
}

fn planes(frame: &Picture) -> Option<[PlaneReader; 3]> {
    let layout = frame.pixel_layout();
    let bits = frame.bits_per_component()?.0;
    let plane = |component, halved| PlaneReader {
        samples: (component == Component::Y || layout != PixelLayout::I400).then(|| frame.plane(component)),
        stride: frame.stride(component) as usize,
        halved,
        bits,
    };
    let halved = match layout {
        PixelLayout::I420 => (1, 1),
        PixelLayout::I422 => (1, 0),
        PixelLayout::I400 | PixelLayout::I444 => (0, 0),
    };
    Some([plane(Component::Y, (0, 0)), plane(Component::U, halved), plane(Component::V, halved)])
}
