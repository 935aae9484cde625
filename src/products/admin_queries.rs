//! What the back office asks of the database about products.

use sqlx::PgExecutor;

use crate::{
    id::{CourseId, ProductId},
    products::{CourseChoice, ProductForm, ProductRow, ProductStatus, Removal, input::Draft},
};

/// Products of any status, newest first, whose name or address has the words; one more than `limit` when there are more.
pub async fn list(db: impl PgExecutor<'_>, search: &str, limit: i64, offset: i64) -> sqlx::Result<Vec<ProductRow>> {
    let rows = sqlx::query!(
        r#"select p.id, p.slug, p.name, p.image_url, p.price_in_dollars * 100 as "price!",
                  p.status as "status: ProductStatus",
                  (select count(*) from course_products cp where cp.product_id = p.id) as "courses!",
                  coalesce(s.live, 0) as "customers!", coalesce(s.purchases, 0) as "bought!",
                  case when coalesce(s.purchases, 0) > 0 then false
                       else exists (select from checkout_attempts a where a.product_id = p.id and attempt_may_be_paid(a))
                  end as "awaited!"
             from products p left join product_sales s on s.product_id = p.id
            where $1 = '' or position(lower($1) in lower(p.name || ' ' || p.slug)) > 0
            order by p.created_at desc, p.id desc
            limit $2::bigint + 1 offset $3"#,
        search,
        limit,
        offset,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ProductRow {
            id: row.id.into(),
            slug: row.slug,
            name: row.name,
            image_url: row.image_url,
            price: row.price.into(),
            status: row.status,
            courses: row.courses,
            customers: row.customers,
            bought: row.bought,
            removal: removal(row.bought > 0, row.awaited),
        })
        .collect())
}

const fn removal(sold: bool, awaited: bool) -> Removal {
    match (sold, awaited) {
        (true, _) => Removal::Sold,
        (false, true) => Removal::Awaited,
        (false, false) => Removal::Delete,
    }
}

/// A product to write; without courses, see [`list_choices`].
pub async fn find_form(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<Option<ProductForm>> {
    let row = sqlx::query!(
        r#"select p.id, p.version, p.name, p.slug, p.description, p.image_url, p.price_in_dollars,
                  p.status as "status: ProductStatus", p.purchasing_power, coalesce(s.purchases, 0) as "bought!"
             from products p left join product_sales s on s.product_id = p.id where p.id = $1"#,
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| ProductForm {
        id: Some(row.id.into()),
        version: row.version,
        name: row.name,
        slug: row.slug,
        description: row.description,
        image_url: row.image_url,
        dollars: row.price_in_dollars,
        status: row.status,
        purchasing_power: row.purchasing_power,
        bought: row.bought,
        courses: Vec::new(),
    }))
}

/// Every course to choose from: what the product contains first, then by name. Of very many courses, a thousand.
pub async fn list_choices(db: impl PgExecutor<'_>, product: Option<ProductId>) -> sqlx::Result<Vec<CourseChoice>> {
    sqlx::query_as!(
        CourseChoice,
        r#"select c.id, c.name, cp.product_id is not null as "chosen!"
             from courses c left join course_products cp on cp.course_id = c.id and cp.product_id = $1
            order by cp.product_id is null, c.name, c.id
            limit 1000"#,
        product.map(ProductId::uuid),
    )
    .fetch_all(db)
    .await
}

/// A product as it stands, held against everybody else who would change it.
pub struct Held {
    pub version: i64,
    pub draft: Draft,
}

pub async fn hold(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<Option<Held>> {
    let row = sqlx::query!(
        r#"select version, name, slug, description, image_url, price_in_dollars, status as "status: ProductStatus", purchasing_power,
                  array(select cp.course_id from course_products cp where cp.product_id = products.id) as "courses!"
             from products where id = $1 for update"#,
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| Held {
        version: row.version,
        draft: Draft {
            name: row.name,
            slug: row.slug,
            description: row.description,
            image_url: row.image_url,
            dollars: row.price_in_dollars,
            status: row.status,
            purchasing_power: row.purchasing_power,
            courses: row.courses.into_iter().map(CourseId::from).collect(),
        },
    }))
}

