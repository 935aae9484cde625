//! Coupons, through the door and in the database: what they take off, whose they are, and that their limits hold.

use chrono::TimeDelta;
use sqlx::PgPool;

use crate::{
    boot::router::router,
    coupons::{Discount, api::RemoveCoupon, input::Draft, policy::REFUSED, queries},
    id::{AttemptId, CouponId, ProductId, UserId},
    paths,
    payments::{AttemptState, attempt_queries as checkout},
    platform::clock,
    tests::fixtures::{self, Browser, refusals, utc},
};

const UNREACHABLE_URL: &str = "http://127.0.0.1:9";
const BUY: &str = "/products/light/purchase";

struct School {
    db: PgPool,
    product: ProductId,
    student: UserId,
    admin: UserId,
}

fn draft() -> Draft {
    Draft {
        code: "SPRING".into(),
        name: "Spring sale".into(),
        off: Discount::Percent(20),
        products: None,
        expires_at: None,
        most: None,
        each: Some(1),
        active: true,
    }
}

impl School {
    async fn open(db: PgPool) -> Self {
        let course = fixtures::course(&db, "Course").await;
        let product = fixtures::product(&db, "light", 60, &[course]).await;
        let student = fixtures::student(&db, "student").await;
        let admin = fixtures::student(&db, "admin").await;
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
        Self { db, product, student, admin }
    }

    async fn coupon(&self, draft: &Draft) -> CouponId {
        let coupon = queries::insert(&self.db, draft).await.unwrap();
        let products: Vec<_> = draft.products.iter().flatten().map(|product| product.uuid()).collect();
        queries::set_products(&self.db, coupon, &products).await.unwrap();
        coupon
    }

    async fn browser(&self, user: Option<UserId>) -> Browser {
        let cookie = match user {
            Some(user) => Some(fixtures::cookie(&self.db, user).await),
            None => None,
        };
        Browser { router: router(fixtures::state(&self.db, UNREACHABLE_URL).await), cookie }
    }

    /// Reserved and redeemed, as the coupon counts them, and as its rows do.
    async fn uses(&self) -> (i32, i32) {
        let row = sqlx::query!(
            r#"select c.reserved, c.redeemed,
                      (select count(*) from coupon_redemptions where state = 'reserved') as "h!",
                      (select count(*) from coupon_redemptions where state = 'redeemed') as "r!" from coupons c"#
        )
        .fetch_one(&self.db)
        .await
        .unwrap();
        assert_eq!(
            (i64::from(row.reserved), i64::from(row.redeemed)),
            (row.h, row.r),
            "the sums are what the rows add up to"
        );
        (row.reserved, row.redeemed)
    }

    /// The open attempt with a coupon.
    async fn attempt(&self) -> AttemptId {
        sqlx::query_scalar!(
            "select id from checkout_attempts where coupon_id is not null order by created_at desc limit 1"
        )
        .fetch_one(&self.db)
        .await
        .unwrap()
        .into()
    }

    /// What Stripe's word that it is paid does.
    async fn paid(&self, attempt: AttemptId, session: &str) -> bool {
        let mut tx = self.db.begin().await.unwrap();
        let locked = checkout::lock_attempt(&mut *tx, attempt).await.unwrap().unwrap();
        let intent = format!("pi_{session}");
        let purchase = checkout::insert_purchase(&mut *tx, &locked, Some(session), Some(&intent)).await.unwrap();
        checkout::set_state(&mut *tx, attempt, AttemptState::Paid).await.unwrap();
        tx.commit().await.unwrap();
        purchase.is_some()
    }
}

