//! Tests of the outbox: delivery against a fake mail server, and its pages in the back office.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;
use sqlx::PgPool;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};
use uuid::Uuid;

use crate::{
    id::UserId,
    mail::{
        EmailBody, MailRow, MailState, OutboxFilter,
        api::{GetMail, GetOutbox},
        outbox, queries,
    },
    paths,
    platform::{clock, config::smtp::SmtpConfig, smtp::Mailer},
    server::state::AppState,
    tests::fixtures::{self, Browser, TestApp},
};

/// The behaviour of the fake mail server.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behaviour {
    Accepts,
    /// Replies 451, a temporary failure.
    Defers,
    /// Replies 550, a permanent failure.
    Rejects,
    /// Reads the message and closes the connection without a reply.
    Disconnects,
}

/// A mail server that implements the necessary part of RFC 5321 and records the messages that it accepted.
#[derive(Clone)]
struct FakeMailServer {
    behaviour: Arc<Mutex<Behaviour>>,
    accepted: Arc<Mutex<Vec<String>>>,
    address: std::net::SocketAddr,
}

impl FakeMailServer {
    async fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            behaviour: Arc::new(Mutex::new(behaviour)),
            accepted: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let accepting = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let serving = accepting.clone();
                tokio::spawn(async move { serving.serve(stream).await });
            }
        });
        server
    }

    fn set_behaviour(&self, behaviour: Behaviour) {
        *self.behaviour.lock().unwrap() = behaviour;
    }

    fn accepted(&self) -> Vec<String> {
        self.accepted.lock().unwrap().clone()
    }

    async fn serve(&self, stream: TcpStream) -> Option<()> {
        let (read, mut write) = stream.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 fake\r\n").await.ok()?;
        let mut message: Option<String> = None;
        while let Some(line) = lines.next_line().await.ok()? {
            let behaviour = *self.behaviour.lock().unwrap();
            let reply = match &mut message {
                Some(body) if line == "." => {
                    if behaviour == Behaviour::Disconnects {
                        return None;
                    }
                    self.accepted.lock().unwrap().push(std::mem::take(body));
                    message = None;
                    "250 accepted"
                }
                Some(body) => {
                    body.push_str(&line);
                    body.push('\n');
                    continue;
                }
                None if line.starts_with("MAIL") && behaviour == Behaviour::Defers => "451 come back later",
                None if line.starts_with("RCPT") && behaviour == Behaviour::Rejects => "550 no such mailbox",
                None if line.starts_with("DATA") => {
                    message = Some(String::new());
                    "354 go on"
                }
                None => "250 yes",
            };
            write.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
        }
        None
    }
}

/// An outbox that sends to a fake mail server, and a student to write to.
struct Outbox {
    state: AppState,
    student: UserId,
}

impl Outbox {
    async fn new(db: &PgPool, server: &FakeMailServer) -> Self {
        let smtp =
            SmtpConfig { url: format!("smtp://{}", server.address), from: "school@example.com".parse().unwrap() };
        let mailer = Mailer::new(Some(&smtp), "https://school.example").unwrap();
        let state = AppState { mailer, ..fixtures::state(db, fixtures::UNREACHABLE_URL).await };
        Self { state, student: fixtures::student(db, "student").await }
    }

    /// Inserts a mail about the row with this id.
    async fn insert(&self, related_id: u128) {
        let body =
            EmailBody::new("Your receipt for Tinte & Öl").line("Hello Demo student,").link("Courses", "/courses");
        let related_id = uuid::Uuid::from_u128(related_id);
        queries::insert(&self.state.db, "purchased", Some(related_id), self.student, &body).await.unwrap();
    }

    async fn send_all(&self) {
        while outbox::send_next(&self.state).await.unwrap() {}
    }

    async fn mails(&self) -> Vec<MailRow> {
        queries::list(&self.state.db, OutboxFilter::default(), None).await.unwrap()
    }

    async fn states(&self) -> Vec<MailState> {
        self.mails().await.into_iter().map(|mail| mail.state).collect()
    }

    /// Moves the times of all mails into the past.
    async fn advance_time(&self, minutes: i32) {
        sqlx::query!(
            "update mails set due_at = due_at - make_interval(mins => $1), claimed_at = claimed_at - make_interval(mins => $1)",
            minutes
        )
        .execute(&self.state.db)
        .await
        .unwrap();
    }
}

#[sqlx::test]
async fn an_email_reaches_the_mail_server_once(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Accepts).await;
    let outbox = Outbox::new(&db, &server).await;
    for _ in 0..3 {
        outbox.insert(1).await;
    }
    outbox.send_all().await;
    outbox.send_all().await;
    let accepted = server.accepted();
    assert_eq!(accepted.len(), 1, "inserted three times, sent once");
    for part in [
        "To: student@example.com",
        "From: Lectern <school@example.com>",
        "Auto-Submitted: auto-generated",
        "Message-ID: <",
        "multipart/alternative",
        "Hello Demo student,",
        "/courses",
    ] {
        assert!(accepted[0].contains(part), "{part} in {}", accepted[0]);
    }
    assert!(
        accepted[0].contains("Subject: ") && !accepted[0].contains("Öl"),
        "the subject is encoded: {}",
        accepted[0]
    );
    assert_eq!(outbox.states().await, [MailState::Sent]);
}

