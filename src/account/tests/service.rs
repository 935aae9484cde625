//! Tests of the service functions: each link, each change, and what the mails say.

use chrono::TimeDelta;
use rstest::rstest;
use sqlx::PgPool;

use crate::{
    account::{
        LinkPurpose,
        input::SignUp,
        queries,
        service::{
            LINK_EXPIRED, LinkEffect, change_address, change_password, delete, end_sessions, request_confirmation,
            request_link, sign_up, use_link,
        },
    },
    error::{Error, Result},
    id::UserId,
    identity::local,
    mail::{EmailBody, OutboxFilter, queries as outbox},
    platform::clock,
    tests::fixtures,
    users::queries as users,
};

const PASSWORD: &str = "a long password of mine";
const NEW: &str = "another long password";
const EMAIL: &str = "student@example.com";

/// A student who has just signed up.
async fn student(db: &PgPool) -> UserId {
    let form = SignUp::parse("Demo student", EMAIL, PASSWORD).unwrap();
    sign_up(db, form, None, clock::now()).await.unwrap()
}

async fn mails(db: &PgPool) -> Vec<(String, EmailBody)> {
    let mut mails = outbox::list(db, OutboxFilter::default(), None).await.unwrap();
    mails.reverse();
    mails.into_iter().map(|mail| (mail.address, mail.body)).collect()
}

/// The token in the last mail.
async fn token(db: &PgPool) -> String {
    let (_, mail) = mails(db).await.pop().unwrap();
    mail.links[0].path.rsplit_once('=').unwrap().1.to_owned()
}

async fn request(db: &PgPool, purpose: LinkPurpose) -> String {
    request_link(db, EMAIL, purpose, clock::now()).await.unwrap().unwrap();
    token(db).await
}

async fn open(db: &PgPool, token: &str, password: &str) -> Result<LinkEffect> {
    use_link(db, token, password, Some("admin@example.com"), clock::now()).await
}

async fn confirmed(db: &PgPool, user: UserId) -> bool {
    queries::find_addresses(db, user, clock::now()).await.unwrap().0
}

fn assert_expired<T: std::fmt::Debug>(answer: Result<T>) {
    assert_eq!(answer.unwrap_err(), Error::Rejected(LINK_EXPIRED.into()));
}

#[sqlx::test]
async fn a_new_account_gets_a_link_to_confirm_its_address(db: PgPool) {
    let user = student(&db).await;
    let (address, mail) = mails(&db).await.remove(0);
    assert_eq!((address.as_str(), mail.subject.as_str(), mail.secret), (EMAIL, "Confirm your address", true));
    assert!(!confirmed(&db, user).await);
    let token = token(&db).await;
    assert_eq!(
        open(&db, &token, "").await,
        Ok(LinkEffect { user, purpose: LinkPurpose::Confirm, password_removed: false })
    );
    assert!(confirmed(&db, user).await);
    assert_expired(open(&db, &token, "").await);
    assert_eq!(request_confirmation(&db, user, clock::now()).await, Ok(None), "it is already confirmed");
}

#[sqlx::test]
async fn a_forgotten_password_is_reset_once_and_all_sessions_end(db: PgPool) {
    let user = student(&db).await;
    let session = local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    let (first, second) = (request(&db, LinkPurpose::Reset).await, request(&db, LinkPurpose::Reset).await);
    let weak = fixtures::field_errors(open(&db, &first, "password1234").await);
    assert_eq!(weak, ["password: This password is easy to guess. Use another one."]);
    open(&db, &first, NEW).await.unwrap();
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(None));
    assert_eq!(users::find_by_session(&db, &local::digest(&session)).await.unwrap(), None);
    assert_expired(open(&db, &first, NEW).await);
    assert_expired(open(&db, &second, NEW).await);
    assert!(confirmed(&db, user).await, "the user reads mail to that address");
    assert_eq!(mails(&db).await.pop().unwrap().1.subject, "Your password was changed");
}

#[sqlx::test]
async fn an_unknown_address_gets_no_link(db: PgPool) {
    student(&db).await;
    assert_eq!(request_link(&db, "nobody@example.com", LinkPurpose::Reset, clock::now()).await, Ok(None));
    assert_eq!(mails(&db).await.len(), 1);
    assert_expired(open(&db, "", NEW).await);
    assert_expired(open(&db, &"0".repeat(64), NEW).await);
}

#[rstest]
#[case(LinkPurpose::Reset, TimeDelta::minutes(59), true)]
#[case(LinkPurpose::Reset, TimeDelta::minutes(61), false)]
#[case(LinkPurpose::SignIn, TimeDelta::minutes(19), true)]
#[case(LinkPurpose::SignIn, TimeDelta::minutes(21), false)]
#[sqlx::test]
async fn a_link_expires(
    #[ignore] db: PgPool,
    #[case] purpose: LinkPurpose,
    #[case] later: TimeDelta,
    #[case] works: bool,
) {
    student(&db).await;
    let token = request(&db, purpose).await;
    let used = use_link(&db, &token, NEW, None, clock::now() + later).await;
    assert_eq!(used.is_ok(), works, "{used:?}");
}

