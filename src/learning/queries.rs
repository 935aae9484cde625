//! SQL statements of learning: courses and lessons for a viewer, access, completions.

use sqlx::{PgExecutor, types::Json};

use crate::{
    courses::{
        Outline,
        lesson::{LessonStatus, SectionStatus, Visibility},
    },
    id::{CourseId, LessonId, UserId},
    learning::{MyCourse, NextLesson, Offer},
    money::Cents,
    prices::{policy::PppDiscount, quote},
};

/// Lists the courses that a user has access to, by name; `limit` and one more when another page follows.
pub async fn list_my_courses(
    db: impl PgExecutor<'_>,
    user: UserId,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<MyCourse>> {
    let rows = sqlx::query!(
        r#"select c.id, c.name, cover.image_url as "image_url?",
                  coalesce(count(l.*) filter (where l.done), 0) as "done!",
                  count(l.*) as "total!",
                  (array_agg(l.id order by l.done, l.number) filter (where l.id is not null))[1] as next_id,
                  (array_agg(l.number order by l.done, l.number) filter (where l.id is not null))[1] as next_number
             from (select a.course_id from user_course_access a join courses c on c.id = a.course_id
                    where a.user_id = $1 order by c.name, c.id limit $2::bigint + 1 offset $3) mine
             join courses c on c.id = mine.course_id
             left join lateral (
               select l.id, row_number() over (order by l.section_order, l."order") as number,
                      exists (select from user_lesson_complete d where d.user_id = $1 and d.lesson_id = l.id) as done
                 from curriculum_lessons l
                where l.course_id = c.id and l.is_published) l on true
             left join lateral (
               select p.image_url from course_products cp join products p on p.id = cp.product_id
                where cp.course_id = c.id
                order by (select count(*) from course_products x where x.product_id = p.id), p.created_at limit 1) cover on true
            group by c.id, c.name, cover.image_url
            order by c.name, c.id"#,
        user.uuid(),
        limit,
        offset,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| MyCourse {
            id: row.id.into(),
            name: row.name,
            image_url: row.image_url,
            done: row.done,
            total: row.total,
            next: row.next_id.zip(row.next_number).map(|(id, number)| NextLesson { id: id.into(), number }),
        })
        .collect())
}

/// Lists the products, by their names at the purchase, whose payment the user disputes. Access is paused.
pub async fn list_disputed_products(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!(
        r#"select product_details ->> 'name' as "name!" from purchases
            where user_id = $1 and paused_at is not null and refunded_at is null order by created_at"#,
        user.uuid()
    )
    .fetch_all(db)
    .await
}

/// A course with the outline that one viewer sees.
pub struct CourseFacts {
    pub name: String,
    pub description: String,
    pub has_access: bool,
    pub outline: Outline,
}

/// Finds a course, whether `user` has access, and its outline: with private sections and lessons for an admin, else without them.
pub async fn find_course(
    db: impl PgExecutor<'_>,
    course: CourseId,
    user: Option<UserId>,
    admin: bool,
) -> sqlx::Result<Option<CourseFacts>> {
    let row = sqlx::query!(
        r#"select c.name, c.description,
                  exists (select from user_course_access a where a.user_id = $2 and a.course_id = c.id) as "access!",
                  (select coalesce(json_agg(json_build_object(
                            'id', s.id, 'name', s.name, 'status', s.status, 'lessons', (
                              select coalesce(json_agg(json_build_object(
                                       'id', l.id, 'name', l.name, 'status', l.status,
                                       'done', exists (select from user_lesson_complete d
                                                        where d.user_id = $2 and d.lesson_id = l.id))
                                       order by l."order"), '[]')
                                from curriculum_lessons l where l.section_id = s.id and ($3 or l.is_published)))
                            order by s."order"), '[]')
                     from curriculum_sections s
                    where s.course_id = c.id and ($3 or s.is_published)) as "outline!: Json<Outline>"
             from courses c
            where c.id = $1"#,
        course.uuid(),
        user.map(UserId::uuid),
        admin,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| CourseFacts {
        name: row.name,
        description: row.description,
        has_access: row.access,
        outline: row.outline.0,
    }))
}

/// A lesson with its course and the product to buy.
pub struct LessonFacts {
    pub course: CourseFacts,
    pub name: String,
    pub notes: Option<String>,
    pub youtube_video_id: String,
    pub visibility: Visibility,
    pub offer: Option<Offer>,
}

