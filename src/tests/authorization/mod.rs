//! Authorization tests: the status of every route for a visitor, a student, a student who bought the course, and an admin.

pub mod matrix;
pub mod walk;

use axum::{Router, body::Body, extract::Request};
use sqlx::PgPool;

use crate::{
    boot::router::router,
    id::{CourseId, LessonId, PurchaseId, UserId},
    learning::api::{GetCoursePage, GetLessonPage, MarkComplete},
    payments::attempt_queries as checkout,
    tests::fixtures::{self, Browser},
};

const VIDEO: &str = "aqz-KE-bpKQ";

/// A school with one course: a preview, a published and a private lesson, and a private section. The student `owner` bought it, the
/// student `other` did not.
pub struct SchoolWithCourse {
    pub db: PgPool,
    pub router: Router,
    pub course: CourseId,
    pub preview: LessonId,
    pub published: LessonId,
    pub private: LessonId,
    pub hidden: LessonId,
    pub receipt: PurchaseId,
    pub owner: UserId,
    pub other: UserId,
    pub admin: UserId,
}

impl SchoolWithCourse {
    pub async fn open(db: PgPool) -> Self {
        let course = fixtures::course(&db, "Course").await;
        let lessons = [("Preview", "preview"), ("Published", "public"), ("Private", "private")];
        let open = fixtures::section(&db, course, 0, "public", &lessons).await;
        let hidden = fixtures::section(&db, course, 1, "private", &[("Hidden", "preview")]).await;
        let product = fixtures::product(&db, "product", 60, &[course]).await;
        let owner = fixtures::student(&db, "owner").await;
        let other = fixtures::student(&db, "other").await;
        let admin = fixtures::admin(&db, "admin").await.id;
        let receipt = fixtures::purchase(&db, owner, product).await;
        let router = router(fixtures::state(&db, fixtures::UNREACHABLE_URL).await);
        let (preview, published, private, hidden) = (open[0], open[1], open[2], hidden[0]);
        Self { db, router, course, preview, published, private, hidden, receipt, owner, other, admin }
    }

    /// A browser of one of [`ROLES`].
    pub async fn browser(&self, role: &str) -> Browser {
        let user = match role {
            "visitor" => None,
            "owner" => Some(self.owner),
            "other" => Some(self.other),
            "admin" => Some(self.admin),
            unknown => panic!("no role is called {unknown}"),
        };
        let cookie = match user {
            Some(user) => Some(fixtures::cookie(&self.db, user).await),
            None => None,
        };
        Browser { router: self.router.clone(), cookie }
    }
}

/// The roles of the matrix: `other` is a student without the course, `owner` a student who bought it.
const ROLES: [&str; 4] = ["visitor", "other", "owner", "admin"];

/// For each lesson: the status of its page for each of [`ROLES`], and the roles that get the id of its video.
#[sqlx::test]
async fn a_video_id_is_sent_only_to_viewers_who_may_watch_the_lesson(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let table = [
        (school.preview, [200, 200, 200, 200], "visitor other owner admin"),
        (school.published, [200, 200, 200, 200], "owner admin"),
        (school.private, [404, 404, 404, 200], "admin"),
        (school.hidden, [404, 404, 404, 200], "admin"),
    ];
    for (index, role) in ROLES.into_iter().enumerate() {
        let browser = school.browser(role).await;
        for (lesson, statuses, players) in table {
            let page = browser.get(&crate::paths::lesson(school.course, lesson)).await;
            let call = browser.call::<GetLessonPage>(&format!("course={}&lesson={lesson}", school.course)).await;
            for answer in [page, call] {
                assert_eq!(answer.status, statuses[index], "{role} opens {lesson}");
                assert_eq!(answer.body.contains(VIDEO), players.contains(role), "{role} gets the video of {lesson}");
            }
        }
        let mark = format!("course={}&lesson={}&done=true", school.course, school.private);
        let statuses = [401, 404, 404, 403];
        assert_eq!(browser.call::<MarkComplete>(&mark).await.status, statuses[index], "{role} marks a private lesson");
    }
}

#[sqlx::test]
async fn an_invalid_id_or_an_unknown_address_is_not_found(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    for role in ROLES {
        let browser = school.browser(role).await;
        for path in ["/products/nothing", "/courses/not-an-id", "/nowhere"] {
            assert_eq!(browser.get(path).await.status, 404, "{role} opens {path}");
        }
        assert_eq!(browser.call::<GetCoursePage>("course=1").await.status, 404);
    }
}

