//! SQL statements of the back office for products.

use sqlx::PgExecutor;

use crate::{
    id::{CourseId, ProductId},
    products::{CourseChoice, ProductForm, ProductRow, ProductStatus, Removal, input::ProductDraft},
};

/// Lists the products of any status whose name or slug contains `search`, newest first; `limit` and one more when another page
/// follows.
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

const fn removal(sold: bool, checkout_pending: bool) -> Removal {
    match (sold, checkout_pending) {
        (true, _) => Removal::Sold,
        (false, true) => Removal::CheckoutPending,
        (false, false) => Removal::Delete,
    }
}

/// Finds the form of a product, without courses; see [`list_choices`].
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

/// Lists the courses to choose from, at most a thousand: first those that the product contains, then by name.
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

/// A product whose row is locked until the transaction ends.
pub struct LockedProduct {
    pub version: i64,
    pub draft: ProductDraft,
}

/// Finds a product and locks its row until the transaction ends.
pub async fn lock(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<Option<LockedProduct>> {
    let row = sqlx::query!(
        r#"select version, name, slug, description, image_url, price_in_dollars, status as "status: ProductStatus", purchasing_power,
                  array(select cp.course_id from course_products cp where cp.product_id = products.id) as "courses!"
             from products where id = $1 for update"#,
        product.uuid()
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| LockedProduct {
        version: row.version,
        draft: ProductDraft {
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

/// Finds the name of the product that has this slug, except `product`.
pub async fn find_name_by_slug(
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

/// Lists the ids and names of those courses that exist.
pub async fn list_courses(db: impl PgExecutor<'_>, courses: &[CourseId]) -> sqlx::Result<Vec<(CourseId, String)>> {
    let ids: Vec<_> = courses.iter().map(|course| course.uuid()).collect();
    let rows =
        sqlx::query!("select id, name from courses where id = any ($1) order by name, id", &ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.name)).collect())
}

/// Inserts a product without courses.
pub async fn insert(db: impl PgExecutor<'_>, draft: &ProductDraft) -> sqlx::Result<ProductId> {
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

/// Updates a product without its courses.
pub async fn update(db: impl PgExecutor<'_>, product: ProductId, draft: &ProductDraft) -> sqlx::Result<()> {
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

/// Adds courses to a product. Trigger `course_products_add_to_purchases` gives its earlier buyers access.
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

/// Removes courses from a product. Its buyers keep access.
pub async fn remove_courses(db: impl PgExecutor<'_>, product: ProductId, courses: &[CourseId]) -> sqlx::Result<()> {
    let ids: Vec<_> = courses.iter().map(|course| course.uuid()).collect();
    sqlx::query!("delete from course_products where product_id = $1 and course_id = any ($2)", product.uuid(), &ids)
        .execute(db)
        .await
        .map(drop)
}

/// Decides what happens to a product that is removed. Its row must be locked.
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

/// Deletes the checkout attempts of a product.
pub async fn delete_attempts(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("delete from checkout_attempts where product_id = $1", product.uuid()).execute(db).await.map(drop)
}

/// Deletes a product that has no purchases.
pub async fn delete(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("delete from products where id = $1", product.uuid()).execute(db).await.map(drop)
}

/// Makes a product private.
pub async fn set_private(db: impl PgExecutor<'_>, product: ProductId) -> sqlx::Result<()> {
    sqlx::query!("update products set status = 'private' where id = $1", product.uuid()).execute(db).await.map(drop)
}