#[sqlx::test]
async fn a_link_used_twice_at_once_works_once(db: PgPool) {
    student(&db).await;
    let token = request(&db, LinkPurpose::SignIn).await;
    let used = futures::future::join_all((0..10).map(|_| open(&db, &token, ""))).await;
    assert_eq!(used.iter().filter(|used| used.is_ok()).count(), 1);
}

#[sqlx::test]
async fn an_address_changes_when_the_new_one_is_confirmed_and_the_old_one_is_notified(db: PgPool) {
    let user = student(&db).await;
    let reset = request(&db, LinkPurpose::Reset).await;
    let change = |password, new| change_address(&db, user, EMAIL, password, new, clock::now());
    assert_eq!(
        fixtures::field_errors(change("wrong", "new@example.com").await),
        ["password: This is not your password."]
    );
    assert_eq!(
        fixtures::field_errors(change(PASSWORD, "nowhere").await),
        ["email: Enter an address like name@example.com."]
    );
    assert_eq!(
        fixtures::field_errors(change(PASSWORD, "STUDENT@example.com").await),
        ["email: This is already your address."]
    );
    change(PASSWORD, "new@example.com").await.unwrap();
    assert_eq!(queries::find_addresses(&db, user, clock::now()).await.unwrap().1.as_deref(), Some("new@example.com"));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(Some(user)), "not yet");
    let (to, _) = mails(&db).await.pop().unwrap();
    assert_eq!(to, "new@example.com");
    let moved = token(&db).await;
    open(&db, &moved, "").await.unwrap();
    assert_eq!(local::check_password(&db, "new@example.com", PASSWORD).await, Ok(Some(user)));
    let (to, mail) = mails(&db).await.pop().unwrap();
    assert_eq!((to.as_str(), mail.subject.as_str()), (EMAIL, "Your address was changed"));
    assert_expired(open(&db, &reset, NEW).await);
}

#[sqlx::test]
async fn an_address_that_another_user_took_meanwhile_is_rejected(db: PgPool) {
    let user = student(&db).await;
    change_address(&db, user, EMAIL, PASSWORD, "new@example.com", clock::now()).await.unwrap();
    let token = token(&db).await;
    fixtures::student(&db, "new").await;
    let late = open(&db, &token, "").await;
    assert_eq!(late.unwrap_err(), Error::Rejected("Another account has this address now.".into()));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(Some(user)));
    assert!(mails(&db).await.iter().all(|(_, mail)| mail.subject != "Your address was changed"));
}

#[sqlx::test]
async fn changing_a_password_requires_it_and_ends_other_sessions(db: PgPool) {
    let user = student(&db).await;
    let session = async || local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    let (here, there) = (session().await, session().await);
    let change = |old, new| change_password(&db, user, EMAIL, &here, old, new);
    assert_eq!(fixtures::field_errors(change("wrong", NEW).await), ["current_password: This is not your password."]);
    assert_eq!(fixtures::field_errors(change(PASSWORD, "short").await).len(), 1);
    change(PASSWORD, NEW).await.unwrap();
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
    let alive = async |token: &str| users::find_by_session(&db, &local::digest(token)).await.unwrap().is_some();
    assert!(alive(&here).await && !alive(&there).await);
}

#[sqlx::test]
async fn sessions_end_one_by_one_or_all_but_the_current_one(db: PgPool) {
    let user = student(&db).await;
    let other = fixtures::student(&db, "other").await;
    let here = local::start_session(&db, user, None, "Firefox on Linux", clock::now()).await.unwrap();
    for _ in 0..3 {
        local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    }
    local::start_session(&db, other, None, "", clock::now()).await.unwrap();
    let list = async |user| queries::list_sessions(&db, user, &local::digest(&here), clock::now()).await.unwrap();
    let sessions = list(user).await;
    assert_eq!((sessions.len(), sessions[0].here, sessions[0].agent.as_str()), (4, true, "Firefox on Linux"));
    let foreign = list(other).await[0].id;
    let end = |session| end_sessions(&db, user, &here, session);
    assert_eq!(end(Some(foreign)).await, Ok("That session had already ended."));
    assert_eq!(list(other).await.len(), 1, "a user cannot end the session of another");
    assert_eq!(end(Some(sessions[1].id)).await, Ok("Signed out there."));
    assert_eq!(end(None).await, Ok("Signed out everywhere else."));
    assert_eq!(end(None).await, Ok("You are signed in nowhere else."));
    assert_eq!(list(user).await.len(), 1);
}

