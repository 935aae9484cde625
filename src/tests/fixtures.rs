//! Fixtures of tests: a school in one line, and people, courses, products and purchases in a real database.
//!
//! [`TestApp`] is a school with a server; the functions insert single rows.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
};
use chrono::{DateTime, Utc};
use http_body_util::BodyExt;
use leptos::config::LeptosOptions;
use server_fn::ServerFn;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    boot::router::router,
    error::{Error, Result},
    id::{AttemptId, CourseId, LessonId, ProductId, PurchaseId, UserId},
    identity::authentication::Identity,
    platform::{
        config::{
            Config,
            client_ip::ClientIpConfig,
            stripe::{SANDBOX_SECRET_KEY, SANDBOX_WEBHOOK_SECRET},
        },
        http_client,
        smtp::Mailer,
    },
    sandbox::{self, config::SandboxConfig},
    server::{
        http::client_ip::ClientInfoResolver, page_cache::PageCache, rate_limit::RateLimits, school_cache::SchoolCache,
        state::AppState,
    },
    stripe::client::Stripe,
    users::{Role, User},
};

/// An address where nothing listens. A service that is configured with it cannot be reached.
pub const UNREACHABLE_URL: &str = "http://127.0.0.1:9";

/// A school under test: its server, a student, an admin, and the courses and products that the test names.
pub struct TestApp {
    pub db: PgPool,
    pub state: AppState,
    pub router: Router,
    pub student: UserId,
    admin: Option<User>,
    courses: Vec<(&'static str, CourseId)>,
    products: Vec<(&'static str, ProductId)>,
}

/// What a [`TestApp`] will have. By default Stripe cannot be reached, and emails stay in the outbox.
#[must_use]
pub struct TestAppBuilder<'a> {
    db: &'a PgPool,
    stripe: String,
    is_behind_proxy: bool,
    has_admin: bool,
    mailer: Mailer,
    courses: Vec<&'static str>,
    products: Vec<(&'static str, i32)>,
}

impl TestApp {
    #[expect(clippy::new_ret_no_self, reason = "a builder reads best when it starts with the name of what it builds")]
    pub fn new(db: &PgPool) -> TestAppBuilder<'_> {
        TestAppBuilder {
            db,
            stripe: UNREACHABLE_URL.into(),
            is_behind_proxy: false,
            has_admin: true,
            mailer: Mailer::Outbox,
            courses: Vec::new(),
            products: Vec::new(),
        }
    }

    pub fn admin(&self) -> &User {
        self.admin.as_ref().expect("the school was built without an admin")
    }

    pub fn course(&self, name: &str) -> CourseId {
        self.courses.iter().find(|(known, _)| *known == name).expect("the builder has this course").1
    }

    pub fn product(&self, slug: &str) -> ProductId {
        self.products.iter().find(|(known, _)| *known == slug).expect("the builder has this product").1
    }

    /// In the order in which they were named.
    pub fn courses(&self) -> Vec<CourseId> {
        self.courses.iter().map(|(_, course)| *course).collect()
    }

    pub fn visitor(&self) -> Browser {
        Browser { router: self.router.clone(), cookie: None }
    }

    /// A browser in which `user` is signed in.
    pub async fn browser(&self, user: UserId) -> Browser {
        Browser { router: self.router.clone(), cookie: Some(cookie(&self.db, user).await) }
    }

    pub async fn student_browser(&self) -> Browser {
        self.browser(self.student).await
    }

    pub async fn admin_browser(&self) -> Browser {
        self.browser(self.admin().id).await
    }

    /// Browsers of a visitor, the student and the admin.
    pub async fn browsers(&self) -> [Browser; 3] {
        [self.visitor(), self.student_browser().await, self.admin_browser().await]
    }
}

impl TestAppBuilder<'_> {
    pub fn with_course(mut self, name: &'static str) -> Self {
        self.courses.push(name);
        self
    }

    /// Adds a public product that contains every course of the builder.
    pub fn with_product(mut self, slug: &'static str, dollars: i32) -> Self {
        self.products.push((slug, dollars));
        self
    }

    /// Configures the address of Stripe's API.
    pub fn with_stripe(mut self, url: &str) -> Self {
        url.clone_into(&mut self.stripe);
        self
    }

    pub fn with_mailer(mut self, mailer: Mailer) -> Self {
        self.mailer = mailer;
        self
    }

    /// The server trusts [`PROXY`], which states the client's country in `x-country`.
    pub fn behind_proxy(mut self) -> Self {
        self.is_behind_proxy = true;
        self
    }

    pub fn without_admin(mut self) -> Self {
        self.has_admin = false;
        self
    }

