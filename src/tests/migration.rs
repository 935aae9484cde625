//! Migration test: a school of an older version migrates forward. Its rows stay, its states are mapped, and the program runs on it.
//!
//! `fixtures/schema_98e40ec.sql.gz` is a dump of the demo school as commit `98e40ec` made it, with a row of everything that demo data
//! lacks: an event of each outcome, disputes of each end, unusable payments of each kind, notes on a sale.

use std::{collections::BTreeMap, io::Read};

use flate2::read::GzDecoder;
use sqlx::{ConnectOptions, Connection, PgPool};
use uuid::Uuid;

use crate::{
    id::{CourseId, PurchaseId, UserId},
    paths,
    payments::outcome::label,
    platform::postgres,
    stripe::states::RefundState,
    tests::fixtures,
};

const DUMP: &[u8] = include_bytes!("fixtures/schema_98e40ec.sql.gz");

/// For each outcome of the old version: the new status and detail.
const OUTCOMES: [(&str, &str, &str); 23] = [
    ("received", "received", "received"),
    ("kept", "ignored", "unhandled_type"),
    ("not ours", "ignored", "not_ours"),
    ("unreadable", "rejected", "unreadable"),
    ("mismatch", "rejected", "mismatch"),
    ("kept for its purchase", "deferred", "awaits_related_event"),
    ("refunds to be read", "refunds_to_fetch", "refunds_not_included"),
    ("refunds read", "processed", "refunds_fetched"),
    ("granted", "processed", "access_granted"),
    ("granted before", "processed", "already_granted"),
    ("owned before", "processed", "duplicate_payment"),
    ("owned before", "processed", "deleted_account_payment"),
    ("waiting", "processed", "payment_pending"),
    ("failed", "processed", "payment_failed"),
    ("expired", "processed", "checkout_expired"),
    ("nothing new", "processed", "no_change"),
    ("refund under way", "processed", "refund_pending"),
    ("refunded", "processed", "refunded"),
    ("refund failed", "processed", "refund_failed"),
    ("disputed", "processed", "dispute_opened"),
    ("dispute won", "processed", "dispute_won"),
    ("dispute lost", "processed", "dispute_lost"),
    // An unknown outcome.
    ("granted by hand", "received", "granted by hand"),
];

/// Renamed tables: old name, new name.
const RENAMED: [(&str, &str); 2] = [("reconcile_marks", "reconcile_cursors"), ("sales_quarters", "quarter_hour_sales")];