#[sqlx::test]
async fn a_code_is_applied_without_javascript_and_named_wherever_the_price_is(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&draft()).await;
    let (visitor, student) = (school.browser(None).await, school.browser(Some(school.student)).await);
    let page = visitor.get("/products/light?code=spring").await.body;
    for words in ["$48", "Coupon: Spring sale", "Your code counts.", "name=\"code\" value=\"spring\""] {
        assert!(page.contains(words), "{words}");
    }
    let sign_in = visitor.post(BUY, "code=spring").await.location.unwrap();
    assert_eq!(sign_in, "/sign-in?next=/products/light/purchase?code=spring", "and it is kept through signing in");
    let page = student.get("/products/light/purchase?code=spring").await.body;
    for words in ["Pay $48", "Coupon: Spring sale", "−$12"] {
        assert!(page.contains(words), "{words}");
    }
    assert!(student.get("/products/light/purchase").await.body.contains("Pay $60"));
    // Nobody listens at Stripe's address; the attempt is there.
    assert_eq!(student.post(BUY, "code=spring&price=1&amount=1&discount_percent=100").await.status, 503);
    let row = sqlx::query!("select amount_in_cents, discount_name, discount_percent, country from checkout_attempts");
    let row = row.fetch_one(&school.db).await.unwrap();
    assert_eq!((row.amount_in_cents, row.discount_name.as_deref()), (4800, Some("Coupon: Spring sale")));
    assert_eq!((row.discount_percent, row.country), (Some(20), None));
    assert_eq!(school.uses().await, (1, 0));
    assert_eq!(student.post(BUY, "code=SPRING").await.status, 503);
    assert_eq!(school.uses().await, (1, 0), "the same checkout is the same use");
}

#[sqlx::test]
async fn whatever_is_wrong_with_a_code_the_sentence_is_the_same_and_nothing_typed_is_lost(db: PgPool) {
    let school = School::open(db).await;
    let other = fixtures::product(&school.db, "other", 10, &[]).await;
    let ended = Some(utc("2020-01-01T00:00:00Z"));
    for coupon in [
        Draft { code: "ENDED".into(), expires_at: ended, ..draft() },
        Draft { code: "INACTIVE".into(), active: false, ..draft() },
        Draft { code: "ELSEWHERE".into(), products: Some(vec![other]), ..draft() },
        Draft { code: "TAKEN".into(), most: Some(1), ..draft() },
    ] {
        school.coupon(&coupon).await;
    }
    let somebody = fixtures::student(&school.db, "somebody").await;
    school.browser(Some(somebody)).await.post(BUY, "code=taken").await;
    let student = school.browser(Some(school.student)).await;
    let long = "X".repeat(5000);
    for typed in ["ENDED", "INACTIVE", "ELSEWHERE", "TAKEN", "UNKNOWN", "ab", "%00", "a%27--", "-1", &long] {
        for page in ["/products/light", BUY] {
            let answer = student.get(&format!("{page}?code={typed}")).await;
            assert_eq!(answer.status, 200, "{page} {typed}");
            assert!(answer.body.contains(REFUSED), "{page} {typed}");
            assert!(answer.body.contains("$60") && !answer.body.contains("$48"), "{page} {typed}");
        }
        let answer = student.post(BUY, &format!("code={typed}")).await;
        assert_eq!(answer.status, 422, "nobody pays more than the page said: {typed}");
        assert!(answer.body.contains(REFUSED), "{typed}");
    }
    assert!(student.post(BUY, "code=Unknown-7").await.body.contains("value=\"Unknown-7\""));
    let begun = sqlx::query_scalar!(r#"select count(*) as "n!" from checkout_attempts"#).fetch_one(&school.db).await;
    assert_eq!(begun.unwrap(), 1, "and nothing is half written");
}

#[sqlx::test]
async fn all_of_it_off_enrols_without_stripe(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { off: Discount::Percent(100), most: Some(1), ..draft() }).await;
    let student = school.browser(Some(school.student)).await;
    assert!(student.get("/products/light?code=SPRING").await.body.contains("Enrol for free"));
    let enrolled = student.post(BUY, "code=SPRING").await;
    assert_eq!(enrolled.status, 303);
    assert!(enrolled.location.unwrap().starts_with("/products/light/purchase/success"));
    let row = sqlx::query!("select price_paid_in_cents, subtotal_in_cents, discount_name from purchases");
    let row = row.fetch_one(&school.db).await.unwrap();
    assert_eq!((row.price_paid_in_cents, row.subtotal_in_cents), (0, 6000));
    assert_eq!(row.discount_name.as_deref(), Some("Coupon: Spring sale"));
    assert_eq!(school.uses().await, (0, 1));
    assert_eq!(fixtures::access(&school.db, school.student).await.len(), 1);
}

