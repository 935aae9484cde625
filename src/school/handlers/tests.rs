use sqlx::PgPool;

use crate::{
    boot::router::router,
    paths,
    school::api::GetSchoolForm,
    tests::fixtures::{self, Browser},
};

/// Browsers of a visitor, a student and an admin.
async fn browsers(db: &PgPool) -> [Browser; 3] {
    let (student, admin) = (fixtures::student(db, "student").await, fixtures::student(db, "admin").await);
    crate::users::queries::grant_admin(db, "admin@example.com").await.unwrap();
    let router = router(fixtures::state(db, "http://127.0.0.1:9").await);
    let cookies = [None, Some(fixtures::cookie(db, student).await), Some(fixtures::cookie(db, admin).await)];
    cookies.map(|cookie| Browser { router: router.clone(), cookie })
}

const NEW: &str = "name=Ink+School&tagline=Draw.&seller_name=Demo+instructor&seller_address=Street+1%0D%0ATown";

#[sqlx::test]
async fn the_school_is_written_by_admins(db: PgPool) {
    let [visitor, student, admin] = browsers(&db).await;
    for (browser, read, write) in [(&visitor, 401, 303), (&student, 403, 404), (&admin, 200, 303)] {
        assert_eq!(browser.call::<GetSchoolForm>("").await.status, read);
        assert_eq!(browser.post(paths::ADMIN_SCHOOL, &format!("{NEW}&version=1")).await.status, write);
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
    admin.post(paths::ADMIN_SCHOOL, &format!("{NEW}&version=1")).await;
    let page = student.get(&paths::receipt(receipt)).await.body;
    assert!(page.contains("Demo instructor") && page.contains("Street 1") && page.contains("Town"), "{page}");
}

#[sqlx::test]
async fn the_second_of_two_admins_is_told_and_what_is_wrong_comes_back(db: PgPool) {
    let [_, _, admin] = browsers(&db).await;
    let wrong = admin.post(paths::ADMIN_SCHOOL, "name=&tagline=Kept+words&version=1").await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.body.contains("Enter the school’s name.") && wrong.body.contains("Kept words"), "{}", wrong.body);
    assert_eq!(admin.post(paths::ADMIN_SCHOOL, &format!("{NEW}&version=1")).await.status, 303);
    let late = admin.post(paths::ADMIN_SCHOOL, "name=Late&version=1").await;
    assert_eq!(late.status, 409);
    assert!(late.body.contains("Another admin changed the school meanwhile") && late.body.contains(r#"value="Late""#));
    assert!(late.body.contains(r#"name="version" value="2""#), "saving again replaces theirs");
    assert_eq!(admin.post(paths::ADMIN_SCHOOL, "name=Late&version=2").await.status, 303);
}