    pub async fn build(self) -> TestApp {
        let db = self.db;
        let mut courses = Vec::new();
        for name in self.courses {
            courses.push((name, course(db, name).await));
        }
        let contained: Vec<_> = courses.iter().map(|(_, course)| *course).collect();
        let mut products = Vec::new();
        for (slug, dollars) in self.products {
            products.push((slug, product(db, slug, dollars, &contained).await));
        }
        let student = student(db, "student").await;
        let admin = if self.has_admin { Some(admin(db, "admin").await) } else { None };
        let mut state = state(db, &self.stripe).await;
        state.mailer = self.mailer;
        if self.is_behind_proxy {
            state.client_info = client_info_behind_proxy();
        }
        let router = router(state.clone());
        TestApp { db: db.clone(), state, router, student, admin, courses, products }
    }
}

/// Configuration of a Stripe sandbox at `url`, whose webhooks arrive nowhere.
pub fn sandbox_config(url: &str) -> SandboxConfig {
    SandboxConfig {
        public_url: url.to_owned(),
        webhook_url: UNREACHABLE_URL.into(),
        webhook_secret: SANDBOX_WEBHOOK_SECRET.into(),
        secret_key: SANDBOX_SECRET_KEY.into(),
        state_file: None,
    }
}

/// Runs a Stripe sandbox until the guard is dropped. Returns its address.
pub async fn run_sandbox() -> (String, DropGuard) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    tokio::spawn(sandbox::server::serve(listener, sandbox_config(&url), stop.clone()));
    (url, stop.drop_guard())
}

/// Parses a moment in the format of RFC 3339.
pub fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub async fn student(db: &PgPool, name: &str) -> UserId {
    let email = format!("{name}@example.com");
    crate::users::queries::insert(db, &format!("local_{name}"), &email, "Demo student", Role::User).await.unwrap()
}

pub async fn admin(db: &PgPool, name: &str) -> User {
    let (id, email) = (student(db, name).await, format!("{name}@example.com"));
    crate::users::queries::grant_admin(db, &email).await.unwrap();
    User { id, name: "Demo student".into(), email, role: Role::Admin }
}

/// A public product that contains `courses`.
pub async fn product(db: &PgPool, slug: &str, dollars: i32, courses: &[CourseId]) -> ProductId {
    let id = sqlx::query_scalar!(
        "insert into products (slug, name, description, image_url, price_in_dollars, status)
         values ($1, $1, '', '/covers/x.svg', $2, 'public') returning id",
        slug,
        dollars,
    )
    .fetch_one(db)
    .await
    .unwrap();
    for &course in courses {
        contain(db, id.into(), course).await;
    }
    id.into()
}

pub async fn contain(db: &PgPool, product: ProductId, course: CourseId) {
    sqlx::query!("insert into course_products (product_id, course_id) values ($1, $2)", product.uuid(), course.uuid())
        .execute(db)
        .await
        .unwrap();
}

pub async fn course(db: &PgPool, name: &str) -> CourseId {
    sqlx::query_scalar!("insert into courses (name, description) values ($1, '') returning id", name)
        .fetch_one(db)
        .await
        .unwrap()
        .into()
}

/// A section with its status, and lessons with theirs, in order.
pub async fn section(
    db: &PgPool,
    course: CourseId,
    order: i32,
    status: &str,
    lessons: &[(&str, &str)],
) -> Vec<LessonId> {
    let section: Uuid = sqlx::query_scalar(
        r#"insert into course_sections (course_id, name, "order", status) values ($1, 'Section', $2, $3::section_status)
           returning id"#,
    )
    .bind(course.uuid())
    .bind(order)
    .bind(status)
    .fetch_one(db)
    .await
    .unwrap();
    let mut ids = Vec::new();
    for (order, (name, status)) in (0..).zip(lessons) {
        let id: Uuid = sqlx::query_scalar(
            r#"insert into lessons (section_id, name, "order", status, youtube_video_id)
               values ($1, $2, $3, $4::lesson_status, 'aqz-KE-bpKQ') returning id"#,
        )
        .bind(section)
        .bind(name)
        .bind(order)
        .bind(status)
        .fetch_one(db)
        .await
        .unwrap();
        ids.push(id.into());
    }
    ids
}

/// An open attempt in the state in which checkout calls Stripe.
pub async fn attempt(db: &PgPool, user: UserId, product: ProductId, cents: i32) -> AttemptId {
    sqlx::query_scalar!(
        r#"insert into checkout_attempts (user_id, product_id, subtotal_in_cents, amount_in_cents, product_details, expires_at)
           select $1, p.id, $3, $3, jsonb_build_object('name', p.name, 'description', p.description,
                  'image_url', p.image_url, 'slug', p.slug), now() + interval '1 day'
             from products p where p.id = $2 returning id"#,
        user.uuid(),
        product.uuid(),
        cents,
    )
    .fetch_one(db)
    .await
    .unwrap()
    .into()
}