#[sqlx::test]
async fn fifty_at_once_for_the_last_one_are_one(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { off: Discount::Dollars(100), most: Some(1), ..draft() }).await;
    let mut buyers = Vec::new();
    for n in 0..50 {
        let student = fixtures::student(&school.db, &format!("student-{n}")).await;
        buyers.push(school.browser(Some(student)).await);
    }
    let all = buyers.into_iter().map(|buyer| tokio::spawn(async move { buyer.post(BUY, "code=SPRING").await.status }));
    let mut statuses: Vec<_> =
        futures::future::join_all(all.collect::<Vec<_>>()).await.into_iter().map(Result::unwrap).collect();
    statuses.sort_unstable();
    assert_eq!((statuses[0], statuses[1], statuses[49]), (303, 422, 422));
    assert_eq!(school.uses().await, (0, 1));
}

#[sqlx::test]
async fn fifty_at_once_who_only_begin_to_pay_hold_one(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { most: Some(3), ..draft() }).await;
    let mut buyers = Vec::new();
    for n in 0..50 {
        let student = fixtures::student(&school.db, &format!("student-{n}")).await;
        buyers.push(school.browser(Some(student)).await);
    }
    let all = buyers.into_iter().map(|buyer| tokio::spawn(async move { buyer.post(BUY, "code=SPRING").await.status }));
    let statuses = futures::future::join_all(all.collect::<Vec<_>>()).await;
    // Nobody listens at Stripe's address: 503 is who got as far as that.
    assert_eq!(statuses.into_iter().filter(|status| *status.as_ref().unwrap() == 503).count(), 3);
    assert_eq!(school.uses().await, (3, 0));
}

#[sqlx::test]
async fn a_student_uses_a_coupon_as_often_as_it_says(db: PgPool) {
    let school = School::open(db).await;
    fixtures::product(&school.db, "second", 60, &[]).await;
    school.coupon(&Draft { off: Discount::Percent(100), ..draft() }).await;
    let student = school.browser(Some(school.student)).await;
    let path = paths::purchase("second");
    let (one, two) = tokio::join!(student.post(BUY, "code=SPRING"), student.post(&path, "code=SPRING"));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422], "two products at once");
    assert_eq!(school.uses().await, (0, 1));
}

#[sqlx::test]
async fn an_attempt_that_ends_lets_its_coupon_go(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { most: Some(1), ..draft() }).await;
    let student = school.browser(Some(school.student)).await;
    for ending in [AttemptState::Expired, AttemptState::Failed] {
        assert_eq!(student.post(BUY, "code=SPRING").await.status, 503);
        assert_eq!(school.uses().await, (1, 0));
        checkout::set_state(&school.db, school.attempt().await, ending).await.unwrap();
        assert_eq!(school.uses().await, (0, 0));
    }
    student.post(BUY, "code=SPRING").await;
    let later = clock::now() + TimeDelta::days(1);
    assert_eq!(crate::prices::queries::expire_holding_attempts(&school.db, clock::now()).await.unwrap(), 0);
    assert_eq!(crate::prices::queries::expire_holding_attempts(&school.db, later).await.unwrap(), 1);
    assert_eq!(school.uses().await, (0, 0), "also when nobody tells of it");
}

#[sqlx::test]
async fn a_late_payment_is_honoured_even_when_the_last_one_went_to_another(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { most: Some(1), ..draft() }).await;
    school.browser(Some(school.student)).await.post(BUY, "code=SPRING").await;
    let late = school.attempt().await;
    checkout::set_state(&school.db, late, AttemptState::Expired).await.unwrap();
    let other = fixtures::student(&school.db, "other").await;
    school.browser(Some(other)).await.post(BUY, "code=SPRING").await;
    assert!(school.paid(school.attempt().await, "cs_1").await);
    assert_eq!(school.uses().await, (0, 1));
    assert!(school.paid(late, "cs_2").await);
    assert_eq!(school.uses().await, (0, 2), "and counted");
}