#[sqlx::test]
async fn a_busy_mail_server_is_retried_later(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Defers).await;
    let outbox = Outbox::new(&db, &server).await;
    outbox.insert(1).await;
    outbox.send_all().await;
    let mail = outbox.mails().await.remove(0);
    assert_eq!((mail.state, mail.attempts), (MailState::Due, 1));
    assert!(mail.error.contains("come back later"), "{}", mail.error);
    server.set_behaviour(Behaviour::Accepts);
    outbox.send_all().await;
    assert!(server.accepted().is_empty(), "the first retry is after a minute");
    outbox.advance_time(1).await;
    outbox.send_all().await;
    assert_eq!(server.accepted().len(), 1);
    assert_eq!(outbox.mails().await[0].error, "");
}

#[sqlx::test]
async fn an_outage_of_the_mail_server_is_retried_for_three_days(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Accepts).await;
    let mut outbox = Outbox::new(&db, &server).await;
    outbox.insert(1).await;
    let reachable = std::mem::replace(&mut outbox.state.mailer, Mailer::Outbox);
    let unreachable = SmtpConfig { url: "smtp://127.0.0.1:9".into(), from: "school@example.com".parse().unwrap() };
    outbox.state.mailer = Mailer::new(Some(&unreachable), "https://school.example").unwrap();
    outbox.send_all().await;
    assert_eq!(outbox.states().await, [MailState::Due]);
    outbox.state.mailer = reachable;
    outbox.advance_time(1).await;
    outbox.send_all().await;
    assert_eq!(server.accepted().len(), 1);
    // After three days it counts as failed.
    outbox.insert(2).await;
    sqlx::query!("update mails set created_at = created_at - interval '4 days'").execute(&db).await.unwrap();
    server.set_behaviour(Behaviour::Defers);
    outbox.send_all().await;
    assert_eq!(outbox.states().await[0], MailState::Failed);
}

#[sqlx::test]
async fn a_rejected_email_is_not_retried_until_an_admin_resends_it(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Rejects).await;
    let outbox = Outbox::new(&db, &server).await;
    outbox.insert(1).await;
    outbox.send_all().await;
    outbox.advance_time(10_000).await;
    server.set_behaviour(Behaviour::Accepts);
    outbox.send_all().await;
    let mail = outbox.mails().await.remove(0);
    assert_eq!(mail.state, MailState::Failed);
    assert!(mail.error.contains("no such mailbox"), "{}", mail.error);
    assert!(queries::update_for_resend(&db, mail.id, clock::now()).await.unwrap().is_some());
    outbox.send_all().await;
    assert_eq!(server.accepted().len(), 1);
    assert!(
        queries::update_for_resend(&db, mail.id, clock::now()).await.unwrap().is_none(),
        "a sent mail cannot be resent"
    );
}

#[sqlx::test]
async fn an_email_of_uncertain_delivery_is_never_resent_automatically(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Disconnects).await;
    let outbox = Outbox::new(&db, &server).await;
    outbox.insert(1).await;
    outbox.send_all().await;
    assert_eq!(outbox.states().await, [MailState::Unsure]);
    // The claim of a server that crashed during the attempt.
    outbox.insert(2).await;
    queries::claim(&db, clock::now()).await.unwrap().unwrap();
    outbox::clean_up(&db, clock::now()).await.unwrap();
    assert_eq!(outbox.states().await, [MailState::Sending, MailState::Unsure], "the attempt may still be running");
    outbox.advance_time(11).await;
    outbox::clean_up(&db, clock::now()).await.unwrap();
    assert_eq!(outbox.states().await, [MailState::Unsure, MailState::Unsure]);
    server.set_behaviour(Behaviour::Accepts);
    outbox.advance_time(10_000).await;
    outbox.send_all().await;
    assert!(server.accepted().is_empty());
}

#[sqlx::test]
async fn many_senders_send_each_mail_once(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Accepts).await;
    let outbox = Outbox::new(&db, &server).await;
    for id in 0..40 {
        outbox.insert(id).await;
    }
    futures::future::join_all((0..8).map(|_| outbox.send_all())).await;
    assert_eq!(server.accepted().len(), 40);
    assert!(outbox.states().await.into_iter().all(|state| state == MailState::Sent));
}

