//! Tests of the page and form of the school's settings.

use sqlx::PgPool;

use crate::{
    paths,
    school::api::GetSchoolForm,
    tests::fixtures::{self, Browser, TestApp},
};

/// Browsers of a visitor, a student and an admin.
async fn browsers(db: &PgPool) -> [Browser; 3] {
    TestApp::new(db).build().await.browsers().await
}

const VALID_FORM: &str = "name=Ink+School&tagline=Draw.&seller_name=Demo+instructor&seller_address=Street+1%0D%0ATown";

#[sqlx::test]
async fn only_admins_edit_the_school(db: PgPool) {
    let [visitor, student, admin] = browsers(&db).await;
    for (browser, read, write) in [(&visitor, 401, 303), (&student, 403, 404), (&admin, 200, 303)] {
        assert_eq!(browser.call::<GetSchoolForm>("").await.status, read);
        assert_eq!(browser.post(paths::ADMIN_SCHOOL, &format!("{VALID_FORM}&version=1")).await.status, write);
    }
    let home = visitor.get("/").await.body;
    assert!(home.contains("Ink School") && home.contains("Draw."), "{home}");
    let log = fixtures::audit(&db).await;
    assert!(log.last().unwrap().contains("name “Lectern” → “Ink School”"), "{log:?}");
    assert!(log.last().unwrap().contains("address nothing → “Street 1, Town”"), "{log:?}");
}

#[sqlx::test]
async fn a_receipt_names_the_seller(db: PgPool) {
    let [_, student, admin] = browsers(&db).await;
    let product = fixtures::product(&db, "product", 60, &[]).await;
    let buyer =
        sqlx::query_scalar!("select id from users where email = 'student@example.com'").fetch_one(&db).await.unwrap();
    let receipt = fixtures::purchase(&db, buyer.into(), product).await;
    admin.post(paths::ADMIN_SCHOOL, &format!("{VALID_FORM}&version=1")).await;
    let page = student.get(&paths::receipt(receipt)).await.body;
    assert!(page.contains("Demo instructor") && page.contains("Street 1") && page.contains("Town"), "{page}");
}

#[sqlx::test]
async fn the_later_of_two_admins_gets_a_conflict_and_invalid_input_comes_back(db: PgPool) {
    let [_, _, admin] = browsers(&db).await;
    let invalid = admin.post(paths::ADMIN_SCHOOL, "name=&tagline=A+tagline&version=1").await;
    assert_eq!(invalid.status, 422);
    assert!(
        invalid.body.contains("Enter the school’s name.") && invalid.body.contains("A tagline"),
        "{}",
        invalid.body
    );
    assert_eq!(admin.post(paths::ADMIN_SCHOOL, &format!("{VALID_FORM}&version=1")).await.status, 303);
    let stale = admin.post(paths::ADMIN_SCHOOL, "name=Late&version=1").await;
    assert_eq!(stale.status, 409);
    assert!(
        stale.body.contains("Another admin changed the school in the meantime")
            && stale.body.contains(r#"value="Late""#)
    );
    assert!(stale.body.contains(r#"name="version" value="2""#), "saving again replaces the other change");
    assert_eq!(admin.post(paths::ADMIN_SCHOOL, "name=Late&version=2").await.status, 303);
}
