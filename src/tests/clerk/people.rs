//! People: first sight, moving from local accounts, and what Clerk is told of us.

use std::sync::atomic::Ordering;

use serde_json::json;
use sqlx::PgPool;

use crate::{
    account::{self, clerk_metadata_sync, input::SignUp},
    identity::{
        clerk::{
            self,
            backend::Backend,
            link_identities::{self, Report},
            person::{NO_ADDRESS, Person},
            provisioning::{self, Provisioned},
        },
        local,
    },
    platform::http_client,
    tests::{
        fake_clerk::{
            FakeClerk, person,
            test_browser::{TestBrowser, tell_school},
        },
        fixtures as school,
    },
    users::{Role, User},
};

async fn find(db: &PgPool, clerk: &str) -> Option<User> {
    clerk::queries::find(db, clerk).await.unwrap().filter(|known| !known.deleted).map(|known| known.user)
}

fn read(person: &serde_json::Value) -> Person {
    serde_json::from_value(person.clone()).unwrap()
}

#[sqlx::test]
async fn who_comes_before_their_webhook_gets_a_row_at_first_sight(db: PgPool) {
    let issuer = FakeClerk::open().await;
    issuer.add(&person("user_boss", "Boss", "boss@example.com", 5));
    let state = issuer.school(&db).await;
    let mut guest = TestBrowser::at(&state).with("__session", &issuer.sign_in("user_boss"));
    assert_eq!(guest.open("/admin").await.status, 200);
    let asked = issuer.asked();
    assert_eq!(guest.open("/account").await.status, 200);
    assert_eq!(issuer.asked(), asked, "Clerk is asked once");
    let late = json!({ "type": "user.created", "data": person("user_boss", "Bo", "boss@example.com", 4) });
    assert_eq!(tell_school(&state, &late).await, 200);
    assert_eq!(find(&db, "user_boss").await.unwrap().name, "Boss", "and what comes late is older");
}

#[sqlx::test]
async fn at_first_sight_nobody_is_made_up(db: PgPool) {
    let issuer = FakeClerk::open().await;
    let state = issuer.school(&db).await;
    let mut guest = TestBrowser::at(&state).with("__session", &issuer.sign_in("user_nobody"));
    assert_eq!(guest.open("/account").await.status, 302, "Clerk does not know them");
    issuer.set_away(true);
    let mut guest = guest.with("__session", &issuer.sign_in("user_ada"));
    assert_eq!(guest.open("/courses").await.status, 503);
    assert_eq!(guest.open("/healthz").await.status, 200);
    issuer.set_away(false);
    issuer.add(&person("user_ada", "Ada", "ada@example.com", 5));
    assert_eq!(guest.open("/account").await.status, 200);
}

#[sqlx::test]
async fn who_was_deleted_at_clerk_is_out_at_once(db: PgPool) {
    let issuer = FakeClerk::open().await;
    issuer.add(&person("user_ada", "Ada", "ada@example.com", 5));
    let state = issuer.school(&db).await;
    let mut guest = TestBrowser::at(&state).with("__session", &issuer.sign_in("user_ada"));
    assert_eq!(guest.open("/account").await.status, 200);
    tell_school(&state, &json!({ "type": "user.deleted", "data": { "id": "user_ada" } })).await;
    assert_eq!(guest.open("/account").await.status, 302, "though the token is good for a minute more");
    tell_school(&state, &json!({ "type": "user.deleted", "data": { "id": "user_eve" } })).await;
    issuer.add(&person("user_eve", "Eve", "eve@example.com", 5));
    let mut guest = guest.with("__session", &issuer.sign_in("user_eve"));
    assert_eq!(guest.open("/account").await.status, 302, "nor is anybody made whom we never knew");
}

/// Somebody with a password, a session and a purchase.
async fn buyer(db: &PgPool, email: &str) -> crate::id::UserId {
    let form = SignUp::parse("Local buyer", email, "a long password here").unwrap();
    let user = account::service::sign_up(db, form, None, crate::platform::clock::now()).await.unwrap();
    local::start_session(db, user, None, "", crate::platform::clock::now()).await.unwrap();
    let course = school::course(db, email).await;
    let product = school::product(db, &email.replace(['@', '.'], "-"), 60, &[course]).await;
    school::purchase(db, user, product).await;
    user
}

