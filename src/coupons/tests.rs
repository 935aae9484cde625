//! Tests of coupons, through pages and in the database: discounts, products, and limits of use.

use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    coupons::{Discount, api::RemoveCoupon, input::CouponDraft, policy::UNUSABLE_CODE, queries},
    id::{AttemptId, CouponId},
    paths,
    payments::{AttemptState, attempt_queries, purchase_queries},
    platform::clock,
    tests::fixtures::{self, TestApp, field_errors, utc},
};

const BUY: &str = "/products/light/purchase";

/// A school that sells the product `light` with one course for $60.
async fn open_school(db: &PgPool) -> TestApp {
    TestApp::new(db).with_course("Course").with_product("light", 60).build().await
}

fn draft() -> CouponDraft {
    CouponDraft {
        code: "SPRING".into(),
        name: "Spring sale".into(),
        discount: Discount::Percent(20),
        products: None,
        expires_at: None,
        max_redemptions: None,
        max_per_student: Some(1),
        active: true,
    }
}

impl TestApp {
    async fn insert_coupon(&self, draft: &CouponDraft) -> CouponId {
        let coupon = queries::insert(&self.db, draft).await.unwrap();
        let products: Vec<_> = draft.products.iter().flatten().map(|product| product.uuid()).collect();
        queries::update_products(&self.db, coupon, &products).await.unwrap();
        coupon
    }

    /// Reserved and redeemed uses of the only coupon. Checks that its counters equal its rows.
    async fn coupon_uses(&self) -> (i32, i32) {
        let row = sqlx::query!(
            r#"select c.reserved, c.redeemed,
                      (select count(*) from coupon_redemptions where state = 'reserved') as "h!",
                      (select count(*) from coupon_redemptions where state = 'redeemed') as "r!" from coupons c"#
        )
        .fetch_one(&self.db)
        .await
        .unwrap();
        assert_eq!((i64::from(row.reserved), i64::from(row.redeemed)), (row.h, row.r), "the counters equal the rows");
        (row.reserved, row.redeemed)
    }

    /// The latest attempt with a coupon.
    async fn coupon_attempt(&self) -> AttemptId {
        sqlx::query_scalar!(
            "select id from checkout_attempts where coupon_id is not null order by created_at desc limit 1"
        )
        .fetch_one(&self.db)
        .await
        .unwrap()
        .into()
    }

    /// Does what the event of a payment does. Returns whether there is a purchase.
    async fn pay_attempt(&self, attempt: AttemptId, session: &str) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let locked = attempt_queries::lock_attempt(&mut *tx, attempt).await.unwrap().unwrap();
        let intent = format!("pi_{session}");
        let purchase =
            purchase_queries::insert_purchase(&mut *tx, &locked, Some(session), Some(&intent)).await.unwrap();
        attempt_queries::set_state(&mut *tx, attempt, AttemptState::Paid).await.unwrap();
        tx.commit().await.unwrap();
        purchase.is_some()
    }
}

#[sqlx::test]
async fn a_code_is_applied_without_javascript_and_named_wherever_the_price_is(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&draft()).await;
    let (visitor, student) = (school.visitor(), school.student_browser().await);
    let page = visitor.get("/products/light?code=spring").await.body;
    for text in ["$48", "Coupon: Spring sale", "Your code is applied.", "name=\"code\" value=\"spring\""] {
        assert!(page.contains(text), "{text}");
    }
    let sign_in = visitor.post(BUY, "code=spring").await.location.unwrap();
    assert_eq!(sign_in, "/sign-in?next=/products/light/purchase?code=spring", "the code survives signing in");
    let page = student.get("/products/light/purchase?code=spring").await.body;
    for text in ["Pay $48", "Coupon: Spring sale", "−$12"] {
        assert!(page.contains(text), "{text}");
    }
    assert!(student.get("/products/light/purchase").await.body.contains("Pay $60"));
    // Stripe cannot be reached; the attempt is stored.
    assert_eq!(student.post(BUY, "code=spring&price=1&amount=1&discount_percent=100").await.status, 503);
    let row = sqlx::query!("select amount_in_cents, discount_name, discount_percent, country from checkout_attempts");
    let row = row.fetch_one(&school.db).await.unwrap();
    assert_eq!((row.amount_in_cents, row.discount_name.as_deref()), (4800, Some("Coupon: Spring sale")));
    assert_eq!((row.discount_percent, row.country), (Some(20), None));
    assert_eq!(school.coupon_uses().await, (1, 0));
    assert_eq!(student.post(BUY, "code=SPRING").await.status, 503);
    assert_eq!(school.coupon_uses().await, (1, 0), "the same checkout is one use");
}