/// Finds a course as [`find_course`] does, with one of its lessons and the cheapest public product that contains it, priced with
/// `ppp_discount`.
pub async fn find_lesson(
    db: impl PgExecutor<'_>,
    course: CourseId,
    lesson: LessonId,
    user: Option<UserId>,
    admin: bool,
    ppp_discount: Option<&PppDiscount>,
) -> sqlx::Result<Option<LessonFacts>> {
    let row = sqlx::query!(
        r#"select c.name as course_name, l.name, l.description, l.youtube_video_id,
                  l.status as "lesson_status: LessonStatus", s.status as "section_status: SectionStatus",
                  exists (select from user_course_access a where a.user_id = $3 and a.course_id = c.id) as "access!",
                  offer.slug as "offer_slug?", offer.name as "offer_name?", offer.price_in_dollars as "offer_price?", offer.purchasing_power as "offer_power?",
                  (select coalesce(json_agg(json_build_object(
                            'id', s.id, 'name', s.name, 'status', s.status, 'lessons', (
                              select coalesce(json_agg(json_build_object(
                                       'id', l.id, 'name', l.name, 'status', l.status,
                                       'done', exists (select from user_lesson_complete d
                                                        where d.user_id = $3 and d.lesson_id = l.id))
                                       order by l."order"), '[]')
                                from curriculum_lessons l where l.section_id = s.id and ($4 or l.is_published)))
                            order by s."order"), '[]')
                     from curriculum_sections s
                    where s.course_id = c.id and ($4 or s.is_published)) as "outline!: Json<Outline>"
             from lessons l
             join course_sections s on s.id = l.section_id
             join courses c on c.id = s.course_id
             left join lateral (
               select p.slug, p.name, p.price_in_dollars, p.purchasing_power
                 from course_products cp join products p on p.id = cp.product_id
                where cp.course_id = c.id and p.status = 'public'
                order by p.price_in_dollars, p.created_at limit 1) offer on true
            where c.id = $1 and l.id = $2"#,
        course.uuid(),
        lesson.uuid(),
        user.map(UserId::uuid),
        admin,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LessonFacts {
        name: row.name,
        notes: row.description,
        youtube_video_id: row.youtube_video_id,
        visibility: Visibility { section: row.section_status, lesson: row.lesson_status },
        offer: row.offer_price.zip(row.offer_power).and_then(|(dollars, purchasing_power)| {
            let price = quote::list_price_for(Cents::from_dollars(dollars), purchasing_power, ppp_discount);
            Some(Offer { slug: row.offer_slug?, name: row.offer_name?, price })
        }),
        course: CourseFacts {
            name: row.course_name,
            description: String::new(),
            has_access: row.access,
            outline: row.outline.0,
        },
    }))
}

/// Finds the statuses of a lesson and its section, and whether the user has access to its course.
pub async fn find_access(
    db: impl PgExecutor<'_>,
    course: CourseId,
    lesson: LessonId,
    user: UserId,
) -> sqlx::Result<Option<(Visibility, bool)>> {
    let row = sqlx::query!(
        r#"select l.status as "lesson: LessonStatus", s.status as "section: SectionStatus",
                  exists (select from user_course_access a where a.user_id = $3 and a.course_id = s.course_id) as "access!"
             from lessons l join course_sections s on s.id = l.section_id
            where s.course_id = $1 and l.id = $2"#,
        course.uuid(),
        lesson.uuid(),
        user.uuid(),
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| (Visibility { section: row.section, lesson: row.lesson }, row.access)))
}

/// Inserts a completion. A repetition keeps the date of the first.
pub async fn insert_completion(db: impl PgExecutor<'_>, user: UserId, lesson: LessonId) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into user_lesson_complete (user_id, lesson_id) values ($1, $2) on conflict do nothing",
        user.uuid(),
        lesson.uuid()
    )
    .execute(db)
    .await
    .map(drop)
}

/// Deletes a completion.
pub async fn delete_completion(db: impl PgExecutor<'_>, user: UserId, lesson: LessonId) -> sqlx::Result<()> {
    sqlx::query!("delete from user_lesson_complete where user_id = $1 and lesson_id = $2", user.uuid(), lesson.uuid())
        .execute(db)
        .await
        .map(drop)
}
