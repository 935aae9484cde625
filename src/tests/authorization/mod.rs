//! Doors: what each address and each server function answers to whom, and when something is away. Only tests are here.

pub mod matrix;
pub mod walk;

use std::time::Duration;

use axum::{Router, body::Body, extract::Request};
use http_body_util::BodyExt;
use leptos::prelude::{Owner, provide_context};
use leptos_axum::ResponseOptions;
use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    id::{CourseId, LessonId, PurchaseId, UserId},
    learning::api::{GetCoursePage, GetLessonPage, MarkComplete},
    payments::attempt_queries as checkout,
    platform::{config, response},
    sandbox::{config::SandboxConfig, server},
    tests::fixtures::{self, Browser},
};

/// An address where nobody listens.
pub const UNREACHABLE_URL: &str = "http://127.0.0.1:9";
const VIDEO: &str = "aqz-KE-bpKQ";

/// A school with one course: a preview, a published and a private lesson, and a private section. `owner` bought it.
pub struct School {
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

impl School {
    pub async fn open(db: PgPool) -> Self {
        let course = fixtures::course(&db, "Course").await;
        let lessons = [("Preview", "preview"), ("Published", "public"), ("Private", "private")];
        let open = fixtures::section(&db, course, 0, "public", &lessons).await;
        let hidden = fixtures::section(&db, course, 1, "private", &[("Hidden", "preview")]).await;
        let product = fixtures::product(&db, "product", 60, &[course]).await;
        let owner = fixtures::student(&db, "owner").await;
        let other = fixtures::student(&db, "other").await;
        let admin = fixtures::student(&db, "admin").await;
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
        let receipt = fixtures::purchase(&db, owner, product).await;
        let router = router(fixtures::state(&db, UNREACHABLE_URL).await);
        let (preview, published, private, hidden) = (open[0], open[1], open[2], hidden[0]);
        Self { db, router, course, preview, published, private, hidden, receipt, owner, other, admin }
    }