#[sqlx::test]
async fn every_invalid_code_gets_the_same_sentence_and_no_input_is_lost(db: PgPool) {
    let school = open_school(&db).await;
    let other = fixtures::product(&school.db, "other", 10, &[]).await;
    let past = Some(utc("2020-01-01T00:00:00Z"));
    for coupon in [
        CouponDraft { code: "ENDED".into(), expires_at: past, ..draft() },
        CouponDraft { code: "INACTIVE".into(), active: false, ..draft() },
        CouponDraft { code: "ELSEWHERE".into(), products: Some(vec![other]), ..draft() },
        CouponDraft { code: "USED-UP".into(), max_redemptions: Some(1), ..draft() },
    ] {
        school.insert_coupon(&coupon).await;
    }
    let other_student = fixtures::student(&school.db, "other").await;
    school.browser(other_student).await.post(BUY, "code=used-up").await;
    let student = school.student_browser().await;
    let long = "X".repeat(5000);
    for typed in ["ENDED", "INACTIVE", "ELSEWHERE", "USED-UP", "UNKNOWN", "ab", "%00", "a%27--", "-1", &long] {
        for page in ["/products/light", BUY] {
            let answer = student.get(&format!("{page}?code={typed}")).await;
            assert_eq!(answer.status, 200, "{page} {typed}");
            assert!(answer.body.contains(UNUSABLE_CODE), "{page} {typed}");
            assert!(answer.body.contains("$60") && !answer.body.contains("$48"), "{page} {typed}");
        }
        let answer = student.post(BUY, &format!("code={typed}")).await;
        assert_eq!(answer.status, 422, "a checkout with an invalid code is rejected: {typed}");
        assert!(answer.body.contains(UNUSABLE_CODE), "{typed}");
    }
    assert!(student.post(BUY, "code=Unknown-7").await.body.contains("value=\"Unknown-7\""));
    let attempts = sqlx::query_scalar!(r#"select count(*) as "n!" from checkout_attempts"#).fetch_one(&school.db).await;
    assert_eq!(attempts.unwrap(), 1, "rejected forms store nothing");
}

#[sqlx::test]
async fn a_full_discount_enrols_without_stripe(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { discount: Discount::Percent(100), max_redemptions: Some(1), ..draft() }).await;
    let student = school.student_browser().await;
    assert!(student.get("/products/light?code=SPRING").await.body.contains("Enrol for free"));
    let enrolled = student.post(BUY, "code=SPRING").await;
    assert_eq!(enrolled.status, 303);
    assert!(enrolled.location.unwrap().starts_with("/products/light/purchase/success"));
    let row = sqlx::query!("select price_paid_in_cents, subtotal_in_cents, discount_name from purchases");
    let row = row.fetch_one(&school.db).await.unwrap();
    assert_eq!((row.price_paid_in_cents, row.subtotal_in_cents), (0, 6000));
    assert_eq!(row.discount_name.as_deref(), Some("Coupon: Spring sale"));
    assert_eq!(school.coupon_uses().await, (0, 1));
    assert_eq!(fixtures::access(&school.db, school.student).await.len(), 1);
}

#[sqlx::test]
async fn of_fifty_students_at_once_one_gets_the_last_use(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { discount: Discount::Dollars(100), max_redemptions: Some(1), ..draft() }).await;
    let mut buyers = Vec::new();
    for n in 0..50 {
        let student = fixtures::student(&school.db, &format!("student-{n}")).await;
        buyers.push(school.browser(student).await);
    }
    let all = buyers.into_iter().map(|buyer| tokio::spawn(async move { buyer.post(BUY, "code=SPRING").await.status }));
    let mut statuses: Vec<_> =
        futures::future::join_all(all.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[49]), (303, 422, 422));
    assert_eq!(school.coupon_uses().await, (0, 1));
}

