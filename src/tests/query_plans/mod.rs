//! Plans: how PostgreSQL answers what the pages of the back office ask. Only tests are here.
//!
//! Each page is opened in a school of some size while the database explains every statement it runs, those inside its functions
//! too (`auto_explain`). So what is judged is what really ran, with the values it ran with. Neither a page nor a change may
//! read a whole big table.

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
    paths,
    sales::{Cursor, PageDirection, SalesFilter},
    students::api::{GiveCourse, SetAdmin, TakeBackCourse},
    tests::fixtures::{self, Browser},
};

/// Tables that grow without end.
const BIG: [&str; 11] = [
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

/// Large enough that reading a big table whole is never the cheapest way, small enough to be made for a test.
const SIZES: Sizes =
    Sizes { students: 20_000, purchases: 40_000, completions: 40_000, audit_lines: 20_000, ..Sizes::FULL };

/// After five times PostgreSQL may plan a statement for any values instead of these.
const OPENED: usize = 7;

/// The pages of the back office, and what is asked for in them; then what everybody sees. To add one is a line.
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
    let asked = ["", "student012345@example.com", "example.com", "zz", "nobody at all", &session, &product];
    let cursor = Cursor { at, id: middle.into() };
    let mut pages = vec![paths::sale(sold.into()), paths::sale(refunded.into()), paths::ADMIN_PAYMENTS.to_owned()];
    for q in asked {
        for state in ["", "paid", "free", "disputed", "partly_refunded", "refunded", "refunding"] {
            let filter = SalesFilter::new(q, state);
            pages.push(filter.address());
            if q.is_empty() || q == "example.com" {
                pages.push(filter.page(&PageDirection::Before(cursor)));
                pages.push(filter.page(&PageDirection::After(cursor)));
            }
        }
    }
    pages
}

/// What everybody sees, as somebody who is signed in, and so is not given a kept page.
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

/// Students, admins and what they did.
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
        OutboxFilter::to(written.into()).address(None),
        paths::mail(mail),
        activity.to_owned(),
        format!("{activity}?before=10000"),
        format!("{activity}?actor={helper}"),
        format!("{activity}?actor={student}&before=10000"),
        format!("{activity}?subject={lesson}"),
    ]
}

/// What is changed, by name, address, form and status of the answer. Each can be done again after the others.
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
        ("giving a course", GiveCourse::PATH.into(), format!("{one}&course={course}&note=Why"), 200),
        ("taking it back", TakeBackCourse::PATH.into(), format!("{one}&course={course}"), 200),
        ("making an admin", SetAdmin::PATH.into(), format!("{one}&admin=true"), 200),
        ("and a student again", SetAdmin::PATH.into(), format!("{one}&admin=false"), 200),
        ("buying what is free", paths::purchase(&slug), String::new(), 303),
    ]
}

/// What the database says while it works: `auto_explain` writes a plan for each statement.
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
        let mut said = Said(String::new());
        event.record(&mut said);
        self.0.lock().unwrap().push(said.0);
    }
    fn enter(&self, _: &span::Id) {}
    fn exit(&self, _: &span::Id) {}
}

struct Said(String);

impl field::Visit for Said {
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

/// Big tables that a plan reads from end to end.
fn read_whole(plan: &Value, found: &mut Vec<String>) {
    match plan {
        Value::Object(node) => {
            let table = node.get("Relation Name").and_then(Value::as_str).unwrap_or_default();
            let kind = node.get("Node Type").and_then(Value::as_str).unwrap_or_default();
            if kind.ends_with("Seq Scan") && BIG.contains(&table) {
                found.push(table.to_owned());
            }
            node.values().for_each(|value| read_whole(value, found));
        }
        Value::Array(nodes) => nodes.iter().for_each(|value| read_whole(value, found)),
        _ => {}
    }
}

/// Connections that explain whatever they run.
async fn explaining(db: &PgPool) -> PgPool {
    let options = PgConnectOptions::clone(&db.connect_options()).disable_statement_logging().options([
        ("session_preload_libraries", "auto_explain"),
        ("auto_explain.log_min_duration", "0"),
        ("auto_explain.log_format", "json"),
        ("auto_explain.log_nested_statements", "on"),
        ("client_min_messages", "log"),
    ]);
    // One, so that its statements are run often enough for a plan that fits all values.
    PgPoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
}

#[sqlx::test]
async fn no_page_reads_a_big_table_whole(db: PgPool) {
    scale(&db, SIZES).await.unwrap();
    let boss = fixtures::student(&db, "boss").await;
    crate::users::queries::grant_admin(&db, "boss@example.com").await.unwrap();
    let cookie = Some(fixtures::cookie(&db, boss).await);
    let pages = pages(&db).await;

    let notices = Notices::default();
    let listening = tracing::subscriber::set_default(notices.clone());
    let watched = explaining(&db).await;
    let state = fixtures::state(&watched, "http://127.0.0.1:9").await;
    let admin = Browser { router: router(state.clone()), cookie };
    // What is looked for is seen where it is.
    sqlx::query("select max(subtotal_in_cents) from purchases").execute(&watched).await.unwrap();
    let mut found = Vec::new();
    notices.take().iter().filter_map(|notice| plan(notice)).for_each(|plan| read_whole(&plan, &mut found));
    assert_eq!(found, ["purchases"]);

    let mut wrong = Vec::new();
    for page in &pages {
        for _ in 0..OPENED {
            let answer = admin.get(page).await;
            assert_eq!(answer.status, 200, "{page}");
            wrong.extend(judge(page, &notices));
        }
    }
    for _ in 0..OPENED {
        for (what, path, form, status) in changes(&db).await {
            let answer = admin.post(&path, &form).await;
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
            wrong.extend(judge(what, &notices));
        }
    }
    for n in 0..OPENED {
        for (kind, object) in webhook_events::events(&db, boss, n).await {
            webhook_events::tell(&admin, kind, &object).await;
            wrong.extend(judge(kind, &notices));
        }
        webhook_events::send(&state).await;
        wrong.extend(judge("the outbox", &notices));
    }
    drop(listening);
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// What of the statements since the last time read a big table whole.
fn judge(what: &str, notices: &Notices) -> Vec<String> {
    let plans: Vec<Value> = notices.take().iter().filter_map(|notice| plan(notice)).collect();
    assert!(plans.len() > 1, "{what} asks the database");
    let wrong = plans.iter().filter_map(|plan| {
        let mut found = Vec::new();
        read_whole(plan, &mut found);
        (!found.is_empty()).then(|| format!("{what} reads all of {found:?}:\n{plan:#}"))
    });
    wrong.collect()
}
