use std::sync::{Arc, Mutex};

use sqlx::PgPool;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
};

use super::*;
use crate::{
    id::UserId,
    mail::{EmailBody, MailRow, OutboxFilter},
    platform::{config::SmtpConfig, smtp::Mailer},
    tests::fixtures,
};

/// How a mail server behaves from now on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    Takes,
    /// "451": not now.
    Busy,
    /// "550": never.
    Refuses,
    /// Reads the mail and hangs up without a word.
    HangsUp,
}

/// A mail server that speaks just enough of RFC 5321, and what it took.
#[derive(Clone)]
struct Post {
    manner: Arc<Mutex<Manner>>,
    taken: Arc<Mutex<Vec<String>>>,
    address: std::net::SocketAddr,
}

impl Post {
    async fn open(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let post = Self {
            manner: Arc::new(Mutex::new(manner)),
            taken: Arc::default(),
            address: listener.local_addr().unwrap(),
        };
        let at_work = post.clone();
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                let at_work = at_work.clone();
                tokio::spawn(async move { at_work.serve(line).await });
            }
        });
        post
    }

    fn is(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }

    fn taken(&self) -> Vec<String> {
        self.taken.lock().unwrap().clone()
    }

    async fn serve(&self, line: TcpStream) -> Option<()> {
        let (read, mut write) = line.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 post\r\n").await.ok()?;
        let mut mail: Option<String> = None;
        while let Some(said) = lines.next_line().await.ok()? {
            let manner = *self.manner.lock().unwrap();
            let answer = match &mut mail {
                Some(body) if said == "." => {
                    if manner == Manner::HangsUp {
                        return None;
                    }
                    self.taken.lock().unwrap().push(std::mem::take(body));
                    mail = None;
                    "250 taken"
                }
                Some(body) => {
                    body.push_str(&said);
                    body.push('\n');
                    continue;
                }
                None if said.starts_with("MAIL") && manner == Manner::Busy => "451 come back later",
                None if said.starts_with("RCPT") && manner == Manner::Refuses => "550 no such mailbox",
                None if said.starts_with("DATA") => {
                    mail = Some(String::new());
                    "354 go on"
                }
                None => "250 yes",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
        }
        None
    }
}

struct School {
    state: AppState,
    student: UserId,
}

impl School {
    async fn open(db: &PgPool, post: &Post) -> Self {
        let smtp = SmtpConfig { url: format!("smtp://{}", post.address), from: "school@example.com".parse().unwrap() };
        let mailer = Mailer::new(Some(&smtp), "https://school.example").unwrap();
        let state = AppState { mailer, ..fixtures::state(db, "http://127.0.0.1:9").await };
        Self { state, student: fixtures::student(db, "student").await }
    }

    async fn write(&self, about: u128) {
        let letter =
            EmailBody::new("Your receipt for Tinte & Öl").line("Hello Demo student,").link("Courses", "/courses");
        let about = uuid::Uuid::from_u128(about);
        queries::insert(&self.state.db, "purchased", Some(about), self.student, &letter).await.unwrap();
    }

    async fn send_all(&self) {
        while send_next(&self.state).await.unwrap() {}
    }

    async fn mails(&self) -> Vec<MailRow> {
        queries::list(&self.state.db, OutboxFilter::default(), None).await.unwrap()
    }

    async fn states(&self) -> Vec<MailState> {
        self.mails().await.into_iter().map(|mail| mail.state).collect()
    }