#[sqlx::test]
async fn of_fifty_students_who_begin_to_pay_three_reserve_a_use(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { max_redemptions: Some(3), ..draft() }).await;
    let mut buyers = Vec::new();
    for n in 0..50 {
        let student = fixtures::student(&school.db, &format!("student-{n}")).await;
        buyers.push(school.browser(student).await);
    }
    let all = buyers.into_iter().map(|buyer| tokio::spawn(async move { buyer.post(BUY, "code=SPRING").await.status }));
    let statuses = futures::future::join_all(all.collect::<Vec<_>>()).await;
    // Stripe cannot be reached: those who reserved a use get 503.
    assert_eq!(statuses.into_iter().filter(|status| *status.as_ref().unwrap() == 503).count(), 3);
    assert_eq!(school.coupon_uses().await, (3, 0));
}

#[sqlx::test]
async fn a_student_uses_a_coupon_as_often_as_it_says(db: PgPool) {
    let school = open_school(&db).await;
    fixtures::product(&school.db, "second", 60, &[]).await;
    school.insert_coupon(&CouponDraft { discount: Discount::Percent(100), ..draft() }).await;
    let student = school.student_browser().await;
    let path = paths::purchase("second");
    let (one, two) = tokio::join!(student.post(BUY, "code=SPRING"), student.post(&path, "code=SPRING"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "two products at once");
    assert_eq!(school.coupon_uses().await, (0, 1));
}

#[sqlx::test]
async fn an_attempt_that_ends_releases_its_coupon(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { max_redemptions: Some(1), ..draft() }).await;
    let student = school.student_browser().await;
    for ending in [AttemptState::Expired, AttemptState::Failed] {
        assert_eq!(student.post(BUY, "code=SPRING").await.status, 503);
        assert_eq!(school.coupon_uses().await, (1, 0));
        attempt_queries::set_state(&school.db, school.coupon_attempt().await, ending).await.unwrap();
        assert_eq!(school.coupon_uses().await, (0, 0));
    }
    student.post(BUY, "code=SPRING").await;
    let later = clock::now() + TimeDelta::days(1);
    assert_eq!(crate::coupons::queries::expire_reserving_attempts(&school.db, clock::now()).await.unwrap(), 0);
    assert_eq!(crate::coupons::queries::expire_reserving_attempts(&school.db, later).await.unwrap(), 1);
    assert_eq!(school.coupon_uses().await, (0, 0), "even without an event of Stripe");
}

#[sqlx::test]
async fn a_late_payment_is_honoured_even_when_another_student_got_the_last_use(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { max_redemptions: Some(1), ..draft() }).await;
    school.student_browser().await.post(BUY, "code=SPRING").await;
    let late = school.coupon_attempt().await;
    attempt_queries::set_state(&school.db, late, AttemptState::Expired).await.unwrap();
    let other = fixtures::student(&school.db, "other").await;
    school.browser(other).await.post(BUY, "code=SPRING").await;
    assert!(school.pay_attempt(school.coupon_attempt().await, "cs_1").await);
    assert_eq!(school.coupon_uses().await, (0, 1));
    assert!(school.pay_attempt(late, "cs_2").await);
    assert_eq!(school.coupon_uses().await, (0, 2), "the late use is counted");
}