#[sqlx::test]
async fn a_deleted_account_keeps_its_purchases_and_nothing_personal(db: PgPool) {
    let user = student(&db).await;
    let course = fixtures::course(&db, "Course").await;
    let product = fixtures::product(&db, "product", 60, &[course]).await;
    fixtures::purchase(&db, user, product).await;
    local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    assert_eq!(
        fixtures::field_errors(delete(&db, user, EMAIL, "wrong").await),
        ["password: This is not your password."]
    );
    delete(&db, user, EMAIL, PASSWORD).await.unwrap();
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(None));
    let row = sqlx::query!(
        r#"select name, email, clerk_user_id, deleted_at is not null as "deleted!",
                  (select count(*) from sessions) as "sessions!", (select count(*) from account_links) as "links!",
                  (select count(*) from purchases) as "purchases!", (select count(*) from local_credentials) as "passwords!"
             from users where id = $1"#,
        user.uuid()
    )
    .fetch_one(&db)
    .await
    .unwrap();
    assert_eq!((row.name.as_str(), row.deleted), ("Deleted student", true));
    assert!(row.email.ends_with("@deleted.invalid") && row.clerk_user_id.starts_with("deleted_"), "{}", row.email);
    assert_eq!((row.sessions, row.links, row.passwords, row.purchases), (0, 0, 0, 1));
    let left: Vec<_> = mails(&db).await.into_iter().map(|(_, mail)| mail.subject).collect();
    assert_eq!(left, ["Your account is deleted"]);
    // The address is free, and a second deleted account does not conflict with the first.
    let again = student(&db).await;
    delete(&db, again, EMAIL, PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn the_last_admin_cannot_be_removed(db: PgPool) {
    let user = student(&db).await;
    crate::users::queries::grant_admin(&db, EMAIL).await.unwrap();
    let last = delete(&db, user, EMAIL, PASSWORD).await;
    assert_eq!(last, Err(Error::Conflict("You are the only admin. Make another user admin first.".into())));
    fixtures::student(&db, "other").await;
    crate::users::queries::grant_admin(&db, "other@example.com").await.unwrap();
    delete(&db, user, EMAIL, PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn the_address_of_an_admin_is_confirmed_first(db: PgPool) {
    let form = SignUp::parse("Demo instructor", "Admin@example.com", PASSWORD).unwrap();
    let user = sign_up(&db, form, None, clock::now()).await.unwrap();
    let admins = async || users::lock_admins(&db).await.unwrap();
    assert!(admins().await.is_empty());
    open(&db, &token(&db).await, "").await.unwrap();
    assert_eq!(admins().await, [user]);
}

#[sqlx::test]
async fn exported_data_is_complete_and_only_the_users_own(db: PgPool) {
    let (user, other) = (student(&db).await, fixtures::student(&db, "other").await);
    let course = fixtures::course(&db, "Drawing").await;
    let lessons = fixtures::section(&db, course, 0, "public", &[("Hook", "public")]).await;
    let product = fixtures::product(&db, "product", 60, &[course]).await;
    for buyer in [user, other] {
        fixtures::purchase(&db, buyer, product).await;
        sqlx::query!(
            "insert into user_lesson_complete (user_id, lesson_id) values ($1, $2)",
            buyer.uuid(),
            lessons[0].uuid()
        )
        .execute(&db)
        .await
        .unwrap();
    }
    let data: serde_json::Value =
        serde_json::from_slice(&crate::account::data_export::write(&db, user).await.unwrap()).unwrap();
    assert_eq!(data["account"]["email"], EMAIL);
    let counts =
        ["purchases", "courses", "completed_lessons", "emails"].map(|part| data[part].as_array().unwrap().len());
    assert_eq!(counts, [1, 1, 1, 1]);
    assert_eq!(data["completed_lessons"][0]["lesson"], "Hook");
    let text = data.to_string();
    assert!(!text.contains("other@example.com") && !text.contains("argon2") && !text.contains("token"), "{text}");
}

#[sqlx::test]
async fn a_password_set_before_the_address_was_confirmed_is_removed(db: PgPool) {
    let user = student(&db).await;
    let waiting = local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    change_address(&db, user, EMAIL, PASSWORD, "attacker@example.com", clock::now()).await.unwrap();
    let moved = token(&db).await;
    let mine = request(&db, LinkPurpose::SignIn).await;
    assert_eq!(
        open(&db, &mine, "").await,
        Ok(LinkEffect { user, purpose: LinkPurpose::SignIn, password_removed: true })
    );
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(None));
    assert_eq!(users::find_by_session(&db, &local::digest(&waiting)).await.unwrap(), None);
    assert_expired(open(&db, &moved, "").await);
    // The address is confirmed from then on, and no link removes the password.
    let reset = request(&db, LinkPurpose::Reset).await;
    open(&db, &reset, NEW).await.unwrap();
    let again = request(&db, LinkPurpose::SignIn).await;
    assert_eq!(
        open(&db, &again, "").await,
        Ok(LinkEffect { user, purpose: LinkPurpose::SignIn, password_removed: false })
    );
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
}
