//! What tests stand on: people and things in a real database, made in a line each.

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
use tower::ServiceExt;
use uuid::Uuid;

use crate::{
    error::{Error, Result},
    id::{AttemptId, CourseId, LessonId, ProductId, PurchaseId, UserId},
    identity::authentication::Identity,
    platform::{config::Config, http_client, smtp::Mailer},
    server::{
        http::client_ip::ClientInfoResolver, page_cache::PageCache, rate_limit::RateLimits, school_cache::School,
        state::AppState,
    },
    stripe::client::Stripe,
};

/// A moment as RFC 3339 writes it.
pub fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub async fn student(db: &PgPool, name: &str) -> UserId {
    let email = format!("{name}@example.com");
    crate::users::queries::insert(db, &format!("local_{name}"), &email, "Demo student", crate::users::Role::User)
        .await
        .unwrap()
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

/// An open attempt, as checkout leaves it before Stripe is called.
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

/// What the audit log tells, in order: "lesson.rename: Renamed …".
pub async fn audit(db: &PgPool) -> Vec<String> {
    sqlx::query_scalar!(r#"select action || ': ' || summary as "line!" from audit_log order by id"#)
        .fetch_all(db)
        .await
        .unwrap()
}

/// What is refused of a form, field by field: "name: Enter a name."
pub fn refusals<T>(answer: Result<T>) -> Vec<String> {
    match answer {
        Ok(_) => Vec::new(),
        Err(Error::Invalid(errors)) => {
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect()
        }
        Err(other) => vec![format!("{other:?}")],
    }
}

/// A server on this database, whose Stripe is at `stripe`.
pub async fn state(db: &PgPool, stripe: &str) -> AppState {
    let (config, http) = (Config::for_tests(stripe), http_client::new().unwrap());
    AppState {
        db: db.clone(),
        stripe: Stripe::new(&config.stripe).unwrap(),
        identity: Identity::new(&config, &http).unwrap(),
        http,
        mailer: Mailer::Outbox,
        school: School::load(db).await.unwrap(),
        page_cache: PageCache::default(),
        limits: RateLimits::new(&config.capacity),
        client_info: ClientInfoResolver::default(),
        shell: crate::app::shell,
        leptos: LeptosOptions::builder().output_name("lectern").build(),
        config: Arc::new(config),
    }
}

/// The cookie of somebody who is signed in.
pub async fn cookie(db: &PgPool, user: UserId) -> String {
    let token = crate::identity::local::start_session(db, user, None, "", crate::platform::clock::now()).await.unwrap();
    format!("session={token}")
}

/// A proxy that servers of [`state_behind_proxy`] believe, and a client that it names.
pub const PROXY: [u8; 4] = [10, 0, 0, 1];

/// As [`state`], behind a proxy that says the country in `x-country`.
pub async fn state_behind_proxy(db: &PgPool, stripe: &str) -> AppState {
    AppState { client_info: crate::server::http::client_ip::tests::behind_proxy(), ..state(db, stripe).await }
}

/// A request that comes from `peer`, whose header says that it is from `country`.
pub fn from(mut request: Request<Body>, peer: [u8; 4], country: &str) -> Request<Body> {
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from((peer, 4711))));
    request.headers_mut().append("x-country", country.parse().unwrap());
    request
}

/// Somebody at a browser, on this machine unless a request says otherwise.
pub struct Browser {
    pub router: Router,
    pub cookie: Option<String>,
}

pub struct Answer {
    pub status: u16,
    pub location: Option<String>,
    pub body: String,
}

impl Browser {
    pub async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap()).await
    }

    /// Posts a form, as a page does.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form.to_owned())).unwrap()).await
    }

    /// Calls a server function with form-encoded arguments, as the browser's half does.
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