    /// As if so much time had passed.
    async fn pass(&self, minutes: i32) {
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
async fn a_letter_reaches_the_mail_server_once(db: PgPool) {
    let post = Post::open(Manner::Takes).await;
    let school = School::open(&db, &post).await;
    for _ in 0..3 {
        school.write(1).await;
    }
    school.send_all().await;
    school.send_all().await;
    let taken = post.taken();
    assert_eq!(taken.len(), 1, "told three times, written once");
    for part in [
        "To: student@example.com",
        "From: Lectern <school@example.com>",
        "Auto-Submitted: auto-generated",
        "Message-ID: <",
        "multipart/alternative",
        "Hello Demo student,",
        "/courses",
    ] {
        assert!(taken[0].contains(part), "{part} in {}", taken[0]);
    }
    assert!(taken[0].contains("Subject: ") && !taken[0].contains("Öl"), "a subject goes encoded: {}", taken[0]);
    assert_eq!(school.states().await, [MailState::Sent]);
}

#[sqlx::test]
async fn a_busy_mail_server_is_asked_again_later(db: PgPool) {
    let post = Post::open(Manner::Busy).await;
    let school = School::open(&db, &post).await;
    school.write(1).await;
    school.send_all().await;
    let mail = school.mails().await.remove(0);
    assert_eq!((mail.state, mail.attempts), (MailState::Due, 1));
    assert!(mail.trouble.contains("come back later"), "{}", mail.trouble);
    post.is(Manner::Takes);
    school.send_all().await;
    assert!(post.taken().is_empty(), "it waits its minute");
    school.pass(1).await;
    school.send_all().await;
    assert_eq!(post.taken().len(), 1);
    assert_eq!(school.mails().await[0].trouble, "");
}

#[sqlx::test]
async fn a_mail_server_that_is_away_is_waited_for(db: PgPool) {
    let post = Post::open(Manner::Takes).await;
    let mut school = School::open(&db, &post).await;
    school.write(1).await;
    let there = std::mem::replace(&mut school.state.mailer, Mailer::Outbox);
    let nowhere = SmtpConfig { url: "smtp://127.0.0.1:9".into(), from: "school@example.com".parse().unwrap() };
    school.state.mailer = Mailer::new(Some(&nowhere), "https://school.example").unwrap();
    school.send_all().await;
    assert_eq!(school.states().await, [MailState::Due]);
    school.state.mailer = there;
    school.pass(1).await;
    school.send_all().await;
    assert_eq!(post.taken().len(), 1);
    // For three days; then somebody has to look.
    school.write(2).await;
    sqlx::query!("update mails set created_at = created_at - interval '4 days'").execute(&db).await.unwrap();
    post.is(Manner::Busy);
    school.send_all().await;
    assert_eq!(school.states().await[0], MailState::Failed);
}

#[sqlx::test]
async fn what_is_refused_is_not_tried_again_until_an_admin_says_so(db: PgPool) {
    let post = Post::open(Manner::Refuses).await;
    let school = School::open(&db, &post).await;
    school.write(1).await;
    school.send_all().await;
    school.pass(10_000).await;
    post.is(Manner::Takes);
    school.send_all().await;
    let mail = school.mails().await.remove(0);
    assert_eq!(mail.state, MailState::Failed);
    assert!(mail.trouble.contains("no such mailbox"), "{}", mail.trouble);
    assert!(queries::send_again(&db, mail.id, clock::now()).await.unwrap().is_some());
    school.send_all().await;
    assert_eq!(post.taken().len(), 1);
    assert!(queries::send_again(&db, mail.id, clock::now()).await.unwrap().is_none(), "what was sent stays sent");
}

#[sqlx::test]
async fn what_may_have_been_taken_is_never_sent_again_by_itself(db: PgPool) {
    let post = Post::open(Manner::HangsUp).await;
    let school = School::open(&db, &post).await;
    school.write(1).await;
    school.send_all().await;
    assert_eq!(school.states().await, [MailState::Unsure]);
    // A server that died while it sent.
    school.write(2).await;
    queries::claim(&db, clock::now()).await.unwrap().unwrap();
    sweep(&db, clock::now()).await.unwrap();
    assert_eq!(school.states().await, [MailState::Sending, MailState::Unsure], "it may still be at it");
    school.pass(11).await;
    sweep(&db, clock::now()).await.unwrap();
    assert_eq!(school.states().await, [MailState::Unsure, MailState::Unsure]);
    post.is(Manner::Takes);
    school.pass(10_000).await;
    school.send_all().await;
    assert!(post.taken().is_empty());
}

#[sqlx::test]
async fn many_senders_send_each_mail_once(db: PgPool) {
    let post = Post::open(Manner::Takes).await;
    let school = School::open(&db, &post).await;
    for about in 0..40 {
        school.write(about).await;
    }
    futures::future::join_all((0..8).map(|_| school.send_all())).await;
    assert_eq!(post.taken().len(), 40);
    assert!(school.states().await.into_iter().all(|state| state == MailState::Sent));
}

#[sqlx::test]
async fn without_a_mail_server_mail_stays_here_and_is_forgotten_in_the_end(db: PgPool) {
    let post = Post::open(Manner::Takes).await;
    let mut school = School::open(&db, &post).await;
    school.state.mailer = Mailer::Outbox;
    school.write(1).await;
    school.send_all().await;
    let mail = school.mails().await.remove(0);
    assert!(mail.kept && mail.state == MailState::Sent, "{mail:?}");
    sweep(&db, clock::now() + TimeDelta::days(89)).await.unwrap();
    assert_eq!(school.mails().await.len(), 1);
    sweep(&db, clock::now() + TimeDelta::days(91)).await.unwrap();
    assert!(school.mails().await.is_empty());
}

#[sqlx::test]
async fn nobody_writes_to_whoever_is_deleted(db: PgPool) {
    let post = Post::open(Manner::Takes).await;
    let school = School::open(&db, &post).await;
    sqlx::query!("update users set deleted_at = now() where id = $1", school.student.uuid())
        .execute(&db)
        .await
        .unwrap();
    school.write(1).await;
    assert!(school.mails().await.is_empty());
}

#[test]
fn attempts_come_less_and_less_often() {
    let minutes: Vec<_> = (1..10).map(|attempt| wait(attempt).num_minutes()).collect();
    assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
}