#[sqlx::test]
async fn a_price_that_changes_meanwhile_is_still_the_same_use(db: PgPool) {
    let school = open_school(&db).await;
    school.insert_coupon(&CouponDraft { max_redemptions: Some(1), ..draft() }).await;
    let student = school.student_browser().await;
    student.post(BUY, "code=SPRING").await;
    let first = school.coupon_attempt().await;
    sqlx::query!("update products set price_in_dollars = 80").execute(&school.db).await.unwrap();
    assert_eq!(student.post(BUY, "code=SPRING").await.status, 503, "another price is another attempt");
    assert_eq!(school.coupon_uses().await, (1, 0));
    attempt_queries::set_state(&school.db, first, AttemptState::Expired).await.unwrap();
    assert_eq!(school.coupon_uses().await, (1, 0), "the newer attempt has the reservation");
    assert!(school.pay_attempt(first, "cs_1").await);
    assert_eq!(school.coupon_uses().await, (0, 1), "any of the two attempts redeems the use");
    let second = school.coupon_attempt().await;
    assert!(!school.pay_attempt(second, "cs_2").await, "the other attempt is a second payment");
    assert_eq!(school.coupon_uses().await, (0, 1));
}

#[sqlx::test]
async fn the_database_enforces_coupon_limits(db: PgPool) {
    let school = open_school(&db).await;
    let coupon = school.insert_coupon(&CouponDraft { max_redemptions: Some(1), ..draft() }).await;
    let other = fixtures::student(&school.db, "other").await;
    let one = fixtures::attempt(&school.db, school.student, school.product("light"), 1).await;
    let two = fixtures::attempt(&school.db, other, school.product("light"), 1).await;
    queries::insert_reservation(&school.db, coupon, school.student, school.product("light"), one).await.unwrap();
    let error = queries::insert_reservation(&school.db, coupon, other, school.product("light"), two).await.unwrap_err();
    assert!(crate::error::on_constraint(&error, "coupons_within_limit"), "{error}");
    sqlx::query!("update coupons set max_redemptions = null").execute(&school.db).await.unwrap();
    let second = fixtures::product(&school.db, "second", 60, &[]).await;
    let three = fixtures::attempt(&school.db, school.student, second, 1).await;
    let error = queries::insert_reservation(&school.db, coupon, school.student, second, three).await.unwrap_err();
    assert!(crate::error::on_constraint(&error, "coupons_within_student_limit"), "{error}");
}

#[sqlx::test]
async fn deleting_a_product_does_not_extend_its_coupon_to_others(db: PgPool) {
    let school = open_school(&db).await;
    let other = fixtures::product(&school.db, "other", 10, &[]).await;
    school.insert_coupon(&CouponDraft { products: Some(vec![other]), ..draft() }).await;
    sqlx::query!("delete from products where id = $1", other.uuid()).execute(&school.db).await.unwrap();
    let student = school.student_browser().await;
    assert!(student.get("/products/light?code=SPRING").await.body.contains(UNUSABLE_CODE));
}

