use chrono::TimeDelta;
use rstest::rstest;
use sqlx::PgPool;

use super::*;
use crate::{
    account::input::SignUp,
    mail::{EmailBody, OutboxFilter},
    platform::clock,
    tests::fixtures,
};

const PASSWORD: &str = "a long password of mine";
const NEW: &str = "another long password";
const EMAIL: &str = "student@example.com";

/// Somebody who signed up just now.
async fn student(db: &PgPool) -> UserId {
    let form = SignUp::parse("Demo student", EMAIL, PASSWORD).unwrap();
    sign_up(db, form, None, clock::now()).await.unwrap()
}

async fn letters(db: &PgPool) -> Vec<(String, EmailBody)> {
    let mut mails = outbox::list(db, OutboxFilter::default(), None).await.unwrap();
    mails.reverse();
    mails.into_iter().map(|mail| (mail.address, mail.letter)).collect()
}

/// The token in the last letter.
async fn token(db: &PgPool) -> String {
    let (_, letter) = letters(db).await.pop().unwrap();
    letter.links[0].path.rsplit_once('=').unwrap().1.to_owned()
}

async fn ask(db: &PgPool, purpose: Purpose) -> String {
    ask_for_link(db, EMAIL, purpose, clock::now()).await.unwrap().unwrap();
    token(db).await
}

async fn with(db: &PgPool, token: &str, password: &str) -> Result<Used> {
    use_link(db, token, password, Some("admin@example.com"), clock::now()).await
}

async fn confirmed(db: &PgPool, user: UserId) -> bool {
    queries::find_addresses(db, user, clock::now()).await.unwrap().0
}

fn gone<T: std::fmt::Debug>(answer: Result<T>) {
    assert_eq!(answer.unwrap_err(), Error::Rejected(GONE.into()));
}

#[sqlx::test]
async fn whoever_signs_up_is_asked_whether_the_address_is_theirs(db: PgPool) {
    let user = student(&db).await;
    let (address, letter) = letters(&db).await.remove(0);
    assert_eq!((address.as_str(), letter.subject.as_str(), letter.secret), (EMAIL, "Confirm your address", true));
    assert!(!confirmed(&db, user).await);
    let token = token(&db).await;
    assert_eq!(with(&db, &token, "").await, Ok(Used { user, purpose: Purpose::Confirm, password_gone: false }));
    assert!(confirmed(&db, user).await);
    gone(with(&db, &token, "").await);
    assert_eq!(ask_to_confirm(&db, user, clock::now()).await, Ok(None), "it is known already");
}

#[sqlx::test]
async fn a_forgotten_password_is_replaced_once_and_everybody_is_signed_out(db: PgPool) {
    let user = student(&db).await;
    let session = local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    let (first, second) = (ask(&db, Purpose::Reset).await, ask(&db, Purpose::Reset).await);
    let weak = fixtures::refusals(with(&db, &first, "password1234").await);
    assert_eq!(weak, ["password: This password is among the first that are guessed. Use another one."]);
    with(&db, &first, NEW).await.unwrap();
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(None));
    assert_eq!(users::find_by_session(&db, &local::digest(&session)).await.unwrap(), None);
    gone(with(&db, &first, NEW).await);
    gone(with(&db, &second, NEW).await);
    assert!(confirmed(&db, user).await, "whoever opened it reads that mail");
    assert_eq!(letters(&db).await.pop().unwrap().1.subject, "Your password was changed");
}

#[sqlx::test]
async fn nobody_has_no_link(db: PgPool) {
    student(&db).await;
    assert_eq!(ask_for_link(&db, "nobody@example.com", Purpose::Reset, clock::now()).await, Ok(None));
    assert_eq!(letters(&db).await.len(), 1);
    gone(with(&db, "", NEW).await);
    gone(with(&db, &"0".repeat(64), NEW).await);
}

#[rstest]
#[case(Purpose::Reset, TimeDelta::minutes(59), true)]
#[case(Purpose::Reset, TimeDelta::minutes(61), false)]
#[case(Purpose::SignIn, TimeDelta::minutes(19), true)]
#[case(Purpose::SignIn, TimeDelta::minutes(21), false)]
#[sqlx::test]
async fn a_link_ends(#[ignore] db: PgPool, #[case] purpose: Purpose, #[case] later: TimeDelta, #[case] works: bool) {
    student(&db).await;
    let token = ask(&db, purpose).await;
    let used = use_link(&db, &token, NEW, None, clock::now() + later).await;
    assert_eq!(used.is_ok(), works, "{used:?}");
}

#[sqlx::test]
async fn a_link_used_twice_at_once_works_once(db: PgPool) {
    student(&db).await;
    let token = ask(&db, Purpose::SignIn).await;
    let used = futures::future::join_all((0..10).map(|_| with(&db, &token, ""))).await;
    assert_eq!(used.iter().filter(|used| used.is_ok()).count(), 1);
}

