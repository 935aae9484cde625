use sqlx::PgPool;
use uuid::Uuid;

use crate::{
    boot::router::router,
    id::UserId,
    mail::{
        self, EmailBody, MailState,
        api::{GetMail, GetOutbox},
        outbox,
    },
    paths,
    tests::fixtures::{self, Browser},
};

struct School {
    db: PgPool,
    student: UserId,
    browsers: [Browser; 3],
}

/// Browsers of a visitor, a student and an admin.
async fn school(db: &PgPool) -> School {
    let (student, admin) = (fixtures::student(db, "student").await, fixtures::student(db, "admin").await);
    crate::users::queries::grant_admin(db, "admin@example.com").await.unwrap();
    let router = router(fixtures::state(db, "http://127.0.0.1:9").await);
    let cookies = [None, Some(fixtures::cookie(db, student).await), Some(fixtures::cookie(db, admin).await)];
    School { db: db.clone(), student, browsers: cookies.map(|cookie| Browser { router: router.clone(), cookie }) }
}

impl School {
    async fn write(&self, subject: &str) -> i64 {
        let letter = EmailBody::new(subject).line("Secret <b>words</b>");
        mail::queries::insert(&self.db, "purchased", Some(Uuid::new_v4()), self.student, &letter).await.unwrap();
        sqlx::query_scalar!(r#"select max(id) as "id!" from mails"#).fetch_one(&self.db).await.unwrap()
    }

    async fn set(&self, mail: i64, state: MailState) {
        let claimed = mail::queries::claim(&self.db, crate::platform::clock::now()).await.unwrap().unwrap();
        assert_eq!(claimed.id, mail);
        let now = crate::platform::clock::now();
        assert!(mail::queries::settle(&self.db, &claimed, state, false, "The server said no", now, now).await.unwrap());
    }
}

#[sqlx::test]
async fn mail_is_for_admins(db: PgPool) {
    let school = school(&db).await;
    let mail = school.write("Your receipt").await;
    let [visitor, student, admin] = &school.browsers;
    for (browser, status) in [(visitor, 401), (student, 403), (admin, 200)] {
        for answer in
            [browser.call::<GetOutbox>("state=").await, browser.call::<GetMail>(&format!("mail={mail}")).await]
        {
            assert_eq!(answer.status, status);
            assert_eq!(answer.body.contains("Secret"), status == 200);
        }
    }
    assert_eq!(student.post(&paths::mail(mail), "").await.status, 404);
    assert_eq!(visitor.post(&paths::mail(mail), "").await.status, 303);
    let page = admin.get(&paths::mail(mail)).await.body;
    assert!(page.contains("Secret &lt;b&gt;words") && page.contains("reaches nobody"), "{page}");
    assert_eq!(admin.get("/admin/outbox/999").await.status, 404);
    assert_eq!(admin.get("/admin/outbox/x").await.status, 404);
}

#[sqlx::test]
async fn an_outbox_is_filtered_and_read_on(db: PgPool) {
    let school = school(&db).await;
    for n in 0..60 {
        school.write(&format!("Mail {n:02}")).await;
    }
    let admin = &school.browsers[2];
    let page = admin.get(paths::ADMIN_OUTBOX).await.body;
    assert!(page.contains("Mail 59") && page.contains("Mail 10") && !page.contains("Mail 09"));
    let ids = mail::queries::list(&db, crate::mail::OutboxFilter::default(), None).await.unwrap();
    let next = admin.get(&format!("{}?before={}", paths::ADMIN_OUTBOX, ids[49].id)).await.body;
    assert!(next.contains("Mail 09") && !next.contains("Mail 10"));
    assert!(admin.get("/admin/outbox?state=sent").await.body.contains("No mail here"));
    assert!(admin.get("/admin/outbox?state=waiting").await.body.contains("Mail 59"));
    let theirs = admin.get(&crate::mail::OutboxFilter::to(school.student).address(None)).await.body;
    assert!(theirs.contains("What Demo student was written."));
}

#[sqlx::test]
async fn an_admin_sends_again_what_was_not_taken_and_nothing_else(db: PgPool) {
    let school = school(&db).await;
    let admin = &school.browsers[2];
    let mail = school.write("Your receipt").await;
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 409, "it waits already");
    school.set(mail, MailState::Failed).await;
    let page = admin.get(&paths::mail(mail)).await.body;
    assert!(page.contains("The server said no") && page.contains("Send again"), "{page}");
    assert!(admin.get(paths::ADMIN_OUTBOX).await.body.contains("needs a look"));
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 303);
    assert_eq!(fixtures::audit(&db).await, ["mail.send_again: Had the mail “Your receipt” sent again"]);
    let state = fixtures::state(&db, "http://127.0.0.1:9").await;
    assert!(outbox::send_next(&state).await.unwrap());
    let page = admin.get(&paths::mail(mail)).await.body;
    assert!(page.contains("Kept here") && !page.contains("Send again"), "{page}");
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 409);
}
