//! The walk over all doors, as each of those who may knock.

use std::collections::BTreeSet;

use axum::{body::Body, extract::Request};
use leptos_axum::generate_route_list;
use sqlx::{AssertSqlSafe, PgPool};

use crate::{
    app::App,
    boot::router,
    tests::{
        authorization::{
            School, WHO,
            matrix::{
                Kind::{self, Call, Get, Json, Post},
                TABLE,
            },
        },
        fixtures,
    },
};

/// Where the server functions are, by their names: `/api/get_sale` and a number.
fn functions() -> Vec<(&'static str, &'static str)> {
    let paths = server_fn::axum::server_fn_paths().map(|(path, _)| path);
    paths.map(|path| (path.trim_start_matches("/api/").trim_end_matches(char::is_numeric), path)).collect()
}

fn is_call(kind: Kind) -> bool {
    matches!(kind, Call | Json)
}

#[sqlx::test]
async fn every_door_is_in_the_table_and_every_row_is_a_door(db: PgPool) {
    // Making one is what registers pages and server functions.
    let _ = router::router(fixtures::state(&db, crate::tests::authorization::UNREACHABLE_URL).await);
    let pages = generate_route_list(App);
    let pages = pages.iter().map(|page| ("page", page.path().to_owned()));
    let forms = [router::forms(), router::accounts(), router::uploads(), router::webhooks()].into_iter().flatten();
    let files = [router::files(), router::open()].into_iter().flatten();
    let doors: BTreeSet<_> = pages
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
    assert_eq!(doors.difference(&rows).collect::<Vec<_>>(), Vec::<&(&str, String)>::new(), "doors without a row");
    assert_eq!(rows.difference(&doors).collect::<Vec<_>>(), Vec::<&(&str, String)>::new(), "rows without a door");
    assert_eq!(rows.len(), TABLE.len(), "each door has one row");
    let source = include_str!("../../boot/router.rs");
    assert_eq!(source.matches(".route(").count(), 1, "an address that is in no list of the router's is not walked to");
}

/// Everything that is stored, but for who was refused where.
async fn stored(db: &PgPool) -> Vec<(String, String)> {
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
async fn each_door_opens_to_those_it_is_for_and_changes_nothing_else(db: PgPool) {
    let school = School::open(db).await;
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
    let student = fixtures::student(&school.db, "somebody").await;
    let mail: i64 = sqlx::query_scalar(
        r#"insert into mails (user_id, address, kind, body) values ($1, 'somebody@example.com', 'purchased',
           '{"subject": "Your receipt", "lines": [], "facts": [], "links": []}') returning id"#,
    )
    .bind(student.uuid())
    .fetch_one(&school.db)
    .await
    .unwrap();
    let things = [
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
    let filled = |text: &str| things.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
    let functions = functions();
    let mut wrong = Vec::new();
    for (index, who) in WHO.into_iter().enumerate() {
        for &(kind, address, sent, statuses) in TABLE {
            let browser = school.browser(who).await;
            let before = stored(&school.db).await;
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
                Post | Call => browser.post(&path, &filled(sent).replace("{who}", who)).await,
                Json => {
                    let request = Request::post(&path).header("content-type", "application/json");
                    browser.send(request.body(Body::from(filled(sent))).unwrap()).await
                }
            };
            if answer.status != statuses[index] {
                wrong.push(format!(
                    "{who}: {address}: {} and not {}: {:.200}",
                    answer.status, statuses[index], answer.body
                ));
            }
            if is_call(kind) && answer.status == 403 && statuses[2] == 403 {
                // Thirty lines a minute are the most: room is made for each.
                let noted = fixtures::audit(&school.db).await;
                assert_eq!(noted, [format!("refused: Was refused at {path}")], "who tries {address} is noted");
            }
            if kind == Get && !sent.is_empty() {
                let status = browser.get(&format!("{path}?{sent}")).await.status;
                if status != statuses[index] {
                    wrong.push(format!("{who}: {address}?{sent}: {status} and not {}", statuses[index]));
                }
            }
            let led_away = answer.location.as_deref().is_some_and(|to| to.starts_with("/sign-in"));
            let refused = matches!(answer.status, 400..=499) || led_away;
            if (kind == Get || refused) && stored(&school.db).await != before {
                wrong.push(format!("{who}: {address} changed something"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
