//! Access to courses is the union of live purchases and gifts. Triggers of the migrations maintain it.

use sqlx::PgPool;

use crate::tests::fixtures;

async fn refund(db: &PgPool, purchase: crate::id::PurchaseId) {
    sqlx::query!("update purchases set refunded_at = now() where id = $1", purchase.uuid()).execute(db).await.unwrap();
}

#[sqlx::test]
async fn access_is_the_union_of_live_purchases(db: PgPool) {
    let student = fixtures::student(&db, "student").await;
    let (a, b) = (fixtures::course(&db, "A").await, fixtures::course(&db, "B").await);
    let single = fixtures::product(&db, "single", 0, &[a]).await;
    let bundle = fixtures::product(&db, "bundle", 0, &[a, b]).await;
    let first = fixtures::purchase(&db, student, single).await;
    let second = fixtures::purchase(&db, student, bundle).await;
    assert_eq!(fixtures::access(&db, student).await, [a, b]);
    refund(&db, second).await;
    assert_eq!(fixtures::access(&db, student).await, [a], "the other purchase still contains it");
    refund(&db, first).await;
    assert_eq!(fixtures::access(&db, student).await, []);
}

#[sqlx::test]
async fn a_course_added_reaches_earlier_buyers_and_one_taken_out_stays(db: PgPool) {
    let student = fixtures::student(&db, "student").await;
    let (a, b) = (fixtures::course(&db, "A").await, fixtures::course(&db, "B").await);
    let product = fixtures::product(&db, "product", 0, &[a]).await;
    fixtures::purchase(&db, student, product).await;
    fixtures::contain(&db, product, b).await;
    assert_eq!(fixtures::access(&db, student).await, [a, b]);
    sqlx::query!("delete from course_products where course_id = $1", a.uuid()).execute(&db).await.unwrap();
    assert_eq!(fixtures::access(&db, student).await, [a, b]);
}

#[sqlx::test]
async fn a_gift_gives_access_until_it_is_taken_back(db: PgPool) {
    let student = fixtures::student(&db, "student").await;
    let a = fixtures::course(&db, "A").await;
    sqlx::query!("insert into course_gifts (user_id, course_id) values ($1, $2)", student.uuid(), a.uuid())
        .execute(&db)
        .await
        .unwrap();
    assert_eq!(fixtures::access(&db, student).await, [a]);
    sqlx::query!("delete from course_gifts").execute(&db).await.unwrap();
    assert_eq!(fixtures::access(&db, student).await, []);
}

#[sqlx::test]
async fn a_student_owns_a_product_once_until_it_is_refunded(db: PgPool) {
    let student = fixtures::student(&db, "student").await;
    let product = fixtures::product(&db, "product", 0, &[]).await;
    let first = fixtures::purchase(&db, student, product).await;
    let second = sqlx::query!(
        r#"insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id)
           values (0, 0, '{"name": "", "description": "", "image_url": ""}', $1, $2)"#,
        student.uuid(),
        product.uuid(),
    )
    .execute(&db)
    .await;
    assert!(crate::error::on_constraint(&second.unwrap_err(), "purchases_live_key"));
    refund(&db, first).await;
    fixtures::purchase(&db, student, product).await;
}

/// Of two transactions that change one student at once, neither overwrites the result of the other.
#[sqlx::test]
async fn buying_and_refunding_at_once_keeps_access_right(db: PgPool) {
    let student = fixtures::student(&db, "student").await;
    let a = fixtures::course(&db, "A").await;
    let (one, two) = (fixtures::product(&db, "one", 0, &[a]).await, fixtures::product(&db, "two", 0, &[a]).await);
    for _ in 0..20 {
        let first = fixtures::purchase(&db, student, one).await;
        tokio::join!(refund(&db, first), fixtures::purchase(&db, student, two));
        assert_eq!(fixtures::access(&db, student).await, [a]);
        sqlx::query!("update purchases set refunded_at = now() where refunded_at is null").execute(&db).await.unwrap();
        assert_eq!(fixtures::access(&db, student).await, []);
    }
}