/// Restores the dump, on a connection of its own: the dump sets the connection's search path.
async fn restore(db: &PgPool) {
    let mut dump = String::new();
    GzDecoder::new(DUMP).read_to_string(&mut dump).unwrap();
    let mut connection = db.connect_options().connect().await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(dump)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// For each table, by its new name: the number of rows, and the latest `updated_at` where it has one.
async fn rows(db: &PgPool) -> BTreeMap<String, (i64, Option<chrono::DateTime<chrono::Utc>>)> {
    let tables: Vec<(String, bool)> = sqlx::query_as(
        "select t.table_name::text, exists (select from information_schema.columns c
                  where c.table_schema = t.table_schema and c.table_name = t.table_name and c.column_name = 'updated_at')
           from information_schema.tables t
          where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations'",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let mut rows = BTreeMap::new();
    for (table, has_time) in tables {
        let latest = if has_time { "max(updated_at)" } else { "null::timestamptz" };
        let sql = format!("select count(*), {latest} from {table}");
        let counted = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_one(db).await.unwrap();
        let name = RENAMED.iter().find(|(old, _)| *old == table).map_or(table, |(_, new)| (*new).to_owned());
        rows.insert(name, counted);
    }
    rows
}

async fn id_of(db: &PgPool, sql: &'static str) -> Uuid {
    sqlx::query_scalar(sql).fetch_one(db).await.unwrap()
}

#[sqlx::test(migrations = false)]
async fn a_school_of_an_older_version_migrates_and_runs(db: PgPool) {
    restore(&db).await;
    let before = rows(&db).await;
    let empty: Vec<_> = before.iter().filter(|(_, (count, _))| *count == 0).collect();
    assert!(empty.is_empty(), "the fixture lacks rows of {empty:?}");
    let outcomes: Vec<(String, String)> =
        sqlx::query_as("select id, outcome from stripe_events order by id").fetch_all(&db).await.unwrap();
    assert_eq!(outcomes.iter().map(|(_, outcome)| outcome.as_str()).collect::<Vec<_>>(), OUTCOMES.map(|(old, ..)| old));
    let access: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select user_id, course_id from user_course_access order by 1, 2").fetch_all(&db).await.unwrap();

    postgres::migrate(&db).await.unwrap();

    assert_eq!(rows(&db).await, before, "no row is added, deleted or marked as changed");
    let open: Vec<(Uuid, Uuid)> =
        sqlx::query_as("select user_id, course_id from user_course_access order by 1, 2").fetch_all(&db).await.unwrap();
    assert_eq!(open, access);
    let consistent: bool = sqlx::query_scalar("select sales_totals_are_consistent()").fetch_one(&db).await.unwrap();
    assert!(consistent);
    check_events(&db).await;
    check_refunds(&db).await;
    check_notes(&db).await;
    check_pages(&db).await;
}

async fn check_events(db: &PgPool) {
    let events: Vec<(String, String)> =
        sqlx::query_as("select status::text, detail from stripe_events order by id").fetch_all(db).await.unwrap();
    let expected = OUTCOMES.map(|(_, status, detail)| (status.to_owned(), detail.to_owned()));
    assert_eq!(events, expected);
    for (_, detail) in events {
        assert!(!label(&detail).contains('_'), "{detail} has a label");
    }
}

async fn check_refunds(db: &PgPool) {
    let chargebacks: Vec<(RefundState, String, String)> = sqlx::query_as(
        "select r.state, r.reason, r.failure from refunds r join disputes d on d.id = r.dispute_id order by d.stripe_dispute_id",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let (taken, returned) = (RefundState::Succeeded, RefundState::Reversed);
    assert_eq!(chargebacks, [taken, returned, returned].map(|state| (state, String::new(), String::new())));
    let unusable: Vec<(String, String, bool, String)> = sqlx::query_as(
        "select unusable_reason::text, origin::text, original_purchase_id is not null, reason from refunds
          where purchase_id is null order by id",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let row = |reason: &str, origin: &str, original| (reason.to_owned(), origin.to_owned(), original, String::new());
    assert_eq!(
        unusable,
        [
            row("duplicate", "stripe", true),
            row("duplicate", "automatic", true),
            row("duplicate", "automatic", true),
            row("account_deleted", "automatic", false),
            row("account_deleted", "automatic", false),
            row("duplicate", "automatic", false),
        ]
    );
    let reasons: i64 =
        sqlx::query_scalar("select count(*) from refunds where origin = 'admin' and reason = 'Asked for'")
            .fetch_one(db)
            .await
            .unwrap();
    assert_eq!(reasons, 2, "reasons that admins entered stay");
}

async fn check_notes(db: &PgPool) {
    let notes: Vec<(Option<String>, Option<String>)> =
        sqlx::query_as("select kind::text, legacy_text from sale_notes order by id").fetch_all(db).await.unwrap();
    let kinds = ["paid_after_expiry", "paid_after_failure", "product_was_private"];
    let mut expected: Vec<_> = kinds.map(|kind| (Some(kind.to_owned()), None)).into();
    expected.push((None, Some("Paid by bank transfer, noted by hand.".to_owned())));
    assert_eq!(notes, expected);
}

/// Visitor, student and admin open the pages that they could open before.
async fn check_pages(db: &PgPool) {
    let student = id_of(db, "select id from users where email = 'student@example.com'").await;
    let admin = id_of(db, "select id from users where email = 'instructor@example.com'").await;
    let course = id_of(
        db,
        "select a.course_id from user_course_access a join users u on u.id = a.user_id where u.email = 'student@example.com' limit 1",
    )
    .await;
    let sale = id_of(db, "select distinct purchase_id from sale_notes").await;
    let reversed = id_of(db, "select purchase_id from refunds where state = 'reversed' order by id limit 1").await;
    let browser = async |user: Option<Uuid>| fixtures::browser(db, user.map(UserId::from)).await;
    let (visitor, student, admin) = (browser(None).await, browser(Some(student)).await, browser(Some(admin)).await);
    let (sale, reversed) = (PurchaseId::from(sale), PurchaseId::from(reversed));
    let pages = [
        (&visitor, paths::HOME.to_owned(), "Light and colour in Blender"),
        (&visitor, paths::product("light-and-colour-in-blender"), "$60"),
        (&student, paths::course(CourseId::from(course)), "Light"),
        (&student, paths::COURSES.to_owned(), "Light"),
        (&student, paths::receipt(sale), "Light and colour in Blender"),
        (&admin, paths::ADMIN.to_owned(), "Light and colour in Blender"),
        (&admin, paths::ADMIN_SALES.to_owned(), "student@example.com"),
        (&admin, paths::ADMIN_STUDENTS.to_owned(), "student@example.com"),
        (&admin, paths::ADMIN_OUTBOX.to_owned(), "We sent your second payment back"),
        (&admin, paths::ADMIN_COUPONS.to_owned(), "SPRING"),
        (&admin, paths::ADMIN_PAYMENTS.to_owned(), "Account deleted"),
        (&admin, paths::sale(sale), "Paid by bank transfer, noted by hand."),
        (&admin, paths::sale(sale), "Stripe event checkout.session.completed: access granted"),
        (&admin, paths::sale(sale), "The product was private when the payment arrived. It was accepted."),
        (&admin, paths::sale(sale), "A second payment of $60 for the same product was received."),
        (&admin, paths::sale(reversed), "reversed"),
    ];
    for (browser, path, words) in pages {
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.body.contains(words), "{path} has no {words:?}: {}", page.body);
    }
}
