//! Inserts the demo school's name, courses and products.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::to_value;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::boot::seed::{
    courses::COURSES,
    ids::{Kind, id},
    products::{PRODUCTS, product_id},
};

const SCHOOL: &str = "Open Film School";
const TAGLINE: &str = "Short courses in story, light and sound, taught with films that belong to everyone.";

#[derive(Serialize)]
struct CourseRow {
    id: Uuid,
    name: &'static str,
    description: &'static str,
}

#[derive(Serialize)]
struct SectionRow {
    id: Uuid,
    name: &'static str,
    status: &'static str,
    order: usize,
    course_id: Uuid,
}

#[derive(Serialize)]
struct LessonRow {
    id: Uuid,
    name: &'static str,
    description: &'static str,
    youtube_video_id: &'static str,
    order: usize,
    status: &'static str,
    section_id: Uuid,
}

#[derive(Serialize)]
struct ProductRow {
    id: Uuid,
    slug: &'static str,
    name: &'static str,
    description: &'static str,
    image_url: &'static str,
    price_in_dollars: i32,
    /// The storefront shows the oldest first.
    place: usize,
}

#[derive(Serialize)]
struct ContainedRow {
    product_id: Uuid,
    course_id: Uuid,
}

pub const fn course_id(course: usize) -> Uuid {
    id(Kind::Course, course + 1)
}

/// Sets the school's name, unless it has one.
pub async fn name_school(db: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!(
        "update school set name = $1, tagline = $2 where name = 'Lectern' and tagline = 'Courses, taught well.'",
        SCHOOL,
        TAGLINE,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The school opened this long before `now`, in days: before its first student came.
const OPENED_DAYS_AGO: i32 = 380;

pub async fn write_courses(db: &mut PgConnection, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (mut courses, mut sections, mut lessons) = (Vec::new(), Vec::new(), Vec::new());
    for (c, course) in COURSES.iter().enumerate() {
        courses.push(CourseRow { id: course_id(c), name: course.name, description: course.description });
        for (s, section) in course.sections.iter().enumerate() {
            let section_number = (c + 1) * 100 + s + 1;
            let section_id = id(Kind::Section, section_number);
            let (name, status) = (section.name, section.status);
            sections.push(SectionRow { id: section_id, name, status, order: s, course_id: course_id(c) });
            for (l, lesson) in section.lessons.iter().enumerate() {
                lessons.push(LessonRow {
                    id: id(Kind::Lesson, section_number * 100 + l + 1),
                    name: lesson.name,
                    description: lesson.notes,
                    youtube_video_id: lesson.film,
                    order: l,
                    status: lesson.status,
                    section_id,
                });
            }
        }
    }
    sqlx::query!(
        "insert into courses (id, name, description, created_at, updated_at)
         select id, name, description, opened, opened
           from jsonb_to_recordset($1) as course (id uuid, name text, description text),
                lateral (select $2::timestamptz - make_interval(days => $3) as opened) era
         on conflict do nothing",
        to_value(courses)?,
        now,
        OPENED_DAYS_AGO,
    )
    .execute(&mut *db)
    .await?;
    // `order` is deferrable, which cannot arbitrate a conflict: the id does.
    sqlx::query!(
        r#"insert into course_sections (id, name, status, "order", course_id, created_at, updated_at)
           select id, name, status, "order", course_id, opened, opened
             from jsonb_to_recordset($1)
                    as section (id uuid, name text, status section_status, "order" integer, course_id uuid),
                  lateral (select $2::timestamptz - make_interval(days => $3) as opened) era
           on conflict (id) do nothing"#,
        to_value(sections)?,
        now,
        OPENED_DAYS_AGO,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"insert into lessons
             (id, name, description, youtube_video_id, "order", status, section_id, created_at, updated_at)
           select id, name, description, youtube_video_id, "order", status, section_id, opened, opened
             from jsonb_to_recordset($1)
                    as lesson (id uuid, name text, description text, youtube_video_id text, "order" integer,
                               status lesson_status, section_id uuid),
                  lateral (select $2::timestamptz - make_interval(days => $3) as opened) era
           on conflict (id) do nothing"#,
        to_value(lessons)?,
        now,
        OPENED_DAYS_AGO,
    )
    .execute(db)
    .await?;
    Ok(())
}

pub async fn write_products(db: &mut PgConnection, now: DateTime<Utc>) -> anyhow::Result<()> {
    let (mut products, mut contained) = (Vec::new(), Vec::new());
    for (place, product) in PRODUCTS.iter().enumerate() {
        products.push(ProductRow {
            id: product_id(place),
            slug: product.slug,
            name: product.name,
            description: product.description,
            image_url: product.image_url,
            price_in_dollars: product.price_in_dollars,
            place,
        });
        let product_id = product_id(place);
        contained.extend(product.courses.iter().map(|&c| ContainedRow { product_id, course_id: course_id(c) }));
    }
    sqlx::query!(
        "insert into products
           (id, slug, name, description, image_url, price_in_dollars, status, created_at, updated_at)
         select id, slug, name, description, image_url, price_in_dollars, 'public', opened, opened
           from jsonb_to_recordset($1)
                  as product (id uuid, slug text, name text, description text, image_url text,
                              price_in_dollars integer, place integer),
                lateral (select $2::timestamptz - make_interval(days => $3, mins => -place) as opened) era
         on conflict do nothing",
        to_value(products)?,
        now,
        OPENED_DAYS_AGO,
    )
    .execute(&mut *db)
    .await?;
    // A product whose slug was taken is not there.
    sqlx::query!(
        "insert into course_products (course_id, product_id, created_at, updated_at)
         select course_id, product_id, p.created_at, p.created_at
           from jsonb_to_recordset($1) as contained (product_id uuid, course_id uuid)
           join products p on p.id = product_id
         on conflict do nothing",
        to_value(contained)?,
    )
    .execute(db)
    .await?;
    Ok(())
}