/// The name of the product that has this slug, unless it is `product`.
pub async fn find_name_of_slug(
    db: impl PgExecutor<'_>,
    slug: &str,
    product: Option<ProductId>,
) -> sqlx::Result<Option<String>> {
    sqlx::query_scalar!(
        "select name from products where slug = $1 and id is distinct from $2",
        slug,
        product.map(ProductId::uuid)
    )
    .fetch_optional(db)
    .await
}

/// Ids and names of those of the courses that are there.
pub async fn list_courses(db: impl PgExecutor<'_>, courses: &[CourseId]) -> sqlx::Result<Vec<(CourseId, String)>> {
    let ids: Vec<_> = courses.iter().map(|course| course.uuid()).collect();
    let rows =
        sqlx::query!("select id, name from courses where id = any ($1) order by name, id", &ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.name)).collect())
}

pub async fn insert(db: impl PgExecutor<'_>, draft: &Draft) -> sqlx::Result<ProductId> {
    sqlx::query_scalar!(
        "insert into products (name, slug, description, image_url, price_in_dollars, status, purchasing_power)
         values ($1, $2, $3, $4, $5, $6, $7) returning id",
        draft.name,
        draft.slug,
        draft.description,
        draft.image_url,
        draft.dollars,
        draft.status as ProductStatus,
        draft.purchasing_power,
    )
    .fetch_one(db)
    .await
    .map(ProductId::from)
}

pub async fn update(db: impl PgExecutor<'_>, product: ProductId, draft: &Draft) -> sqlx::Result<()> {
    sqlx::query!(
        "update products set name = $2, slug = $3, description = $4, image_url = $5, price_in_dollars = $6, status = $7,
                purchasing_power = $8
          where id = $1",
        product.uuid(),
        draft.name,
        draft.slug,
        draft.description,
        draft.image_url,
        draft.dollars,
        draft.status as ProductStatus,
        draft.purchasing_power,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Adds courses to a product. They reach its earlier buyers.
pub async fn add_courses(db: impl PgExecutor<'_>, product: ProductId, courses: &[CourseId]) -> sqlx::Result<()> {
    let ids: Vec<_> = courses.iter().map(|course| course.uuid()).collect();
    sqlx::query!(
        "insert into course_products (product_id, course_id) select $1, id from unnest($2::uuid[]) as id",
        product.uuid(),
        &ids,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Takes courses out of a product. They stay with its buyers.
pub async fn take_courses(db: impl PgExecutor<'_>, product: ProductId, courses: &[CourseId]) -> sqlx::Result<()> {
    let ids: Vec<_> = courses.iter().map(|course| course.uuid()).collect();
    sqlx::query!("delete from course_products where product_id = $1 and course_id = any ($2)", product.uuid(), &ids)
        .execute(db)
        .await
        .map(drop)
}

/// What deleting a product comes to. Ask while it is held.
pub async fn find_removal(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<Removal> {
    let row = sqlx::query!(
        r#"select exists (select from purchases where product_id = $1) as "sold!",
                  exists (select from checkout_attempts a where a.product_id = $1 and attempt_may_be_paid(a)) as "awaited!""#,
        product.uuid()
    )
    .fetch_one(db)
    .await?;
    Ok(removal(row.sold, row.awaited))
}

/// Forgets that somebody once looked at paying for a product.
pub async fn delete_attempts(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("delete from checkout_attempts where product_id = $1", product.uuid()).execute(db).await.map(drop)
}

pub async fn delete(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("delete from products where id = $1", product.uuid()).execute(db).await.map(drop)
}

pub async fn set_private(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("update products set status = 'private' where id = $1", product.uuid()).execute(db).await.map(drop)
}
