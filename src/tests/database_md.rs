//! `docs/database.md` names exactly the tables and triggers of the database.

use std::collections::BTreeSet;

use sqlx::PgPool;

const PAGE: &str = include_str!("../../docs/database.md");

/// The name in the page for the triggers of all tables that have `updated_at`.
const UPDATED_AT: &str = "TABLE_set_updated_at";

/// The names in backticks in the first column of the page's tables with this heading.
fn names_under(heading: &str) -> BTreeSet<String> {
    let mut inside = false;
    let mut names = BTreeSet::new();
    for line in PAGE.lines() {
        let first = line.strip_prefix("| ").and_then(|row| row.split(" | ").next());
        match first {
            Some(cell) if cell == heading => inside = true,
            Some(cell) if inside => names.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned)),
            Some(_) => {}
            None if line.starts_with('|') => {}
            None => inside = false,
        }
    }
    names
}

#[sqlx::test]
async fn database_md_names_every_table_and_trigger(db: PgPool) {
    let tables: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables
          where table_schema = current_schema() and table_type = 'BASE TABLE' and table_name <> '_sqlx_migrations'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    let triggers: Vec<String> = sqlx::query_scalar(
        "select case when t.tgname = c.relname || '_set_updated_at' then $1 else t.tgname end
           from pg_trigger t join pg_class c on c.oid = t.tgrelid
          where not t.tgisinternal and c.relnamespace = current_schema()::regnamespace",
    )
    .bind(UPDATED_AT)
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(names_under("table"), tables.into_iter().collect());
    assert_eq!(names_under("trigger"), triggers.into_iter().collect());
}

#[sqlx::test]
async fn every_table_with_updated_at_sets_it(db: PgPool) {
    let without: Vec<String> = sqlx::query_scalar(
        "select c.table_name::text from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
          where c.table_schema = current_schema() and c.column_name = 'updated_at' and t.table_type = 'BASE TABLE'
            and not exists (select from pg_trigger g where g.tgrelid = format('%I', c.table_name)::regclass
                               and g.tgname = c.table_name || '_set_updated_at')
            and c.table_name <> 'audit_log'",
    )
    .fetch_all(&db)
    .await
    .unwrap();
    assert_eq!(without, [""; 0]);
}