    async fn browser(&self, who: &str) -> Browser {
        let user = match who {
            "visitor" => None,
            "owner" => Some(self.owner),
            "other" => Some(self.other),
            "admin" => Some(self.admin),
            who => panic!("who is {who}?"),
        };
        let cookie = match user {
            Some(user) => Some(fixtures::cookie(&self.db, user).await),
            None => None,
        };
        Browser { router: self.router.clone(), cookie }
    }
}

const WHO: [&str; 4] = ["visitor", "other", "owner", "admin"];

/// Who gets the video of a lesson: the page is there for visitor, student without access, student with access, admin as told.
#[sqlx::test]
async fn a_video_leaves_the_server_only_to_those_who_may_play_it(db: PgPool) {
    let school = School::open(db).await;
    let table = [
        (school.preview, [200, 200, 200, 200], "visitor other owner admin"),
        (school.published, [200, 200, 200, 200], "owner admin"),
        (school.private, [404, 404, 404, 200], "admin"),
        (school.hidden, [404, 404, 404, 200], "admin"),
    ];
    for (index, who) in WHO.into_iter().enumerate() {
        let browser = school.browser(who).await;
        for (lesson, statuses, players) in table {
            let page = browser.get(&crate::paths::lesson(school.course, lesson)).await;
            let call = browser.call::<GetLessonPage>(&format!("course={}&lesson={lesson}", school.course)).await;
            for answer in [page, call] {
                assert_eq!(answer.status, statuses[index], "{who} opens {lesson}");
                assert_eq!(answer.body.contains(VIDEO), players.contains(who), "{who} gets the video of {lesson}");
            }
        }
        let mark = format!("course={}&lesson={}&done=true", school.course, school.private);
        let statuses = [401, 404, 404, 403];
        assert_eq!(browser.call::<MarkComplete>(&mark).await.status, statuses[index], "{who} marks a private lesson");
    }
}

#[sqlx::test]
async fn what_is_no_id_or_no_address_is_not_found(db: PgPool) {
    let school = School::open(db).await;
    for who in WHO {
        let browser = school.browser(who).await;
        for path in ["/products/nothing", "/courses/not-an-id", "/nowhere"] {
            assert_eq!(browser.get(path).await.status, 404, "{who} opens {path}");
        }
        assert_eq!(browser.call::<GetCoursePage>("course=1").await.status, 404);
    }
}

#[sqlx::test]
async fn a_private_product_is_there_for_admins_only(db: PgPool) {
    let school = School::open(db).await;
    sqlx::query!("update products set status = 'private'").execute(&school.db).await.unwrap();
    for (who, status) in [("visitor", 404), ("other", 404), ("owner", 404), ("admin", 200)] {
        let browser = school.browser(who).await;
        assert_eq!(browser.get("/products/product").await.status, status, "{who}");
        if who != "admin" {
            assert_eq!(browser.post("/products/product/purchase", "").await.status, 404, "{who} buys");
        }
    }
    let owner = school.browser("owner").await;
    assert_eq!(owner.get(&crate::paths::course(school.course)).await.status, 200, "the owner keeps the course");
    assert_eq!(owner.get(&crate::paths::receipt(school.receipt)).await.status, 200, "and the receipt");
}

#[sqlx::test]
async fn a_product_is_found_by_its_id_and_led_to_its_name(db: PgPool) {
    let school = School::open(db).await;
    let id = sqlx::query_scalar!("select id from products").fetch_one(&school.db).await.unwrap();
    let answer = school.browser("visitor").await.get(&format!("/products/{id}")).await;
    assert_eq!((answer.status, answer.location.as_deref()), (302, Some("/products/product")));
}

#[sqlx::test]
async fn a_page_that_leads_elsewhere_is_a_redirect_whoever_asks(db: PgPool) {
    let school = School::open(db).await;
    let visitor = school.browser("visitor").await;
    for accept in ["text/html", "*/*"] {
        let request = Request::get("/products/product/purchase").header("accept", accept).body(Body::empty()).unwrap();
        let answer = visitor.send(request).await;
        let to = answer.location.as_deref();
        assert_eq!((answer.status, to), (302, Some("/sign-in?next=/products/product/purchase")), "accepts {accept}");
    }
}

#[sqlx::test]
async fn a_file_has_nothing_of_the_page_that_is_made_beside_it(db: PgPool) {
    let mut state = fixtures::state(&db, "http://127.0.0.1:1").await;
    state.leptos.site_root = "public".into();
    let visitor = Browser { router: router(state), cookie: None };
    // What Leptos leaves on a thread while it makes somebody's page there, which leads elsewhere.
    let page = Owner::new_root(None);
    let options = ResponseOptions::default();
    page.with(|| provide_context(options.clone()));
    options.insert_header(http::header::LOCATION, http::HeaderValue::from_static(crate::paths::COURSES));
    options.set_status(http::StatusCode::FOUND);
    for (path, status) in [("/favicon.svg", 200), ("/nothing.svg", 404), ("/fonts", 404), ("/../Cargo.toml", 404)] {
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.location), (status, None), "{path}");
    }
    assert!(visitor.get("/favicon.svg").await.body.starts_with("<svg"));
    assert!(visitor.get("/nothing.svg").await.body.contains("<h1"), "a page says that there is nothing");
}

#[sqlx::test]
async fn an_answer_that_takes_too_long_is_given_up(db: PgPool) {
    let school = School::open(db).await;
    let visitor = school.browser("visitor").await;
    let mut other = school.db.begin().await.unwrap();
    sqlx::query("lock table products in access exclusive mode").execute(&mut *other).await.unwrap();
    let mut page = Box::pin(visitor.get("/products/product"));
    // As long as it takes until the page waits for the database; then for half a minute.
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut page).await.is_err());
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = page.await;
    tokio::time::resume();
    assert!((28..=30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("Reference: "), "{}", answer.body);
    other.rollback().await.unwrap();
    assert_eq!(visitor.get("/products/product").await.status, 200);
}

#[sqlx::test]
async fn what_no_name_can_hold_is_not_found(db: PgPool) {
    let school = School::open(db).await;
    let student = school.browser("other").await;
    for path in ["/products/a%00b", "/products/%00/purchase", "/products/x/purchase/success?session=%00", "/?q=%00"] {
        assert_eq!(student.get(path).await.status, 404, "{path}");
    }
    assert_eq!(student.post("/products/%00/purchase", "").await.status, 404);
}