#[sqlx::test]
async fn only_admins_find_a_private_product(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    sqlx::query!("update products set status = 'private'").execute(&school.db).await.unwrap();
    for (role, status) in [("visitor", 404), ("other", 404), ("owner", 404), ("admin", 200)] {
        let browser = school.browser(role).await;
        assert_eq!(browser.get("/products/product").await.status, status, "{role}");
        if role != "admin" {
            assert_eq!(browser.post("/products/product/purchase", "").await.status, 404, "{role} buys");
        }
    }
    let owner = school.browser("owner").await;
    assert_eq!(owner.get(&crate::paths::course(school.course)).await.status, 200, "the owner keeps the course");
    assert_eq!(owner.get(&crate::paths::receipt(school.receipt)).await.status, 200, "and the receipt");
}

#[sqlx::test]
async fn the_id_of_a_product_redirects_to_its_slug(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let id = sqlx::query_scalar!("select id from products").fetch_one(&school.db).await.unwrap();
    let answer = school.browser("visitor").await.get(&format!("/products/{id}")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some("/products/product")));
}

#[sqlx::test]
async fn a_page_that_requires_sign_in_redirects_any_client(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let visitor = school.browser("visitor").await;
    for accept in ["text/html", "*/*"] {
        let request = Request::get("/products/product/purchase").header("accept", accept).body(Body::empty()).unwrap();
        let answer = visitor.send(request).await;
        let to = answer.location.as_deref();
        assert_eq!((answer.status, to), (302, Some("/sign-in?next=/products/product/purchase")), "accepts {accept}");
    }
}

#[sqlx::test]
async fn an_address_with_a_null_byte_is_not_found(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let student = school.browser("other").await;
    for path in ["/products/a%00b", "/products/%00/purchase", "/products/x/purchase/success?session=%00", "/?q=%00"] {
        assert_eq!(student.get(path).await.status, 404, "{path}");
    }
    assert_eq!(student.post("/products/%00/purchase", "").await.status, 404);
}

#[sqlx::test]
async fn a_pending_payment_is_shown_to_the_buyer_but_not_to_an_owner(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let product = sqlx::query_scalar!("select id from products").fetch_one(&school.db).await.unwrap();
    for (role, user, words) in
        [("other", school.other, "Your payment is being processed."), ("owner", school.owner, "You own this.")]
    {
        let attempt = fixtures::attempt(&school.db, user, product.into(), 6000).await;
        checkout::set_session(&school.db, attempt, &format!("cs_{role}"), "https://example.com").await.unwrap();
        checkout::set_submitted(&school.db, attempt).await.unwrap();
        let page = school.browser(role).await.get("/products/product").await;
        assert!(page.body.contains(words), "{role} reads: {words}");
        assert!(!page.body.contains("Buy for"), "and {role} is not asked to pay again");
    }
}

/// Secret, age in seconds, what is appended to the body, status.
#[sqlx::test]
async fn a_webhook_is_accepted_only_with_a_valid_signature(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let browser = school.browser("visitor").await;
    let table = [
        ("whsec_sandbox", 0, "", 200),
        ("whsec_sandbox", 290, "", 200),
        ("whsec_other", 0, "", 400),
        ("whsec_sandbox", 301, "", 400),
        ("whsec_sandbox", -310, "", 400),
        ("whsec_sandbox", 0, " ", 400),
    ];
    let now = crate::platform::clock::now().timestamp();
    for (n, (secret, age, altered, status)) in table.into_iter().enumerate() {
        let body =
            format!(r#"{{"id":"evt_{n}","type":"a.kind.of.tomorrow","created":1,"data":{{"object":{{"new":[]}}}}}}"#);
        let signature = stripe_webhook::Webhook::generate_test_header(&body, secret, Some(now - age));
        let request = Request::post(crate::paths::STRIPE_WEBHOOK).header("stripe-signature", signature);
        let answer = browser.send(request.body(Body::from(body + altered)).unwrap()).await;
        assert_eq!(answer.status, status, "{secret}, {age} s old, {altered:?} appended");
    }
    assert_eq!(browser.post(crate::paths::STRIPE_WEBHOOK, "{}").await.status, 400, "without a signature");
    let stored =
        sqlx::query_scalar!("select detail from stripe_events order by id").fetch_all(&school.db).await.unwrap();
    assert_eq!(stored, ["unhandled_type", "unhandled_type"], "a rejected event is not stored");
}
