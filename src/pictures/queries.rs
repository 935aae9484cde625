//! SQL statements for pictures.

use sqlx::PgExecutor;

use crate::pictures::resize::ResizedPicture;

/// Finds the largest stored width of a file, and marks the picture as used now, so that [`delete_unused`] leaves it for a day.
pub async fn touch(db: impl PgExecutor<'_>, hash: &str) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        "with found as (update pictures set updated_at = now() where hash = $1 returning width) select max(width) from found",
        hash
    )
    .fetch_one(db)
    .await
}

/// Inserts every width of a picture. A simultaneous upload of the same file inserts the same rows, so a conflict is no error.
pub async fn insert(db: impl PgExecutor<'_>, hash: &str, pictures: &[ResizedPicture]) -> sqlx::Result<()> {
    let int = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let widths: Vec<i32> = pictures.iter().map(|picture| int(picture.width)).collect();
    let heights: Vec<i32> = pictures.iter().map(|picture| int(picture.height)).collect();
    let bytes: Vec<Vec<u8>> = pictures.iter().map(|picture| picture.bytes.clone()).collect();
    sqlx::query!(
        "insert into pictures (hash, width, height, content_type, bytes)
         select $1, m.width, m.height, 'image/webp', m.bytes
           from unnest($2::int[], $3::int[], $4::bytea[]) as m (width, height, bytes)
         on conflict (hash, width) do update set updated_at = now()",
        hash,
        &widths,
        &heights,
        &bytes,
    )
    .execute(db)
    .await
    .map(drop)
}

/// Finds a picture in one width: its media type and its bytes.
pub async fn find(db: impl PgExecutor<'_>, hash: &str, width: i32) -> sqlx::Result<Option<(String, Vec<u8>)>> {
    let row = sqlx::query!("select content_type, bytes from pictures where hash = $1 and width = $2", hash, width)
        .fetch_optional(db)
        .await?;
    Ok(row.map(|row| (row.content_type, row.bytes)))
}

/// Deletes pictures that were not uploaded within a day and that no product, description, purchase or checkout attempt refers to.
pub async fn delete_unused(db: impl PgExecutor<'_>) -> sqlx::Result<u64> {
    sqlx::query!(
        "delete from pictures p
          where p.updated_at < now() - interval '1 day'
            and not exists (select from products s where position(p.hash in s.image_url || s.description) > 0)
            and not exists (select from courses c where position(p.hash in c.description) > 0)
            and not exists (select from lessons l where l.description like '%/pictures/%' and position(p.hash in l.description) > 0)
            and not exists (select from purchases b where b.product_details ->> 'image_url' like '/pictures/%'
                            and split_part(b.product_details ->> 'image_url', '/', 3) = p.hash)
            and not exists (select from checkout_attempts a where a.product_details ->> 'image_url' like '/pictures/%'
                            and split_part(a.product_details ->> 'image_url', '/', 3) = p.hash)"
    )
    .execute(db)
    .await
    .map(|done| done.rows_affected())
}
