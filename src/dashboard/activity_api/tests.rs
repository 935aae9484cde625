use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    audit::{self, Actor},
    boot::router::router,
    dashboard::activity_api::GetLog,
    id::UserId,
    paths,
    tests::fixtures::{self, Browser},
};

async fn browser(db: &PgPool, user: UserId) -> Browser {
    let router = router(fixtures::state(db, "http://127.0.0.1:9").await);
    Browser { router, cookie: Some(fixtures::cookie(db, user).await) }
}

async fn admin(db: &PgPool) -> UserId {
    let id = fixtures::student(db, "boss").await;
    crate::users::queries::grant_admin(db, "boss@example.com").await.unwrap();
    id
}

#[sqlx::test]
async fn a_refused_call_is_listed_in_the_activity_log(db: PgPool) {
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db).await);
    assert_eq!(browser(&db, student).await.call::<GetLog>("").await.status, 403);
    let page = browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await;
    assert!(page.body.contains("Refused") && page.body.contains("Was refused at"), "{}", page.body);
}

#[sqlx::test]
async fn an_empty_log_says_so(db: PgPool) {
    let boss = admin(&db).await;
    assert!(browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await.body.contains("Nothing here"));
}

#[sqlx::test]
async fn every_line_has_somebody(db: PgPool) {
    let (gone, boss) = (fixtures::student(&db, "gone").await, admin(&db).await);
    audit::service::record(&db, boss, "lesson.rename", None, "One").await.unwrap();
    audit::service::record(&db, gone, "lesson.rename", None, "Two").await.unwrap();
    sqlx::query!("update users set deleted_at = now() where id = $1", gone.uuid()).execute(&db).await.unwrap();
    sqlx::query!("insert into audit_log (action, summary) values ('school.open', 'Three')").execute(&db).await.unwrap();
    let lines = audit::queries::list(&db, None).await.unwrap();
    let who: Vec<_> = lines.iter().map(|line| (line.summary.as_str(), line.actor.name())).collect();
    assert_eq!(who, [("Three", "The school itself"), ("Two", "Somebody deleted"), ("One", "Demo student")]);
    assert_eq!(lines[2].actor, Actor::Person { id: boss, name: "Demo student".into() });
    let body = browser(&db, boss).await.get(paths::ADMIN_ACTIVITY).await.body;
    assert!(body.contains("Somebody deleted") && body.contains("The school itself"));
}

#[sqlx::test]
async fn the_log_is_read_on_and_by_whom_and_about_what(db: PgPool) {
    let (other, boss) = (fixtures::student(&db, "other").await, admin(&db).await);
    let subject = Uuid::from_u128(7);
    for n in 0..120 {
        let (who, what) = if n % 2 == 0 { (boss, Some(subject)) } else { (other, None) };
        audit::service::record(&db, who, "lesson.rename", what, &format!("Line {n}")).await.unwrap();
    }
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let lines = audit::queries::list(&db, before).await.unwrap();
        assert!(lines.len() <= 51);
        seen.extend(lines.iter().take(50).map(|line| line.id));
        if lines.len() <= 50 {
            break;
        }
        before = seen.last().copied();
    }
    assert_eq!(seen.len(), 120);
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    let by = audit::queries::list_by(&db, other, None).await.unwrap();
    assert!(by.len() == 51 && by[0].summary == "Line 119" && by[1].summary == "Line 117");
    let about = audit::queries::list_about(&db, subject, Some(by[0].id)).await.unwrap();
    assert!(about.len() == 51 && about[0].summary == "Line 118");
    let browser = browser(&db, boss).await;
    let body = browser.get(&format!("{}?actor={other}", paths::ADMIN_ACTIVITY)).await.body;
    assert!(body.contains("Line 119") && !body.contains("Line 118") && body.contains("Older"));
}