#[sqlx::test]
async fn without_a_mail_server_emails_stay_in_the_outbox_and_are_purged(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Accepts).await;
    let mut outbox = Outbox::new(&db, &server).await;
    outbox.state.mailer = Mailer::Outbox;
    outbox.insert(1).await;
    outbox.send_all().await;
    let mail = outbox.mails().await.remove(0);
    assert!(mail.stored_only && mail.state == MailState::Sent, "{mail:?}");
    outbox::clean_up(&db, clock::now() + TimeDelta::days(89)).await.unwrap();
    assert_eq!(outbox.mails().await.len(), 1);
    outbox::clean_up(&db, clock::now() + TimeDelta::days(91)).await.unwrap();
    assert!(outbox.mails().await.is_empty());
}

#[sqlx::test]
async fn a_deleted_user_gets_no_email(db: PgPool) {
    let server = FakeMailServer::start(Behaviour::Accepts).await;
    let outbox = Outbox::new(&db, &server).await;
    sqlx::query!("update users set deleted_at = now() where id = $1", outbox.student.uuid())
        .execute(&db)
        .await
        .unwrap();
    outbox.insert(1).await;
    assert!(outbox.mails().await.is_empty());
}

/// Browsers of a visitor, a student and an admin, and a student to write to.
struct BackOffice {
    db: PgPool,
    student: UserId,
    browsers: [Browser; 3],
}

async fn back_office(db: &PgPool) -> BackOffice {
    let school = TestApp::new(db).build().await;
    let browsers = school.browsers().await;
    BackOffice { db: db.clone(), student: school.student, browsers }
}

impl BackOffice {
    async fn insert(&self, subject: &str) -> i64 {
        let body = EmailBody::new(subject).line("Secret <b>words</b>");
        queries::insert(&self.db, "purchased", Some(Uuid::new_v4()), self.student, &body).await.unwrap();
        sqlx::query_scalar!(r#"select max(id) as "id!" from mails"#).fetch_one(&self.db).await.unwrap()
    }

    async fn finish_attempt(&self, mail: i64, state: MailState) {
        let claimed = queries::claim(&self.db, clock::now()).await.unwrap().unwrap();
        assert_eq!(claimed.id, mail);
        let now = clock::now();
        assert!(
            queries::update_after_attempt(&self.db, &claimed, state, false, "550 no such mailbox", now, now)
                .await
                .unwrap()
        );
    }
}

#[sqlx::test]
async fn only_admins_read_emails(db: PgPool) {
    let office = back_office(&db).await;
    let mail = office.insert("Your receipt").await;
    let [visitor, student, admin] = &office.browsers;
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
    assert!(page.contains("Secret &lt;b&gt;words") && page.contains("stored here and not sent"), "{page}");
    assert_eq!(admin.get("/admin/outbox/999").await.status, 404);
    assert_eq!(admin.get("/admin/outbox/x").await.status, 404);
}

#[sqlx::test]
async fn the_outbox_is_filtered_and_paged(db: PgPool) {
    let office = back_office(&db).await;
    for n in 0..60 {
        office.insert(&format!("Mail {n:02}")).await;
    }
    let admin = &office.browsers[2];
    let page = admin.get(paths::ADMIN_OUTBOX).await.body;
    assert!(page.contains("Mail 59") && page.contains("Mail 10") && !page.contains("Mail 09"));
    let ids = queries::list(&db, OutboxFilter::default(), None).await.unwrap();
    let next = admin.get(&format!("{}?before={}", paths::ADMIN_OUTBOX, ids[49].id)).await.body;
    assert!(next.contains("Mail 09") && !next.contains("Mail 10"));
    assert!(admin.get("/admin/outbox?state=sent").await.body.contains("No mail here"));
    assert!(admin.get("/admin/outbox?state=waiting").await.body.contains("Mail 59"));
    let page = admin.get(&OutboxFilter::to(office.student).url(None)).await.body;
    assert!(page.contains("Mail to Demo student."));
}

#[sqlx::test]
async fn an_admin_resends_only_failed_emails(db: PgPool) {
    let office = back_office(&db).await;
    let admin = &office.browsers[2];
    let mail = office.insert("Your receipt").await;
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 409, "it is due already");
    office.finish_attempt(mail, MailState::Failed).await;
    let page = admin.get(&paths::mail(mail)).await.body;
    assert!(page.contains("550 no such mailbox") && page.contains("Send again"), "{page}");
    assert!(admin.get(paths::ADMIN_OUTBOX).await.body.contains("need attention"));
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 303);
    assert_eq!(fixtures::audit(&db).await, ["mail.send_again: Resent the mail “Your receipt”"]);
    let state = fixtures::state(&db, fixtures::UNREACHABLE_URL).await;
    assert!(outbox::send_next(&state).await.unwrap());
    let page = admin.get(&paths::mail(mail)).await.body;
    assert!(page.contains("Stored only") && !page.contains("Send again"), "{page}");
    assert_eq!(admin.post(&paths::mail(mail), "").await.status, 409);
}