#[sqlx::test]
async fn a_price_that_changes_meanwhile_is_still_the_same_use(db: PgPool) {
    let school = School::open(db).await;
    school.coupon(&Draft { most: Some(1), ..draft() }).await;
    let student = school.browser(Some(school.student)).await;
    student.post(BUY, "code=SPRING").await;
    let first = school.attempt().await;
    sqlx::query!("update products set price_in_dollars = 80").execute(&school.db).await.unwrap();
    assert_eq!(student.post(BUY, "code=SPRING").await.status, 503, "another price is another attempt");
    assert_eq!(school.uses().await, (1, 0));
    checkout::set_state(&school.db, first, AttemptState::Expired).await.unwrap();
    assert_eq!(school.uses().await, (1, 0), "the newer one holds it now");
    assert!(school.paid(first, "cs_1").await);
    assert_eq!(school.uses().await, (0, 1), "and whichever is paid redeems it");
    let second = school.attempt().await;
    assert!(!school.paid(second, "cs_2").await, "the other one is a second payment, which goes back");
    assert_eq!(school.uses().await, (0, 1));
}

#[sqlx::test]
async fn the_database_refuses_one_too_many_by_itself(db: PgPool) {
    let school = School::open(db).await;
    let coupon = school.coupon(&Draft { most: Some(1), ..draft() }).await;
    let other = fixtures::student(&school.db, "other").await;
    let one = fixtures::attempt(&school.db, school.student, school.product, 1).await;
    let two = fixtures::attempt(&school.db, other, school.product, 1).await;
    queries::insert_hold(&school.db, coupon, school.student, school.product, one).await.unwrap();
    let refused = queries::insert_hold(&school.db, coupon, other, school.product, two).await.unwrap_err();
    assert!(crate::error::on_constraint(&refused, "coupons_within_limit"), "{refused}");
    sqlx::query!("update coupons set max_redemptions = null").execute(&school.db).await.unwrap();
    let second = fixtures::product(&school.db, "second", 60, &[]).await;
    let three = fixtures::attempt(&school.db, school.student, second, 1).await;
    let refused = queries::insert_hold(&school.db, coupon, school.student, second, three).await.unwrap_err();
    assert!(crate::error::on_constraint(&refused, "coupons_within_student_limit"), "{refused}");
}

#[sqlx::test]
async fn a_product_that_goes_does_not_open_its_coupon_to_all_others(db: PgPool) {
    let school = School::open(db).await;
    let other = fixtures::product(&school.db, "other", 10, &[]).await;
    school.coupon(&Draft { products: Some(vec![other]), ..draft() }).await;
    sqlx::query!("delete from products where id = $1", other.uuid()).execute(&school.db).await.unwrap();
    let student = school.browser(Some(school.student)).await;
    assert!(student.get("/products/light?code=SPRING").await.body.contains(REFUSED));
}

