//! Query plans: no page and no change scans a big table.
//!
//! Each page is opened in a large school while `auto_explain` logs the plan of every statement, including those inside the database's
//! functions. Thus the plans are those of the statements that really ran, with their values.

pub mod webhook_events;

use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde_json::Value;
use server_fn::ServerFn;
use sqlx::{
    ConnectOptions, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use tracing::{Event, Metadata, Subscriber, field, span};
use uuid::Uuid;

use crate::{
    boot::{
        router::router,
        seed::scale::{scale, sizes::Sizes},
    },
    mail::OutboxFilter,
    pagination::{Cursor, PageDirection},
    paths,
    sales::filter::SalesFilter,
    students::api::{GiveCourse, SetAdmin, TakeBackCourse},
    tests::fixtures::{self, Browser},
};

/// Tables that grow without limit.
const BIG_TABLES: [&str; 11] = [
    "purchases",
    "users",
    "lessons",
    "user_course_access",
    "user_lesson_complete",
    "purchase_courses",
    "checkout_attempts",
    "refunds",
    "audit_log",
    "buyer_sales",
    "mails",
];

/// Large enough that scanning a big table is never the cheapest plan, small enough to create for a test.
const SIZES: Sizes =
    Sizes { students: 20_000, purchases: 40_000, completions: 40_000, audit_lines: 20_000, ..Sizes::FULL };

/// Executions of each statement: after five, PostgreSQL may use a generic plan.
const REPETITIONS: usize = 7;

/// The pages of the back office with their searches, and those of a signed-in student.
async fn pages(db: &PgPool) -> Vec<String> {
    [overview_and_lists(db).await, sales(db).await, people(db).await, learning(db).await].concat()
}

/// The first id that a query finds.
async fn id(db: &PgPool, sql: &'static str) -> Uuid {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

async fn overview_and_lists(db: &PgPool) -> Vec<String> {
    let course = id(db, "select course_id from user_course_access group by 1 order by count(*) desc, 1 limit 1").await;
    let product = id(db, "select product_id from product_sales order by live desc, 1 limit 1").await;
    let (courses, products) = (paths::ADMIN_COURSES, paths::ADMIN_PRODUCTS);
    vec![
        paths::ADMIN.to_owned(),
        courses.to_owned(),
        format!("{courses}?page=4"),
        format!("{courses}?q=sound"),
        format!("{courses}?q=nothing+like+it"),
        paths::edit_course(course.into()),
        paths::edit_course_details(course.into()),
        products.to_owned(),
        format!("{products}?page=4"),
        format!("{products}?q=bundle"),
        format!("{products}?q=nothing+like+it"),
        paths::edit_product(product.into()),
        paths::ADMIN_COUPONS.to_owned(),
        paths::ADMIN_NEW_COUPON.to_owned(),
        paths::ADMIN_PRICING.to_owned(),
        paths::ADMIN_SCHOOL.to_owned(),
    ]
}

/// The list by each state and by what people search for, from its beginning and from its middle.
async fn sales(db: &PgPool) -> Vec<String> {
    let sold = id(db, "select id from purchases order by created_at desc, id desc limit 1").await;
    let refunded = id(db, "select purchase_id from refunds where purchase_id is not null order by id limit 1").await;
    let (at, middle): (DateTime<Utc>, Uuid) =
        sqlx::query_as("select created_at, id from purchases order by created_at desc, id desc offset 20000 limit 1")
            .fetch_one(db)
            .await
            .unwrap();
    let session: String = sqlx::query_scalar("select stripe_session_id from purchases where id = $1")
        .bind(refunded)
        .fetch_one(db)
        .await
        .unwrap();
    let product: String =
        sqlx::query_scalar("select name from products order by id limit 1").fetch_one(db).await.unwrap();
    let searches = ["", "student012345@example.com", "example.com", "zz", "nobody at all", &session, &product];
    let cursor = Cursor { at, id: middle };
    let mut pages = vec![paths::sale(sold.into()), paths::sale(refunded.into()), paths::ADMIN_PAYMENTS.to_owned()];
    for q in searches {
        for state in ["", "paid", "free", "disputed", "partly_refunded", "refunded", "refunding"] {
            let filter = SalesFilter::new(q, state);
            pages.push(filter.url());
            if q.is_empty() || q == "example.com" {
                pages.push(filter.page_url(&PageDirection::Before(cursor)));
                pages.push(filter.page_url(&PageDirection::After(cursor)));
            }
        }
    }
    pages
}

/// The pages of students. The browser is signed in, so that no page comes from the cache.
async fn learning(db: &PgPool) -> Vec<String> {
    let slug: String = sqlx::query_scalar("select slug from products where status = 'public' order by id limit 1")
        .fetch_one(db)
        .await
        .unwrap();
    let lesson = id(db, "select id from lessons where status = 'preview' order by id limit 1").await;
    let course: Uuid = sqlx::query_scalar(
        "select course_id from course_sections s join lessons l on l.section_id = s.id where l.id = $1",
    )
    .bind(lesson)
    .fetch_one(db)
    .await
    .unwrap();
    vec![
        paths::HOME.to_owned(),
        paths::product(&slug),
        paths::course(course.into()),
        paths::lesson(course.into(), lesson.into()),
        paths::COURSES.to_owned(),
        paths::PURCHASES.to_owned(),
    ]
}

/// Lists and pages of students, emails and activity.
async fn people(db: &PgPool) -> Vec<String> {
    let id = |sql: &'static str| id(db, sql);
    let student = id("select user_id from buyer_sales order by purchases desc, user_id limit 1").await;
    let gifted = id("select user_id from course_gifts order by user_id limit 1").await;
    let helper = id("select id from users where role = 'admin' and email like 'helper%' order by id limit 1").await;
    let middle = id("select id from users order by created_at offset 5000 limit 1").await;
    let lesson = id("select subject_id from audit_log where subject_id is not null order by id limit 1").await;
    let written = id("select user_id from mails group by 1 order by count(*) desc, 1 limit 1").await;
    let mail: i64 =
        sqlx::query_scalar("select id from mails order by id limit 1 offset 1000").fetch_one(db).await.unwrap();
    let (students, outbox, activity) = (paths::ADMIN_STUDENTS, paths::ADMIN_OUTBOX, paths::ADMIN_ACTIVITY);
    vec![
        students.to_owned(),
        format!("{students}?before={middle}"),
        format!("{students}?role=admin"),
        format!("{students}?q=student"),
        format!("{students}?q=student012345"),
        format!("{students}?q=student012345&before={middle}"),
        format!("{students}?q=demo+student+777"),
        format!("{students}?q=nobody+at+all"),
        format!("{students}?q=zz"),
        format!("{students}?q=a"),
        paths::student(student.into()),
        paths::student(gifted.into()),
        outbox.to_owned(),
        format!("{outbox}?before=2000"),
        format!("{outbox}?state=sent"),
        format!("{outbox}?state=failed"),
        format!("{outbox}?state=unsure"),
        OutboxFilter::to(written.into()).url(None),
        paths::mail(mail),
        activity.to_owned(),
        format!("{activity}?before=10000"),
        format!("{activity}?actor={helper}"),
        format!("{activity}?actor={student}&before=10000"),
        format!("{activity}?subject={lesson}"),
    ]
}

/// Changes: a name, the address, the form and the expected status. The list can be repeated.
async fn changes(db: &PgPool) -> Vec<(&'static str, String, String, u16)> {
    let student: Uuid = sqlx::query_scalar("select user_id from buyer_sales order by purchases desc, user_id limit 1")
        .fetch_one(db)
        .await
        .unwrap();
    let course: Uuid = sqlx::query_scalar(
        "select id from courses c where not exists (select from course_gifts g where g.user_id = $1 and g.course_id = c.id)
          order by id limit 1",
    )
    .bind(student)
    .fetch_one(db)
    .await
    .unwrap();
    // Free, and not bought yet.
    let slug: String = sqlx::query_scalar(
        "select slug from products p join users u on u.email = 'boss@example.com'
          where price_in_dollars = 0 and status = 'public'
            and not exists (select from purchases b where b.user_id = u.id and b.product_id = p.id) order by slug limit 1",
    )
    .fetch_one(db)
    .await
    .unwrap();
    let one = format!("student={student}");
    vec![
        ("give a course", GiveCourse::PATH.into(), format!("{one}&course={course}&note=Why"), 200),
        ("take it back", TakeBackCourse::PATH.into(), format!("{one}&course={course}"), 200),
        ("make an admin", SetAdmin::PATH.into(), format!("{one}&admin=true"), 200),
        ("make a student again", SetAdmin::PATH.into(), format!("{one}&admin=false"), 200),
        ("buy a free product", paths::purchase(&slug), String::new(), 303),
    ]
}

/// Collects the notices of the database, in which `auto_explain` writes a plan for each statement.
#[derive(Clone, Default)]
struct Notices(Arc<Mutex<Vec<String>>>);

impl Notices {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Notices {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::postgres::notice"
    }
    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }
    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.0.lock().unwrap().push(message.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

/// The field `message` of a log event.
struct Message(String);

impl field::Visit for Message {
    fn record_str(&mut self, field: &field::Field, value: &str) {
        if field.name() == "message" {
            value.clone_into(&mut self.0);
        }
    }
    fn record_debug(&mut self, _: &field::Field, _: &dyn std::fmt::Debug) {}
}

/// The plan in a notice, as JSON with the text of its statement.
fn plan(notice: &str) -> Option<Value> {
    let (_, json) = notice.split_once("plan:\n")?;
    Some(serde_json::from_str(json).unwrap_or_else(|error| panic!("{error} in {json}")))
}

/// Adds the big tables that a plan scans to `found`.
fn find_scans(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Object(node) => {
            let table = node.get("Relation Name").and_then(Value::as_str).unwrap_or_default();
            let kind = node.get("Node Type").and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with("Seq Scan") && BIG_TABLES.contains(&table) {
                found.push(table.to_owned());
            }
            node.values().for_each(|value| find_scans(value, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|value| find_scans(value, found)),
        _ => {}
    }
}

/// A pool whose connection logs the plan of every statement.
async fn connect_with_plans(db: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&db.connect_options()).disable_statement_logging().options([
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_nested_statements", "on"),
        ("client_min_messages", "log"),
    ]);
    // One connection, so that it executes each statement often enough for a generic plan.
    PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

#[sqlx::test]
async fn no_page_scans_a_big_table(db: PgPool) {
    scale(&db, SIZES).await.unwrap();
    let boss = fixtures::admin(&db, "boss").await.id;
    let cookie = Some(fixtures::cookie(&db, boss).await);
    let pages = pages(&db).await;

    let notices = Notices::default();
    let subscription = tracing::subscriber::set_default(notices.clone());
    let explained = connect_with_plans(&db).await;
    let state = fixtures::state(&explained, fixtures::UNREACHABLE_URL).await;
    let admin = Browser { router: router(state.clone()), cookie };
    // The check itself: a scan is found.
    sqlx::query("select max(subtotal_in_cents) from purchases").execute(&explained).await.unwrap();
    let mut found = Vec::new();
    notices.take().iter().filter_map(|notice| plan(notice)).for_each(|plan| find_scans(&plan, &mut found));
    assert_eq!(found, ["purchases"]);

    let mut wrong = Vec::new();
    for page in &pages {
        for _ in 0..REPETITIONS {
            let answer = admin.get(page).await;
            assert_eq!(answer.status, 200, "{page}");
            wrong.extend(find_wrong_plans(page, &notices));
        }
    }
    for _ in 0..REPETITIONS {
        for (what, path, form, status) in changes(&db).await {
            let answer = admin.post(&path, &form).await;
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
            wrong.extend(find_wrong_plans(what, &notices));
        }
    }
    for n in 0..REPETITIONS {
        for (kind, object) in webhook_events::events(&db, boss, n).await {
            webhook_events::deliver(&admin, kind, &object).await;
            wrong.extend(find_wrong_plans(kind, &notices));
        }
        webhook_events::send_email(&state).await;
        wrong.extend(find_wrong_plans("the outbox", &notices));
    }
    drop(subscription);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The plans since the last call that scan a big table.
fn find_wrong_plans(what: &str, notices: &Notices) -> Vec<String> {
    let plans: Vec<Value> = notices.take().iter().filter_map(|notice| plan(notice)).collect();
    assert!(plans.len() > 1, "{what} runs statements");
    let wrong = plans.iter().filter_map(|plan| {
        let mut found = Vec::new();
        find_scans(plan, &mut found);
        (!found.is_empty()).then(|| format!("{what} scans {found:?}:\n{plan:#}"))
    });
    wrong.collect()
}