#[sqlx::test]
async fn an_address_changes_when_the_new_one_says_so_and_the_old_one_is_told(db: PgPool) {
    let user = student(&db).await;
    let reset = ask(&db, Purpose::Reset).await;
    let change = |password, new| change_address(&db, user, EMAIL, password, new, clock::now());
    assert_eq!(fixtures::refusals(change("wrong", "new@example.com").await), ["password: This is not your password."]);
    assert_eq!(
        fixtures::refusals(change(PASSWORD, "nowhere").await),
        ["email: Enter an address like name@example.com."]
    );
    assert_eq!(
        fixtures::refusals(change(PASSWORD, "STUDENT@example.com").await),
        ["email: This is your address already."]
    );
    change(PASSWORD, "new@example.com").await.unwrap();
    assert_eq!(queries::find_addresses(&db, user, clock::now()).await.unwrap().1.as_deref(), Some("new@example.com"));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(Some(user)), "not yet");
    let (to, _) = letters(&db).await.pop().unwrap();
    assert_eq!(to, "new@example.com");
    let moved = token(&db).await;
    with(&db, &moved, "").await.unwrap();
    assert_eq!(local::check_password(&db, "new@example.com", PASSWORD).await, Ok(Some(user)));
    let (to, letter) = letters(&db).await.pop().unwrap();
    assert_eq!((to.as_str(), letter.subject.as_str()), (EMAIL, "Your address was changed"));
    gone(with(&db, &reset, NEW).await);
}

#[sqlx::test]
async fn an_address_that_somebody_else_took_meanwhile_is_not_given_twice(db: PgPool) {
    let user = student(&db).await;
    change_address(&db, user, EMAIL, PASSWORD, "new@example.com", clock::now()).await.unwrap();
    let token = token(&db).await;
    fixtures::student(&db, "new").await;
    let late = with(&db, &token, "").await;
    assert_eq!(late.unwrap_err(), Error::Rejected("Another account has this address by now.".into()));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(Some(user)));
    assert!(letters(&db).await.iter().all(|(_, letter)| letter.subject != "Your address was changed"));
}

#[sqlx::test]
async fn a_password_is_changed_by_whoever_knows_it_and_stays_signed_in_here(db: PgPool) {
    let user = student(&db).await;
    let session = async || local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    let (here, there) = (session().await, session().await);
    let change = |old, new| change_password(&db, user, EMAIL, &here, old, new);
    assert_eq!(fixtures::refusals(change("wrong", NEW).await), ["current_password: This is not your password."]);
    assert_eq!(fixtures::refusals(change(PASSWORD, "short").await).len(), 1);
    change(PASSWORD, NEW).await.unwrap();
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
    let alive = async |token: &str| users::find_by_session(&db, &local::digest(token)).await.unwrap().is_some();
    assert!(alive(&here).await && !alive(&there).await);
}

#[sqlx::test]
async fn sessions_end_one_by_one_or_all_but_this(db: PgPool) {
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
    assert_eq!(end(Some(foreign)).await, Ok("That session had ended already."));
    assert_eq!(list(other).await.len(), 1, "nobody ends another's");
    assert_eq!(end(Some(sessions[1].id)).await, Ok("Signed out there."));
    assert_eq!(end(None).await, Ok("Signed out everywhere else."));
    assert_eq!(end(None).await, Ok("You are signed in nowhere else."));
    assert_eq!(list(user).await.len(), 1);
}

#[sqlx::test]
async fn a_deleted_account_leaves_books_and_nothing_personal(db: PgPool) {
    let user = student(&db).await;
    let course = fixtures::course(&db, "Course").await;
    let product = fixtures::product(&db, "product", 60, &[course]).await;
    fixtures::purchase(&db, user, product).await;
    local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    assert_eq!(fixtures::refusals(delete(&db, user, EMAIL, "wrong").await), ["password: This is not your password."]);
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
    let left: Vec<_> = letters(&db).await.into_iter().map(|(_, letter)| letter.subject).collect();
    assert_eq!(left, ["Your account is deleted"]);
    // The address is free, and a second tombstone does not meet the first.
    let again = student(&db).await;
    delete(&db, again, EMAIL, PASSWORD).await.unwrap();
}

#[sqlx::test]
async fn the_last_admin_stays(db: PgPool) {
    let user = student(&db).await;
    crate::users::queries::grant_admin(&db, EMAIL).await.unwrap();
    let last = delete(&db, user, EMAIL, PASSWORD).await;
    assert_eq!(last, Err(Error::Conflict("You are the only admin. Make somebody else admin first.".into())));
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
    with(&db, &token(&db).await, "").await.unwrap();
    assert_eq!(admins().await, [user]);
}

#[sqlx::test]
async fn ones_data_is_ones_own_and_whole(db: PgPool) {
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
async fn who_signed_up_with_an_address_of_another_is_out_when_its_owner_comes(db: PgPool) {
    let user = student(&db).await;
    let waiting = local::start_session(&db, user, None, "", clock::now()).await.unwrap();
    change_address(&db, user, EMAIL, PASSWORD, "stranger@example.com", clock::now()).await.unwrap();
    let moved = token(&db).await;
    let mine = ask(&db, Purpose::SignIn).await;
    assert_eq!(with(&db, &mine, "").await, Ok(Used { user, purpose: Purpose::SignIn, password_gone: true }));
    assert_eq!(local::check_password(&db, EMAIL, PASSWORD).await, Ok(None));
    assert_eq!(users::find_by_session(&db, &local::digest(&waiting)).await.unwrap(), None);
    gone(with(&db, &moved, "").await);
    // From then on the address is theirs, and a link takes no password away.
    let reset = ask(&db, Purpose::Reset).await;
    with(&db, &reset, NEW).await.unwrap();
    let again = ask(&db, Purpose::SignIn).await;
    assert_eq!(with(&db, &again, "").await, Ok(Used { user, purpose: Purpose::SignIn, password_gone: false }));
    assert_eq!(local::check_password(&db, EMAIL, NEW).await, Ok(Some(user)));
}
