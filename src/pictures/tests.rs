//! Tests of uploaded pictures: decoding, resizing, storing, serving and deleting.

use std::{io::Cursor, time::Instant};

use axum::{body::Body, extract::Request};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use rstest::rstest;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    error::Error,
    pictures::{MAX_UPLOAD_BYTES, PictureError, decode::decode, queries, resize::resize, store::store},
    tests::fixtures,
};

/// Red on the left, blue on the right.
const AVIF: &[u8] = include_bytes!("red-blue.avif");

fn two_colours(width: u32, height: u32) -> DynamicImage {
    let side = |x, _| if x < width / 2 { Rgb([200, 30, 30]) } else { Rgb([30, 60, 200]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, side))
}

fn file(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// A PNG of a few bytes that claims a size, with a valid checksum.
fn decompression_bomb(width: u32, height: u32) -> Vec<u8> {
    let mut png = file(&two_colours(2, 2), ImageFormat::Png);
    png[16..20].copy_from_slice(&width.to_be_bytes());
    png[20..24].copy_from_slice(&height.to_be_bytes());
    let sum = png[12..29].iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 })
    });
    png[29..33].copy_from_slice(&(!sum).to_be_bytes());
    png
}

/// A photograph as a phone stores it: rotated, with metadata about who took it where.
fn photograph() -> Vec<u8> {
    let jpeg = file(&two_colours(64, 32), ImageFormat::Jpeg);
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
    exif.extend_from_slice(b"Taken at home by me");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &exif, &jpeg[2..]].concat()
}

fn is_close(pixel: Rgb<u8>, wanted: [u8; 3]) -> bool {
    pixel.0.iter().zip(wanted).all(|(is, wanted)| is.abs_diff(wanted) < 12)
}

#[rstest]
#[case::png(file(&two_colours(64, 48), ImageFormat::Png))]
#[case::jpeg(file(&two_colours(64, 48), ImageFormat::Jpeg))]
#[case::webp(file(&two_colours(64, 48), ImageFormat::WebP))]
#[case::avif(AVIF.to_vec())]
fn every_format_is_decoded_in_its_colours(#[case] file: Vec<u8>) {
    let picture = decode(&file).unwrap().to_rgb8();
    assert_eq!(picture.dimensions(), (64, 48));
    assert!(is_close(*picture.get_pixel(8, 24), [200, 30, 30]), "{:?}", picture.get_pixel(8, 24));
    assert!(is_close(*picture.get_pixel(56, 24), [30, 60, 200]), "{:?}", picture.get_pixel(56, 24));
}

#[rstest]
#[case::a_decompression_bomb(decompression_bomb(40_000, 40_000), PictureError::TooManyPixels { width: 40_000, height: 40_000 })]
#[case::too_many_pixels(decompression_bomb(10_000, 6000), PictureError::TooManyPixels { width: 10_000, height: 6000 })]
#[case::too_long(decompression_bomb(12_001, 1), PictureError::TooManyPixels { width: 12_001, height: 1 })]
#[case::claims_more_than_it_has(decompression_bomb(5000, 5000), PictureError::Damaged)]
#[case::an_svg_with_a_script(b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>".to_vec(), PictureError::UnsupportedFormat)]
#[case::html(b"<!DOCTYPE html><title>x</title>".to_vec(), PictureError::UnsupportedFormat)]
#[case::a_gif(b"GIF89a\x01\0\x01\0\0\0\0".to_vec(), PictureError::UnsupportedFormat)]
#[case::an_empty_file(Vec::new(), PictureError::UnsupportedFormat)]
#[case::half_a_jpeg(file(&two_colours(640, 480), ImageFormat::Jpeg)[..4000].to_vec(), PictureError::Damaged)]
#[case::half_a_png(file(&two_colours(64, 48), ImageFormat::Png)[..60].to_vec(), PictureError::Damaged)]
#[case::half_an_avif(AVIF[..AVIF.len() - 20].to_vec(), PictureError::Damaged)]
#[case::only_the_box_of_an_avif(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf".to_vec(), PictureError::Damaged)]
#[case::too_many_bytes(vec![0; MAX_UPLOAD_BYTES + 1], PictureError::TooManyBytes)]
fn a_file_that_is_not_a_supported_picture_is_rejected_within_two_seconds(
    #[case] file: Vec<u8>,
    #[case] error: PictureError,
) {
    let start = Instant::now();
    assert_eq!(decode(&file).map(|picture| picture.width()), Err(error));
    assert!(start.elapsed().as_secs() < 2);
}

/// An AVIF whose container claims a large size, and AVIFs with one wrong byte.
#[test]
fn a_damaged_avif_is_rejected_wherever_it_is_damaged() {
    let at = AVIF.windows(4).position(|kind| kind == b"ispe").unwrap();
    let mut large = AVIF.to_vec();
    large[at + 8..at + 12].copy_from_slice(&40_000_u32.to_be_bytes());
    assert!(matches!(decode(&large), Err(PictureError::TooManyPixels { width: 40_000, .. })));
    for at in 0..AVIF.len() {
        let mut damaged = AVIF.to_vec();
        damaged[at] ^= 0xFF;
        // Some of them are still pictures. The test is that decoding ends.
        drop(std::panic::catch_unwind(move || drop(decode(&damaged))));
    }
}