#[sqlx::test]
async fn a_student_who_moves_to_clerk_keeps_what_they_bought(db: PgPool) {
    let issuer = FakeClerk::open().await;
    let (ada, bob) = (buyer(&db, "ada@example.com").await, buyer(&db, "bob@example.com").await);
    issuer.add(&person("user_ada", "Ada", "Ada@Example.com", 1));
    issuer.add(&person("user_eve", "Eve", "eve@example.com", 1));
    let backend = Backend::new(&issuer.config(), http_client::new().unwrap());
    let report = link_identities::link(&db, &backend, None).await.unwrap();
    assert_eq!(report, Report { new: 1, linked: 1, known: 0, local: 1 });
    assert_eq!(find(&db, "user_ada").await.unwrap().id, ada);
    assert_eq!(school::access(&db, ada).await.len(), 1);
    let again = link_identities::link(&db, &backend, None).await.unwrap();
    assert_eq!(again, Report { new: 0, linked: 0, known: 2, local: 1 });
    assert_eq!(again.to_string().split(". ").next(), Some("0 linked, 0 new, 2 known before"));
    // Whoever made the password was never shown to own the address.
    assert_eq!(local::check_password(&db, "ada@example.com", "a long password here").await, Ok(None));
    assert_eq!(local::check_password(&db, "bob@example.com", "a long password here").await, Ok(Some(bob)));
    let sessions = sqlx::query_scalar!(r#"select count(*) as "n!" from sessions where user_id = $1"#, ada.uuid());
    assert_eq!(sessions.fetch_one(&db).await.unwrap(), 0);
    assert!(
        school::audit(&db).await.contains(&"user.link: The account of Local buyer is Clerk's from now on".to_owned())
    );
}

#[sqlx::test]
async fn an_address_that_nobody_verified_takes_nothing_over(db: PgPool) {
    let ada = buyer(&db, "ada@example.com").await;
    let mut eve = person("user_eve", "Eve", "ada@example.com", 1);
    eve["email_addresses"][0]["verification"] = json!({ "status": "unverified" });
    let welcome = provisioning::provision(&db, &read(&eve), None).await.unwrap();
    assert!(matches!(welcome, Provisioned::New(user) if user != ada));
    assert_eq!(find(&db, "user_eve").await.unwrap().email, format!("user_eve{NO_ADDRESS}"));
    assert_eq!(local::check_password(&db, "ada@example.com", "a long password here").await, Ok(Some(ada)));
}

#[sqlx::test]
async fn who_verifies_their_address_later_gets_back_what_they_had(db: PgPool) {
    let ada = buyer(&db, "ada@example.com").await;
    let mut new = person("user_ada", "Ada", "ada@example.com", 1);
    new["email_addresses"][0]["verification"] = json!(null);
    let first = provisioning::provision(&db, &read(&new), None).await.unwrap();
    assert!(matches!(first, Provisioned::New(user) if user != ada));
    let verified = person("user_ada", "Ada", "ada@example.com", 2);
    assert_eq!(provisioning::provision(&db, &read(&verified), None).await, Ok(Provisioned::Linked(ada)));
    assert_eq!(find(&db, "user_ada").await.unwrap().id, ada);
}

#[sqlx::test]
async fn two_purses_are_not_poured_together(db: PgPool) {
    let ada = buyer(&db, "ada@example.com").await;
    provisioning::provision(&db, &read(&person("user_ada", "Ada", "other@example.com", 1)), None).await.unwrap();
    let own = find(&db, "user_ada").await.unwrap().id;
    let product = school::product(&db, "another", 1, &[]).await;
    school::purchase(&db, own, product).await;
    let moved = person("user_ada", "Ada", "ada@example.com", 2);
    assert_eq!(provisioning::provision(&db, &read(&moved), None).await, Ok(Provisioned::Changed(own)));
    assert_ne!(own, ada);
    assert!(find(&db, "user_ada").await.unwrap().email.ends_with(NO_ADDRESS));
}

#[sqlx::test]
async fn clerk_is_told_of_roles_and_asked_for_none(db: PgPool) {
    let issuer = FakeClerk::open().await;
    let state = issuer.school(&db).await;
    let mut ada = person("user_ada", "Ada", "ada@example.com", 1);
    ada["public_metadata"] = json!({ "role": "admin", "dbId": "mine" });
    issuer.add(&ada);
    provisioning::provision(&db, &read(&ada), None).await.unwrap();
    let user = find(&db, "user_ada").await.unwrap();
    assert_eq!(user.role, Role::User, "what Clerk has there is not believed");
    let told = || issuer.known.people.lock().unwrap()["user_ada"]["public_metadata"].clone();
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 1);
    assert_eq!(told(), json!({ "dbId": user.id.to_string(), "role": "user" }));
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0, "nothing is said twice");
    crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
    issuer.set_away(true);
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0);
    issuer.set_away(false);
    let asked = issuer.known.asked.load(Ordering::SeqCst);
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0, "Clerk has a minute to come back");
    assert_eq!(issuer.asked(), asked);
    sqlx::query!("update clerk_accounts set sync_at = now()").execute(&db).await.unwrap();
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 1);
    assert_eq!(told()["role"], "admin");
}