#[sqlx::test]
async fn an_admin_writes_coupons_without_javascript_and_nothing_typed_is_lost(db: PgPool) {
    let school = School::open(db).await;
    let (visitor, student) = (school.browser(None).await, school.browser(Some(school.student)).await);
    let admin = school.browser(Some(school.admin)).await;
    for page in [paths::ADMIN_COUPONS, paths::ADMIN_NEW_COUPON] {
        assert_eq!((visitor.get(page).await.status, student.get(page).await.status), (302, 404), "{page}");
    }
    assert!(admin.get(paths::ADMIN_COUPONS).await.body.contains("No coupons yet"));
    let new = paths::ADMIN_NEW_COUPON;
    assert_eq!((visitor.post(new, "").await.status, student.post(new, "").await.status), (303, 404));
    let refused = admin.post(new, "code=a+b&name=Kept+%26+safe&kind=percent&amount=101&most=x").await;
    assert_eq!(refused.status, 422);
    for words in [
        "Use 3 to 40 letters",
        "Enter a whole number from 1 to 100.",
        "Kept &amp; safe",
        "value=\"a b\"",
        "value=\"101\"",
    ] {
        assert!(refused.body.contains(words), "{words}");
    }
    let right = format!(
        "code=spring&name=Spring&kind=dollars&amount=15&most=50&each=1&active=on&expires=2090-03-31&products={}",
        school.product
    );
    assert_eq!(admin.post(new, &right).await.status, 303);
    let again = admin.post(new, &right.replace("spring", "Spring")).await;
    assert_eq!(again.status, 422);
    assert!(again.body.contains("Another coupon has this code. Choose another."), "whatever its case");
    let list = admin.get(paths::ADMIN_COUPONS).await.body;
    for words in ["SPRING", "$15 off", "0 of 50", "Active"] {
        assert!(list.contains(words), "{words}");
    }
    assert!(admin.get("/admin/coupons?q=nothing").await.body.contains("Nothing found"));
    assert!(admin.get("/admin/coupons?q=spri").await.body.contains("SPRING"));
    assert!(student.get("/products/light?code=SPRING").await.body.contains("$45"));

    let id: CouponId = sqlx::query_scalar!("select id from coupons").fetch_one(&school.db).await.unwrap().into();
    let edit = paths::edit_coupon(id);
    assert!(admin.get(&edit).await.body.contains("value=\"2090-03-31\""));
    assert_eq!(admin.post("/admin/coupons/1/edit", &right).await.status, 404);
    let off = "version=1&code=spring&name=Spring&kind=dollars&amount=20&each=2";
    assert_eq!(admin.post(&edit, off).await.status, 303);
    let stale = admin.post(&edit, off).await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("Another admin changed this coupon meanwhile."));
    assert!(student.get("/products/light?code=SPRING").await.body.contains(REFUSED));
    assert_eq!(
        fixtures::audit(&school.db).await[1..],
        [
            "coupon.create: Made the coupon SPRING: $15 off for “light”",
            "coupon.update: Changed the coupon SPRING: $15 off → $20 off, for “light” → for every product, \
             ends 2090-04-01 00:00:00 UTC → never, uses in all 50 → any, uses by a student 1 → 2, switched off",
        ]
    );
}

#[sqlx::test]
async fn only_a_coupon_that_was_never_used_is_deleted(db: PgPool) {
    let school = School::open(db).await;
    let coupon = school.coupon(&draft()).await;
    let (student, admin) = (school.browser(Some(school.student)).await, school.browser(Some(school.admin)).await);
    let remove = format!("coupon={coupon}");
    assert_eq!(student.call::<RemoveCoupon>(&remove).await.status, 403);
    student.post(BUY, "code=SPRING").await;
    assert!(admin.call::<RemoveCoupon>(&remove).await.body.contains("SwitchedOff"));
    assert!(student.get("/products/light?code=SPRING").await.body.contains(REFUSED));
    assert!(school.paid(school.attempt().await, "cs_1").await, "who was paying with it still can");
    let unused = school.coupon(&Draft { code: "UNUSED".into(), ..draft() }).await;
    assert!(admin.call::<RemoveCoupon>(&format!("coupon={unused}")).await.body.contains("Deleted"));
    assert_eq!(admin.call::<RemoveCoupon>(&format!("coupon={unused}")).await.status, 404);
    let audit = fixtures::audit(&school.db).await;
    assert_eq!(
        audit[1..],
        ["coupon.switch_off: Switched off the coupon SPRING", "coupon.delete: Deleted the coupon UNUSED"]
    );
}

#[sqlx::test]
async fn what_became_of_a_form_is_refused_by_the_database_too(db: PgPool) {
    let school = School::open(db).await;
    for wrong in [
        Draft { off: Discount::Percent(101), ..draft() },
        Draft { off: Discount::Percent(0), ..draft() },
        Draft { off: Discount::Dollars(-5), ..draft() },
        Draft { code: "spring".into(), ..draft() },
        Draft { most: Some(0), ..draft() },
        Draft { each: Some(-1), ..draft() },
    ] {
        assert!(queries::insert(&school.db, &wrong).await.is_err(), "{wrong:?}");
    }
    let coupon = Draft { products: Some(vec![uuid::Uuid::new_v4().into()]), ..draft() };
    let refused = crate::coupons::service::create(&school.db, school.admin, &coupon).await;
    assert_eq!(refusals(refused), [format!("products: {}", crate::coupons::input::GONE)]);
}
