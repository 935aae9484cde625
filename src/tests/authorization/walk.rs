//! Requests every route and server function in each role, and compares the status with the authorization matrix.

use std::collections::BTreeSet;

use axum::{body::Body, extract::Request};
use leptos_axum::generate_route_list;
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    app::App,
    boot::router,
    tests::{
        authorization::{
            ROLES, SchoolWithCourse,
            matrix::{
                Kind::{self, Call, Get, Json, Post},
                TABLE,
            },
        },
        fixtures,
    },
};

/// The names and paths of server functions: `/api/get_sale` and a number.
fn functions() -> Vec<(&'static str, &'static str)> {
    let paths = server_fn::axum::server_fn_paths().map(|(path, _)| path);
    paths.map(|path| (path.trim_start_matches("/api/").trim_end_matches(char::is_numeric), path)).collect()
}

fn is_call(kind: Kind) -> bool {
    matches!(kind, Call | Json)
}

#[sqlx::test]
async fn every_endpoint_has_a_row_in_the_matrix_and_every_row_an_endpoint(db: PgPool) {
    // Making a router registers pages and server functions.
    let _ = router::router(fixtures::state(&db, fixtures::UNREACHABLE_URL).await);
    let pages = generate_route_list(App);
    let pages = pages.iter().map(|page| ("page", page.path().to_owned()));
    let forms = [router::forms(), router::accounts(), router::uploads(), router::webhooks()].into_iter().flatten();
    let files = [router::files(), router::open()].into_iter().flatten();
    let endpoints: BTreeSet<_> = pages
        .chain(files.map(|(path, _)| ("page", path.to_owned())))
        .chain(forms.map(|(path, _)| ("form", path.to_owned())))
        .chain(functions().into_iter().map(|(name, _)| ("function", name.to_owned())))
        .collect();
    let kind = |kind| match kind {
        Get => "page",
        Post => "form",
        Call | Json => "function",
    };
    let rows: BTreeSet<_> = TABLE.iter().map(|row| (kind(row.0), row.1.to_owned())).collect();
    assert_eq!(
        endpoints.difference(&rows).collect::<Vec<_>>(),
        Vec::<&(&str, String)>::new(),
        "endpoints without a row"
    );
    assert_eq!(
        rows.difference(&endpoints).collect::<Vec<_>>(),
        Vec::<&(&str, String)>::new(),
        "rows without an endpoint"
    );
    assert_eq!(rows.len(), TABLE.len(), "each endpoint has one row");
    let source = include_str!("../../boot/router.rs");
    assert_eq!(source.matches(".route(").count(), 1, "a route that is in no list of the router is not tested");
}

/// A hash of every table, except those that record refused requests.
async fn table_hashes(db: &PgPool) -> Vec<(String, String)> {
    let tables: Vec<String> = sqlx::query_scalar(
        "select tablename::text from pg_tables
          where schemaname = 'public' and tablename not in ('audit_log', 'rate_limits', '_sqlx_migrations')",
    )
    .fetch_all(db)
    .await
    .unwrap();
    let each = tables.iter().map(|table| {
        format!("select '{table}', md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from \"{table}\" t")
    });
    let all = each.collect::<Vec<_>>().join(" union all ");
    sqlx::query_as(AssertSqlSafe(all)).fetch_all(db).await.unwrap()
}

#[sqlx::test]
async fn every_endpoint_answers_each_role_as_the_matrix_says(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let section: uuid::Uuid = sqlx::query_scalar("select section_id from lessons where id = $1")
        .bind(school.published.uuid())
        .fetch_one(&school.db)
        .await
        .unwrap();
    let product: uuid::Uuid = sqlx::query_scalar("select id from products").fetch_one(&school.db).await.unwrap();
    let coupon: uuid::Uuid = sqlx::query_scalar(
        "insert into coupons (code, name, percent, every_product) values ('SPRING', 'Spring', 20, true) returning id",
    )
    .fetch_one(&school.db)
    .await
    .unwrap();
    let student = fixtures::student(&school.db, "student").await;
    let mail: i64 = sqlx::query_scalar(
        r#"insert into mails (user_id, address, kind, body) values ($1, 'student@example.com', 'purchased',
           '{"subject": "Your receipt", "lines": [], "facts": [], "links": []}') returning id"#,
    )
    .bind(student.uuid())
    .fetch_one(&school.db)
    .await
    .unwrap();
    let ids = [
        ("{course}", school.course.to_string()),
        ("{lesson}", school.published.to_string()),
        ("{section}", section.to_string()),
        ("{product}", product.to_string()),
        ("{slug}", "product".to_owned()),
        ("{purchase}", school.receipt.to_string()),
        ("{coupon}", coupon.to_string()),
        ("{student}", student.to_string()),
        ("{mail}", mail.to_string()),
        ("{hash}", "0".repeat(64)),
        ("{file}", "320.webp".to_owned()),
    ];
    let filled = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let functions = functions();
    let mut wrong = Vec::new();
    for (index, role) in ROLES.into_iter().enumerate() {
        for &(kind, address, arguments, statuses) in TABLE {
            let browser = school.browser(role).await;
            let before = table_hashes(&school.db).await;
            sqlx::query("truncate audit_log").execute(&school.db).await.unwrap();
            let path = if is_call(kind) {
                functions
                    .iter()
                    .find(|(name, _)| *name == address)
                    .map_or_else(String::new, |(_, path)| (*path).to_owned())
            } else {
                filled(address)
            };
            let answer = match kind {
                Get => browser.get(&path).await,
                Post | Call => browser.post(&path, &filled(arguments).replace("{role}", role)).await,
                Json => {
                    let request = Request::post(&path).header("content-type", "application/json");
                    browser.send(request.body(Body::from(filled(arguments))).unwrap()).await
                }
            };
            if answer.status != statuses[index] {
                wrong.push(format!(
                    "{role}: {address}: {} and not {}: {:.200}",
                    answer.status, statuses[index], answer.body
                ));
            }
            if is_call(kind) && answer.status == 403 && statuses[2] == 403 {
                // The log was emptied before, because a user gets at most thirty lines a minute.
                let recorded = fixtures::audit(&school.db).await;
                assert_eq!(
                    recorded,
                    [format!("refused: Was refused at {path}")],
                    "an attempt to call {address} is recorded"
                );
            }
            if kind == Get && !arguments.is_empty() {
                let status = browser.get(&format!("{path}?{arguments}")).await.status;
                if status != statuses[index] {
                    wrong.push(format!("{role}: {address}?{arguments}: {status} and not {}", statuses[index]));
                }
            }
            let is_sent_to_sign_in = answer.location.as_deref().is_some_and(|to| to.starts_with("/sign-in"));
            let is_rejected = matches!(answer.status, 400..=499) || is_sent_to_sign_in;
            if (kind == Get || is_rejected) && table_hashes(&school.db).await != before {
                wrong.push(format!("{role}: {address} changed something"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
