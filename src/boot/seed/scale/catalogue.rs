//! Inserts the courses and products of the school for measurements.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::boot::seed::{films, scale::sizes::Sizes};

/// Films that may be embedded anywhere, for the lessons.
const FILMS: [&str; 4] = [films::BIG_BUCK_BUNNY, films::SINTEL, films::SPRING, films::CHARGE];

/// Most sections and lessons are public; of ten sections the last one is still being written.
pub async fn write_courses(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into courses (id, name, description, created_at, updated_at)
         select md5('scale course ' || n)::uuid,
                (array['Drawing', 'Lighting', 'Editing', 'Sound', 'Writing', 'Rigging', 'Modelling', 'Colour'])[n % 8 + 1]
                  || ' ' || (array['for beginners', 'step by step', 'in practice', 'from life', 'for film'])[n % 5 + 1]
                  || ', course ' || lpad(n::text, 3, '0'),
                E'What you learn here.\n\n- to see\n- to choose\n- to finish', opened, opened
           from generate_series(1, $1::integer) n, lateral (select $2::timestamptz - make_interval(days => 1100 - n % 300) as opened) era",
        sizes.courses,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"insert into course_sections (id, name, status, "order", course_id, created_at, updated_at)
           select md5('scale section ' || c || ' ' || s)::uuid, 'Part ' || s,
                  (case when s % 10 = 0 then 'private' else 'public' end)::section_status, s - 1,
                  md5('scale course ' || c)::uuid, course.created_at, course.created_at
             from generate_series(1, $1::integer) c join courses course on course.id = md5('scale course ' || c)::uuid,
                  generate_series(1, $2::integer) s"#,
        sizes.courses,
        sizes.sections,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        r#"insert into lessons (id, name, description, youtube_video_id, "order", status, section_id, created_at, updated_at)
           select md5('scale lesson ' || c || ' ' || l)::uuid, 'Lesson ' || l || ' of course ' || lpad(c::text, 3, '0'),
                  E'Watch it once without the sound.\n\nThen **draw** what you remember.', ($4::text[])[l % cardinality($4::text[]) + 1],
                  (l - 1) / $3::integer,
                  (case when l = 1 then 'preview' when l % 17 = 0 then 'private' else 'public' end)::lesson_status,
                  section.id, section.created_at, section.created_at
             from generate_series(1, $1::integer) c cross join generate_series(1, $2::integer) l
             join course_sections section on section.id = md5('scale section ' || c || ' ' || (l - 1) % $3 + 1)::uuid"#,
        sizes.courses,
        sizes.lessons,
        sizes.sections,
        &FILMS.map(str::to_owned),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Four of five products are one course, the fifth is a bundle of some; one of twenty is free, one of twenty private.
pub async fn write_products(db: &mut PgConnection, sizes: Sizes, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        r#"insert into products (id, slug, name, description, image_url, price_in_dollars, status, created_at, updated_at)
           select md5('scale product ' || n)::uuid, 'scale-product-' || lpad(n::text, 4, '0'),
                  case when n % 5 = 0 then 'Bundle ' else 'Course in ' end
                    || (array['drawing', 'lighting', 'editing', 'sound', 'writing', 'rigging', 'modelling', 'colour'])[n % 8 + 1]
                    || ' no. ' || n,
                  'Learn it well, once, at your own pace.',
                  '/covers/' || (array['story', 'light', 'sound', 'school'])[n % 4 + 1] || '.svg',
                  case when n % 20 = 7 then 0 when n % 5 = 0 then 149 + n % 6 * 25 else 19 + n % 9 * 15 end,
                  (case when n % 20 = 11 then 'private' else 'public' end)::product_status, opened, opened
             from generate_series(1, $1::integer) n,
                  lateral (select $2::timestamptz - make_interval(days => 1100 - n % 300, mins => n) as opened) era"#,
        sizes.products,
        now,
    )
    .execute(&mut *db)
    .await?;
    sqlx::query!(
        "insert into course_products (course_id, product_id, created_at, updated_at)
         select md5('scale course ' || (n - 1 + k * 37) % $2::integer + 1)::uuid, p.id, p.created_at, p.created_at
           from generate_series(1, $1::integer) n join products p on p.id = md5('scale product ' || n)::uuid,
                generate_series(0, case when n % 5 = 0 then 2 + n % 3 else 0 end) k
         on conflict do nothing",
        sizes.products,
        sizes.courses,
    )
    .execute(db)
    .await?;
    Ok(())
}