/// A purchase of 0 cents.
pub async fn purchase(db: &PgPool, user: UserId, product: ProductId) -> PurchaseId {
    sqlx::query_scalar!(
        r#"insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id)
           values (0, 0, '{"name": "", "description": "", "image_url": ""}', $1, $2) returning id"#,
        user.uuid(),
        product.uuid(),
    )
    .fetch_one(db)
    .await
    .unwrap()
    .into()
}

/// The courses that a user has access to, by name.
pub async fn access(db: &PgPool, user: UserId) -> Vec<CourseId> {
    let ids = sqlx::query_scalar!(
        "select a.course_id from user_course_access a join courses c on c.id = a.course_id where user_id = $1 order by c.name",
        user.uuid()
    )
    .fetch_all(db)
    .await
    .unwrap();
    ids.into_iter().map(CourseId::from).collect()
}

/// The lines of the audit log, oldest first: "lesson.rename: Renamed …".
pub async fn audit(db: &PgPool) -> Vec<String> {
    sqlx::query_scalar!(r#"select action || ': ' || summary as "line!" from audit_log order by id"#)
        .fetch_all(db)
        .await
        .unwrap()
}

/// The errors of a form, field by field: "name: Enter a name."
pub fn field_errors<T>(answer: Result<T>) -> Vec<String> {
    match answer {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(errors)) => {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
        }
        Err(other) => vec![format!("{other:?}")],
    }
}

/// Whether the totals that triggers maintain equal the sums of their rows.
pub async fn sales_totals_are_consistent(db: &PgPool) -> bool {
    sqlx::query_scalar!(r#"select sales_totals_are_consistent() as "hold!""#).fetch_one(db).await.unwrap()
}

/// The state of a server on this database, with Stripe's API at `stripe`.
pub async fn state(db: &PgPool, stripe: &str) -> AppState {
    let (config, http) = (Config::for_tests(stripe), http_client::new().unwrap());
    AppState {
        db: db.clone(),
        stripe: Stripe::new(&config.stripe).unwrap(),
        identity: Identity::new(&config, &http).unwrap(),
        http,
        mailer: Mailer::Outbox,
        school: SchoolCache::load(db).await.unwrap(),
        page_cache: PageCache::default(),
        limits: RateLimits::new(&config.capacity),
        client_info: ClientInfoResolver::default(),
        shell: crate::app::shell,
        leptos: LeptosOptions::builder().output_name("lectern").build(),
        config: Arc::new(config),
    }
}

/// The cookie of a new session of `user`.
pub async fn cookie(db: &PgPool, user: UserId) -> String {
    let token = crate::identity::local::start_session(db, user, None, "", crate::platform::clock::now()).await.unwrap();
    format!("session={token}")
}

/// The proxy that servers of [`state_behind_proxy`] trust.
pub const PROXY: [u8; 4] = [10, 0, 0, 1];

/// As [`state`], behind [`PROXY`], which states the client's country in `x-country`.
pub async fn state_behind_proxy(db: &PgPool, stripe: &str) -> AppState {
    AppState { client_info: client_info_behind_proxy(), ..state(db, stripe).await }
}

/// Resolves clients behind proxies of `10.0.0.0/8` and `2001:db8::/32`, which state the country in `x-country`.
pub fn client_info_behind_proxy() -> ClientInfoResolver {
    let config = ClientIpConfig {
        trusted_proxies: ["10.0.0.0/8", "2001:db8::/32"].map(|network| network.parse().unwrap()).into(),
        country_header: Some(http::HeaderName::from_static("x-country")),
        geoip: None,
    };
    ClientInfoResolver::new(&config).unwrap()
}

/// Makes `peer` the sender of a request whose header states `country`.
pub fn from(mut request: Request<Body>, peer: [u8; 4], country: &str) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4711))));
    request.headers_mut().append("x-country", country.parse().unwrap());
    request
}

/// A browser of `user`, or of a visitor, at a new server whose Stripe cannot be reached.
pub async fn browser(db: &PgPool, user: Option<UserId>) -> Browser {
    let router = router(state(db, UNREACHABLE_URL).await);
    let cookie = match user {
        Some(user) => Some(cookie(db, user).await),
        None => None,
    };
    Browser { router, cookie }
}

/// A browser without JavaScript, on this machine unless a request has another address. It stores no cookies.
pub struct Browser {
    pub router: Router,
    pub cookie: Option<String>,
}

/// The response to a request, as far as tests read it.
pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    /// Posts a form as a page without JavaScript does.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Calls a server function with form-encoded arguments, as the page's WebAssembly does.
    pub async fn call<F: ServerFn>(&self, arguments: &str) -> Answer {
        self.post(F::PATH, arguments).await
    }

    pub async fn send(&self, mut request: Request<Body>) -> Answer {
        if let Some(cookie) = &self.cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 4711))));
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            location: parts.headers.get("location").map(|location| location.to_str().unwrap().to_owned()),
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }
}