#[sqlx::test]
async fn an_admin_edits_coupons_without_javascript_and_loses_no_input(db: PgPool) {
    let school = open_school(&db).await;
    let (visitor, student) = (school.visitor(), school.student_browser().await);
    let admin = school.admin_browser().await;
    for page in [paths::ADMIN_COUPONS, paths::ADMIN_NEW_COUPON] {
        assert_eq!((visitor.get(page).await.status, student.get(page).await.status), (302, 404), "{page}");
    }
    assert!(admin.get(paths::ADMIN_COUPONS).await.body.contains("No coupons yet"));
    let new = paths::ADMIN_NEW_COUPON;
    assert_eq!((visitor.post(new, "").await.status, student.post(new, "").await.status), (303, 404));
    let invalid = admin.post(new, "code=a+b&name=Mine+%26+safe&kind=percent&amount=101&max_redemptions=x").await;
    assert_eq!(invalid.status, 422);
    for text in [
        "Use 3 to 40 letters",
        "Enter a whole number from 1 to 100.",
        "Mine &amp; safe",
        "value=\"a b\"",
        "value=\"101\"",
    ] {
        assert!(invalid.body.contains(text), "{text}");
    }
    let valid = format!(
        "code=spring&name=Spring&kind=dollars&amount=15&max_redemptions=50&max_per_student=1&active=on&expires=2090-03-31&products={}",
        school.product("light")
    );
    assert_eq!(admin.post(new, &valid).await.status, 303);
    let duplicate = admin.post(new, &valid.replace("spring", "Spring")).await;
    assert_eq!(duplicate.status, 422);
    assert!(duplicate.body.contains("Another coupon has this code. Choose another."), "codes are case-insensitive");
    let list = admin.get(paths::ADMIN_COUPONS).await.body;
    for text in ["SPRING", "$15 off", "0 of 50", "Active"] {
        assert!(list.contains(text), "{text}");
    }
    assert!(admin.get("/admin/coupons?q=nothing").await.body.contains("Nothing found"));
    assert!(admin.get("/admin/coupons?q=spri").await.body.contains("SPRING"));
    assert!(student.get("/products/light?code=SPRING").await.body.contains("$45"));

    let id: CouponId = sqlx::query_scalar!("select id from coupons").fetch_one(&school.db).await.unwrap().into();
    let edit = paths::edit_coupon(id);
    assert!(admin.get(&edit).await.body.contains("value=\"2090-03-31\""));
    assert_eq!(admin.post("/admin/coupons/1/edit", &valid).await.status, 404);
    let edited = "version=1&code=spring&name=Spring&kind=dollars&amount=20&max_per_student=2";
    assert_eq!(admin.post(&edit, edited).await.status, 303);
    let stale = admin.post(&edit, edited).await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("Another admin changed this coupon in the meantime."));
    assert!(student.get("/products/light?code=SPRING").await.body.contains(UNUSABLE_CODE));
    assert_eq!(
        fixtures::audit(&school.db).await[1..],
        [
            "coupon.create: Created the coupon SPRING: $15 off for “light”",
            "coupon.update: Changed the coupon SPRING: $15 off → $20 off, for “light” → for every product, \
             ends 2090-04-01 00:00:00 UTC → never, maximum uses 50 → unlimited, maximum uses per student 1 → 2, switched off",
        ]
    );
}

#[sqlx::test]
async fn only_a_coupon_that_was_never_used_is_deleted(db: PgPool) {
    let school = open_school(&db).await;
    let coupon = school.insert_coupon(&draft()).await;
    let (student, admin) = (school.student_browser().await, school.admin_browser().await);
    let remove = format!("coupon={coupon}");
    assert_eq!(student.call::<RemoveCoupon>(&remove).await.status, 403);
    student.post(BUY, "code=SPRING").await;
    assert!(admin.call::<RemoveCoupon>(&remove).await.body.contains("SwitchedOff"));
    assert!(student.get("/products/light?code=SPRING").await.body.contains(UNUSABLE_CODE));
    assert!(school.pay_attempt(school.coupon_attempt().await, "cs_1").await, "an open checkout can still be paid");
    let unused = school.insert_coupon(&CouponDraft { code: "UNUSED".into(), ..draft() }).await;
    assert!(admin.call::<RemoveCoupon>(&format!("coupon={unused}")).await.body.contains("Deleted"));
    assert_eq!(admin.call::<RemoveCoupon>(&format!("coupon={unused}")).await.status, 404);
    let audit = fixtures::audit(&school.db).await;
    assert_eq!(
        audit[1..],
        ["coupon.switch_off: Switched off the coupon SPRING", "coupon.delete: Deleted the coupon UNUSED"]
    );
}

#[sqlx::test]
async fn the_database_rejects_invalid_coupons_too(db: PgPool) {
    let school = open_school(&db).await;
    for invalid in [
        CouponDraft { discount: Discount::Percent(101), ..draft() },
        CouponDraft { discount: Discount::Percent(0), ..draft() },
        CouponDraft { discount: Discount::Dollars(-5), ..draft() },
        CouponDraft { code: "spring".into(), ..draft() },
        CouponDraft { max_redemptions: Some(0), ..draft() },
        CouponDraft { max_per_student: Some(-1), ..draft() },
    ] {
        assert!(queries::insert(&school.db, &invalid).await.is_err(), "{invalid:?}");
    }
    let coupon = CouponDraft { products: Some(vec![uuid::Uuid::new_v4().into()]), ..draft() };
    let result = crate::coupons::service::create(&school.db, school.admin().id, &coupon).await;
    assert_eq!(field_errors(result), [format!("products: {}", crate::coupons::input::PRODUCT_NOT_FOUND)]);
}