#[sqlx::test]
async fn a_payment_on_its_way_is_told_but_not_to_who_owns_it(db: PgPool) {
    let school = School::open(db).await;
    let product = sqlx::query_scalar!("select id from products").fetch_one(&school.db).await.unwrap();
    for (who, user, words) in
        [("other", school.other, "Your payment is on its way."), ("owner", school.owner, "You own this.")]
    {
        let attempt = fixtures::attempt(&school.db, user, product.into(), 6000).await;
        checkout::set_session(&school.db, attempt, &format!("cs_{who}"), "https://example.com").await.unwrap();
        checkout::set_submitted(&school.db, attempt).await.unwrap();
        let page = school.browser(who).await.get("/products/product").await;
        assert!(page.body.contains(words), "{who} reads: {words}");
        assert!(!page.body.contains("Buy for"), "and {who} is not asked to pay again");
    }
}

#[sqlx::test]
async fn stripe_away_is_told_and_the_button_works_again(db: PgPool) {
    let school = School::open(db).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let buyer = Browser {
        router: router(fixtures::state(&school.db, &address).await),
        cookie: Some(fixtures::cookie(&school.db, school.other).await),
    };
    let answer = buyer.post("/products/product/purchase", "").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("The payment service does not answer. Nothing was charged"));
    let attempts = || async {
        sqlx::query_scalar!(r#"select count(*) as "n!" from checkout_attempts where state = 'open'"#)
            .fetch_one(&school.db)
            .await
            .unwrap()
    };
    assert_eq!(attempts().await, 1, "the attempt stays");

    let listener = TcpListener::bind(address.trim_start_matches("http://")).await.unwrap();
    let stop = CancellationToken::new();
    let config = SandboxConfig {
        public_url: address.clone(),
        webhook_url: UNREACHABLE_URL.into(),
        webhook_secret: config::SANDBOX_WEBHOOK_SECRET.into(),
        secret_key: config::SANDBOX_SECRET_KEY.into(),
        state_file: None,
    };
    let sandbox = tokio::spawn(server::serve(listener, config, stop.clone()));
    let answer = buyer.post("/products/product/purchase", "").await;
    assert_eq!(answer.status, 303);
    assert!(answer.location.unwrap().starts_with(&address));
    assert_eq!(attempts().await, 1, "and is the one that is paid");
    stop.cancel();
    sandbox.await.unwrap().unwrap();
}

/// A way to the database that can be cut, and mended.
async fn cut_off(port: u16, upstream: String, cut: CancellationToken) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (mut near, _) =
            tokio::select! { () = cut.cancelled() => return, accepted = listener.accept() => accepted.unwrap() };
        let (upstream, cut) = (upstream.clone(), cut.clone());
        tokio::spawn(async move {
            let mut far = TcpStream::connect(upstream).await.unwrap();
            tokio::select! { () = cut.cancelled() => {}, _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {} }
        });
    }
}

