//! SQL statements for the storefront and the product pages.

use sqlx::{PgExecutor, types::Json};

use crate::{
    id::{ProductId, UserId},
    money::Cents,
    prices::{
        CouponResult, PriceQuote,
        policy::PppDiscount,
        quote::{self, Item},
    },
    products::{ProductCard, ProductCourse, ProductPage, ProductStatus, Resume},
};

/// Lists the public products whose name or description contains `search`, oldest first, priced with `ppp_discount`; `limit` and
/// one more when another page follows. Descriptions are Markdown, not shortened yet.
pub async fn list_public(
    db: impl PgExecutor<'_>,
    search: &str,
    ppp_discount: Option<&PppDiscount>,
    limit: i64,
    offset: i64,
) -> sqlx::Result<Vec<ProductCard>> {
    let rows = sqlx::query!(
        r#"select p.slug, p.name, p.description, p.image_url, p.price_in_dollars, p.purchasing_power,
                  (select count(*) from course_products cp where cp.product_id = p.id) as "courses!"
             from products p
            where p.status = 'public'
              and ($1 = '' or position(lower($1) in lower(p.name || ' ' || p.description)) > 0)
            order by p.created_at, p.id
            limit $2::bigint + 1 offset $3"#,
        search,
        limit,
        offset,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ProductCard {
            slug: row.slug,
            name: row.name,
            description: row.description,
            image_url: row.image_url,
            price: quote::list_price_for(Cents::from_dollars(row.price_in_dollars), row.purchasing_power, ppp_discount),
            courses: row.courses,
        })
        .collect())
}

/// Finds the course in which a user completed a lesson last, and the first lesson of it that is not completed.
pub async fn find_resume(db: impl PgExecutor<'_>, user: UserId) -> sqlx::Result<Option<Resume>> {
    sqlx::query_as!(
        Resume,
        r#"select c.id as course, c.name as course_name, next.id as "lesson!", next.name as "lesson_name!"
             from user_course_access a
             join courses c on c.id = a.course_id
             cross join lateral (
               select l.id, l.name
                 from curriculum_lessons l
                where l.course_id = c.id and l.is_published
                  and not exists (select from user_lesson_complete d where d.lesson_id = l.id and d.user_id = $1)
                order by l.section_order, l."order" limit 1) next
             left join lateral (
               select max(d.created_at) as at
                 from course_sections s join lessons l on l.section_id = s.id
                 join user_lesson_complete d on d.lesson_id = l.id and d.user_id = $1
                where s.course_id = c.id) last on true
            where a.user_id = $1
            order by last.at desc nulls last, a.created_at desc, c.id
            limit 1"#,
        user.uuid(),
    )
    .fetch_optional(db)
    .await
}

/// Finds a product of any status by its slug, with the published outlines of its courses and whether `user` owns it; and the item
/// to be priced, since the page has the list price only.
pub async fn find_page(
    db: impl PgExecutor<'_>,
    slug: &str,
    user: Option<UserId>,
) -> sqlx::Result<Option<(ProductPage, Item)>> {
    let row = sqlx::query!(
        r#"select p.id, p.slug, p.name, p.description, p.image_url, p.price_in_dollars, p.purchasing_power,
                  p.status as "status: ProductStatus",
                  exists (select from purchases b where b.user_id = $2 and b.product_id = p.id
                          and b.refunded_at is null) as "owned!",
                  (select a.stripe_session_id from checkout_attempts a where a.user_id = $2 and a.product_id = p.id
                    and a.state = 'open' and a.submitted_at is not null limit 1) as waiting,
                  coalesce((
                    select json_agg(json_build_object(
                             'id', c.id, 'name', c.name, 'description', c.description,
                             'access', exists (select from user_course_access a where a.user_id = $2 and a.course_id = c.id),
                             'sections', coalesce((
                               select json_agg(json_build_object(
                                        'id', s.id, 'name', s.name, 'status', s.status, 'lessons', (
                                          select coalesce(json_agg(json_build_object(
                                                   'id', l.id, 'name', l.name, 'status', l.status, 'done', false)
                                                   order by l."order"), '[]')
                                            from curriculum_lessons l where l.section_id = s.id and l.is_published))
                                        order by s."order")
                                 from curriculum_sections s where s.course_id = c.id and s.is_published), '[]'))
                             order by cp.created_at, c.name)
                      from course_products cp join courses c on c.id = cp.course_id
                     where cp.product_id = p.id), '[]') as "courses!: Json<Vec<ProductCourse>>"
             from products p
            where p.slug = $1"#,
        slug,
        user.map(UserId::uuid),
    )
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let list = Cents::from_dollars(row.price_in_dollars);
    let item = Item { product: row.id.into(), list, purchasing_power: row.purchasing_power };
    let page = ProductPage {
        id: row.id.into(),
        slug: row.slug,
        name: row.name,
        summary: String::new(),
        description: row.description,
        image_url: row.image_url,
        price: PriceQuote::full(list),
        code: CouponResult::default(),
        status: row.status,
        owned: row.owned,
        waiting: row.waiting,
        courses: row.courses.0,
    };
    Ok(Some((page, item)))
}

/// Finds the slug of an id, for links that contain the id.
pub async fn find_slug(db: impl PgExecutor<'_>, id: ProductId) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!("select slug from products where id = $1", id.uuid()).fetch_optional(db).await
}

/// Finds the current slug of the product that had `slug` before. A slug that another product has now leads to that product.
pub async fn find_current_slug(db: impl PgExecutor<'_>, slug: &str) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select p.slug from product_slugs s join products p on p.id = s.product_id where s.slug = $1",
        slug
    )
    .fetch_optional(db)
    .await
}

/// Lists the slugs of public products for the sitemap, oldest first.
pub async fn list_public_slugs(db: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<String>> {
    sqlx::query_scalar!("select slug from products where status = 'public' order by created_at, id limit $1", limit)
        .fetch_all(db)
        .await
}