#[test]
fn a_photograph_is_rotated_upright_and_loses_its_metadata() {
    let photograph = photograph();
    let picture = decode(&photograph).unwrap();
    assert_eq!((picture.width(), picture.height()), (32, 64), "rotated by a quarter");
    let pictures = resize(&picture).unwrap();
    assert_eq!(pictures.len(), 1, "and not enlarged");
    assert!(!pictures[0].bytes.windows(4).any(|word| word == b"home"));
    assert!(!pictures[0].bytes.windows(4).any(|word| word == b"EXIF"));
    let picture = image::load_from_memory(&pictures[0].bytes).unwrap().to_rgb8();
    assert!(is_close(*picture.get_pixel(16, 8), [200, 30, 30]), "the left side is at the top");
}

#[rstest]
#[case(2000, 1000, &[(480, 240), (960, 480), (1440, 720)])]
#[case(1000, 500, &[(480, 240), (960, 480)])]
#[case(300, 200, &[(300, 200)])]
#[case(1440, 1, &[(480, 1), (960, 1), (1440, 1)])]
fn a_picture_is_resized_to_the_widths_that_are_not_larger(
    #[case] width: u32,
    #[case] height: u32,
    #[case] sizes: &[(u32, u32)],
) {
    let pictures = resize(&two_colours(width, height)).unwrap();
    assert_eq!(pictures.iter().map(|picture| (picture.width, picture.height)).collect::<Vec<_>>(), sizes);
    for picture in pictures {
        assert_eq!(image::load_from_memory(&picture.bytes).unwrap().width(), picture.width);
    }
}

#[sqlx::test]
async fn the_same_file_is_stored_once_and_cached_forever(db: PgPool) {
    let png = file(&two_colours(1000, 500), ImageFormat::Png);
    let first = store(&db, png.clone()).await.unwrap();
    assert_eq!(store(&db, png).await.unwrap(), first);
    assert!(first.ends_with("/960.webp"), "{first}");
    let rows = sqlx::query_scalar!(r#"select count(*) as "n!" from pictures"#).fetch_one(&db).await.unwrap();
    assert_eq!(rows, 2);

    let router = router(fixtures::state(&db, fixtures::UNREACHABLE_URL).await);
    let request = async |method: &str, path: &str| {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        router.clone().oneshot(request).await.unwrap()
    };
    let response = request("GET", &first).await;
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(header("content-type"), "image/webp");
    assert_eq!(header("cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header("x-content-type-options"), "nosniff");
    assert!(header("content-security-policy").starts_with("default-src 'none'"));
    assert_eq!(request("HEAD", &first).await.status(), 200);
    assert_eq!(request("POST", &first).await.status(), 405);
    for path in ["/pictures/00/960.webp", "/pictures/%00/960.webp", "/pictures/00/x.webp", "/pictures/00/960.png"] {
        let missing = request("GET", path).await;
        assert_eq!(missing.status(), 404, "{path}");
        assert!(!missing.headers().contains_key("cache-control"), "{path}");
    }
    assert_eq!(request("GET", &first.replace("960", "1440")).await.status(), 404, "the picture is not enlarged");
}

#[sqlx::test]
async fn a_rejected_file_is_not_stored(db: PgPool) {
    let Err(Error::Rejected(reason)) = store(&db, b"<svg/>".to_vec()).await else { panic!("the file was stored") };
    assert_eq!(reason, "This file is not a supported picture. Choose a PNG, JPEG, WebP or AVIF file.");
    let Err(Error::Rejected(reason)) = store(&db, vec![0; MAX_UPLOAD_BYTES + 1]).await else {
        panic!("the file was stored")
    };
    assert_eq!(reason, "This picture is larger than 8 MB. Choose a smaller one.");
    let rows = sqlx::query_scalar!(r#"select count(*) as "n!" from pictures"#).fetch_one(&db).await.unwrap();
    assert_eq!(rows, 0);
}

#[sqlx::test]
async fn pictures_without_a_reference_are_deleted_after_a_day(db: PgPool) {
    let mut stored = Vec::new();
    for width in [20, 21, 22, 23, 24] {
        stored.push(store(&db, file(&two_colours(width, 10), ImageFormat::Png)).await.unwrap());
    }
    let [in_product, in_purchase, in_attempt, in_description, unused] = &stored[..] else { unreachable!() };
    let product = fixtures::product(&db, "product", 60, &[]).await;
    let student = fixtures::student(&db, "student").await;
    let update_product = async |picture: &str, description: &str| {
        sqlx::query("update products set image_url = $1, description = $2")
            .bind(picture)
            .bind(description)
            .execute(&db)
            .await
            .unwrap();
    };
    update_product(in_attempt, "").await;
    fixtures::attempt(&db, student, product, 6000).await;
    update_product(in_product, &format!("![A drawing]({in_description})")).await;
    let purchase = fixtures::purchase(&db, student, product).await;
    sqlx::query("update purchases set product_details = product_details || jsonb_build_object('image_url', $1::text) where id = $2")
        .bind(in_purchase)
        .bind(purchase.uuid())
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(queries::delete_unused(&db).await.unwrap(), 0, "none is deleted on the same day");
    sqlx::raw_sql("alter table pictures disable trigger pictures_set_updated_at; update pictures set updated_at = now() - interval '25 hours'")
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(queries::delete_unused(&db).await.unwrap(), 1);
    let deleted = unused.split('/').nth(2).unwrap();
    let left = sqlx::query_scalar!("select hash from pictures").fetch_all(&db).await.unwrap();
    assert!(left.len() == 4 && !left.iter().any(|hash| hash == deleted));
}