#[sqlx::test]
async fn the_database_away_is_told_and_it_recovers_by_itself(db: PgPool) {
    let school = School::open(db).await;
    let options = school.db.connect_options();
    let upstream = format!("{}:{}", options.get_host(), options.get_port());
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let cut = CancellationToken::new();
    let way = tokio::spawn(cut_off(port, upstream.clone(), cut.clone()));
    let through = (*options).clone().host("127.0.0.1").port(port);
    let pool = sqlx::postgres::PgPoolOptions::new().acquire_timeout(Duration::from_secs(1));
    let pool = loop {
        match pool.clone().connect_with(through.clone()).await {
            Ok(pool) => break pool,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let cookie = fixtures::cookie(&school.db, school.owner).await;
    let visitor = Browser { router: router(fixtures::state(&pool, UNREACHABLE_URL).await), cookie: None };
    let owner = Browser { router: visitor.router.clone(), cookie: Some(cookie) };
    assert_eq!(visitor.get("/").await.status, 200);

    cut.cancel();
    way.await.unwrap();
    for browser in [&visitor, &owner] {
        let page = browser.get("/").await;
        assert_eq!(page.status, 503);
        assert!(page.body.contains("Try again"));
    }
    assert_eq!(visitor.get("/readyz").await.status, 503);
    assert_eq!(visitor.get("/healthz").await.status, 200);

    let mended = CancellationToken::new();
    let way = tokio::spawn(cut_off(port, upstream, mended.clone()));
    let mut answer = visitor.get("/readyz").await.status;
    for _ in 0..20 {
        if answer == 200 {
            break;
        }
        answer = visitor.get("/readyz").await.status;
    }
    assert_eq!(answer, 200);
    assert_eq!(owner.get("/courses").await.status, 200);
    mended.cancel();
    way.await.unwrap();
}

/// Secret, age in seconds, altered body, status.
#[sqlx::test]
async fn a_webhook_is_believed_only_when_signed(db: PgPool) {
    let school = School::open(db).await;
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
        assert_eq!(answer.status, status, "{secret}, {age} s old, altered by {altered:?}");
    }
    assert_eq!(browser.post(crate::paths::STRIPE_WEBHOOK, "{}").await.status, 400, "not signed at all");
    let kept = sqlx::query_scalar!("select detail from stripe_events order by id").fetch_all(&school.db).await.unwrap();
    assert_eq!(kept, ["unhandled_type", "unhandled_type"], "what is refused leaves nothing");
}

#[sqlx::test]
async fn a_visitors_page_is_kept_until_the_catalogue_changes(db: PgPool) {
    let school = School::open(db).await;
    let state = fixtures::state(&school.db, UNREACHABLE_URL).await;
    let stop = CancellationToken::new();
    let follower = tokio::spawn(crate::server::page_cache::invalidation::follow(state.clone(), stop.clone()));
    let visitor = Browser { router: router(state.clone()), cookie: None };
    let owner =
        Browser { router: visitor.router.clone(), cookie: Some(fixtures::cookie(&school.db, school.owner).await) };
    let page = || visitor.get("/products/product");
    while !state.page_cache.is_subscribed() {
        tokio::task::yield_now().await;
    }
    let (first, second) = (page().await, page().await);
    assert_eq!((first.status, second.status), (200, 200));
    let nonce = |answer: &fixtures::Answer| answer.body.split("nonce=\"").nth(1).unwrap()[..22].to_owned();
    let (one, two) = (nonce(&first), nonce(&second));
    assert_ne!(one, two, "every answer has a nonce of its own");
    assert_eq!(first.body.replace(&one, ""), second.body.replace(&two, ""));
    assert!(owner.get("/products/product").await.body.contains("You own this."), "and people see their own");
    assert!(!page().await.body.contains("You own this."));

    sqlx::query!("update products set name = 'Renamed'").execute(&school.db).await.unwrap();
    let renamed = async {
        while !page().await.body.contains("Renamed") {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), renamed)
        .await
        .expect("the change arrives before the page's time is over");
    stop.cancel();
    follower.await.unwrap();
}

#[sqlx::test]
async fn what_the_last_request_says_is_said_once_and_kept_for_nobody_else(db: PgPool) {
    let school = School::open(db).await;
    let state = fixtures::state(&school.db, UNREACHABLE_URL).await;
    state.page_cache.set_subscribed(true);
    let left = response::with_flash(response::see_other("/"), &state.config, "Saved <b>.");
    let left = left.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(left.contains("HttpOnly") && left.contains("SameSite=Lax") && left.contains("Max-Age=60"), "{left}");
    let flash = left.split(';').next().unwrap();
    let router = router(state);
    for (cookie, says) in [(None, false), (Some(flash), true), (None, false)] {
        let mut request = Request::get("/products/product").header("accept", "text/html");
        if let Some(cookie) = cookie {
            request = request.header("cookie", cookie);
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let forgets = response.headers().get("set-cookie").is_some_and(|c| c.to_str().unwrap().contains("Max-Age=0"));
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&body).into_owned();
        assert_eq!((body.contains("Saved &lt;b&gt;."), forgets), (says, says));
    }
    let request = Request::get("/products/product/purchase").header("cookie", flash).body(Body::empty()).unwrap();
    let response = router.oneshot(request).await.unwrap();
    assert!(
        response.status().is_redirection() && !response.headers().contains_key("set-cookie"),
        "a redirect passes it on"
    );
}

#[sqlx::test]
async fn an_address_with_a_slash_leads_to_the_one_without_and_one_that_is_too_long_is_none(db: PgPool) {
    let school = School::open(db).await;
    let visitor = school.browser("visitor").await;
    for (path, to) in [
        ("/products/product/", "/products/product"),
        ("/account/?a=b", "/account?a=b"),
        ("/nothing//", "/nothing"),
        ("//example.net/", "/"),
        ("/%2fexample.net/", "/%2fexample.net"),
    ] {
        let answer = visitor.get(path).await;
        assert_eq!((answer.status, answer.location.as_deref()), (303, Some(to)), "{path}");
    }
    for path in [format!("/{}", "a".repeat(300)), format!("/pkg/{}", "a/".repeat(3000))] {
        assert_eq!(visitor.get(&path).await.status, 404);
    }
}
