//! Users of Clerk: provisioning at the first request, linking of local accounts, and the metadata that Clerk gets.

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
            test_browser::{TestBrowser, send_event},
        },
        fixtures,
    },
    users::{Role, User},
};

async fn find(db: &PgPool, clerk_id: &str) -> Option<User> {
    clerk::queries::find(db, clerk_id).await.unwrap().filter(|known| !known.deleted).map(|known| known.user)
}

fn read(person: &serde_json::Value) -> Person {
    serde_json::from_value(person.clone()).unwrap()
}

#[sqlx::test]
async fn a_student_who_arrives_before_their_webhook_is_provisioned(db: PgPool) {
    let clerk = FakeClerk::open().await;
    clerk.add(&person("user_boss", "Boss", "boss@example.com", 5));
    let state = clerk.school(&db).await;
    let mut browser = TestBrowser::at(&state).with("__session", &clerk.sign_in("user_boss"));
    assert_eq!(browser.open("/admin").await.status, 200);
    let requests = clerk.requests();
    assert_eq!(browser.open("/account").await.status, 200);
    assert_eq!(clerk.requests(), requests, "the user is fetched once");
    let late = json!({ "type": "user.created", "data": person("user_boss", "Bo", "boss@example.com", 4) });
    assert_eq!(send_event(&state, &late).await, 200);
    assert_eq!(find(&db, "user_boss").await.unwrap().name, "Boss", "the late event is older");
}

#[sqlx::test]
async fn a_user_unknown_to_clerk_is_not_provisioned(db: PgPool) {
    let clerk = FakeClerk::open().await;
    let state = clerk.school(&db).await;
    let mut browser = TestBrowser::at(&state).with("__session", &clerk.sign_in("user_nobody"));
    assert_eq!(browser.open("/account").await.status, 302, "Clerk does not know this user");
    clerk.set_unavailable(true);
    let mut browser = browser.with("__session", &clerk.sign_in("user_ada"));
    assert_eq!(browser.open("/courses").await.status, 503);
    assert_eq!(browser.open("/healthz").await.status, 200);
    clerk.set_unavailable(false);
    clerk.add(&person("user_ada", "Ada", "ada@example.com", 5));
    assert_eq!(browser.open("/account").await.status, 200);
}

#[sqlx::test]
async fn a_student_deleted_at_clerk_is_signed_out_at_once(db: PgPool) {
    let clerk = FakeClerk::open().await;
    clerk.add(&person("user_ada", "Ada", "ada@example.com", 5));
    let state = clerk.school(&db).await;
    let mut browser = TestBrowser::at(&state).with("__session", &clerk.sign_in("user_ada"));
    assert_eq!(browser.open("/account").await.status, 200);
    send_event(&state, &json!({ "type": "user.deleted", "data": { "id": "user_ada" } })).await;
    assert_eq!(browser.open("/account").await.status, 302, "although the token is valid for another minute");
    send_event(&state, &json!({ "type": "user.deleted", "data": { "id": "user_eve" } })).await;
    clerk.add(&person("user_eve", "Eve", "eve@example.com", 5));
    let mut browser = browser.with("__session", &clerk.sign_in("user_eve"));
    assert_eq!(browser.open("/account").await.status, 302, "a deleted user whom we never knew is not provisioned");
}

/// A local student with a password, a session and a purchase.
async fn buyer(db: &PgPool, email: &str) -> crate::id::UserId {
    let form = SignUp::parse("Local buyer", email, "a long password here").unwrap();
    let user = account::service::sign_up(db, form, None, crate::platform::clock::now()).await.unwrap();
    local::start_session(db, user, None, "", crate::platform::clock::now()).await.unwrap();
    let course = fixtures::course(db, email).await;
    let product = fixtures::product(db, &email.replace(['@', '.'], "-"), 60, &[course]).await;
    fixtures::purchase(db, user, product).await;
    user
}

#[sqlx::test]
async fn a_student_who_moves_to_clerk_keeps_what_they_bought(db: PgPool) {
    let clerk = FakeClerk::open().await;
    let (ada, bob) = (buyer(&db, "ada@example.com").await, buyer(&db, "bob@example.com").await);
    clerk.add(&person("user_ada", "Ada", "Ada@Example.com", 1));
    clerk.add(&person("user_eve", "Eve", "eve@example.com", 1));
    let backend = Backend::new(&clerk.config(), http_client::new().unwrap());
    let report = link_identities::link(&db, &backend, None).await.unwrap();
    assert_eq!(report, Report { new: 1, linked: 1, known: 0, local: 1 });
    assert_eq!(find(&db, "user_ada").await.unwrap().id, ada);
    assert_eq!(fixtures::access(&db, ada).await.len(), 1);
    let second = link_identities::link(&db, &backend, None).await.unwrap();
    assert_eq!(second, Report { new: 0, linked: 0, known: 2, local: 1 });
    assert_eq!(second.to_string().split(". ").next(), Some("0 linked, 0 new, 2 already known"));
    // The local password ends, because its creator never proved to own the address.
    assert_eq!(local::check_password(&db, "ada@example.com", "a long password here").await, Ok(None));
    assert_eq!(local::check_password(&db, "bob@example.com", "a long password here").await, Ok(Some(bob)));
    let sessions = sqlx::query_scalar!(r#"select count(*) as "n!" from sessions where user_id = $1"#, ada.uuid());
    assert_eq!(sessions.fetch_one(&db).await.unwrap(), 0);
    assert!(fixtures::audit(&db).await.contains(&"user.link: Linked the account of Local buyer to Clerk".to_owned()));
}

#[sqlx::test]
async fn an_unverified_address_links_no_account(db: PgPool) {
    let ada = buyer(&db, "ada@example.com").await;
    let mut eve = person("user_eve", "Eve", "ada@example.com", 1);
    eve["email_addresses"][0]["verification"] = json!({ "status": "unverified" });
    let provisioned = provisioning::provision(&db, &read(&eve), None).await.unwrap();
    assert!(matches!(provisioned, Provisioned::New(user) if user != ada));
    assert_eq!(find(&db, "user_eve").await.unwrap().email, format!("user_eve{NO_ADDRESS}"));
    assert_eq!(local::check_password(&db, "ada@example.com", "a long password here").await, Ok(Some(ada)));
}

#[sqlx::test]
async fn a_student_who_verifies_their_address_later_regains_their_account(db: PgPool) {
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
async fn two_accounts_with_purchases_are_not_merged(db: PgPool) {
    let ada = buyer(&db, "ada@example.com").await;
    provisioning::provision(&db, &read(&person("user_ada", "Ada", "other@example.com", 1)), None).await.unwrap();
    let own = find(&db, "user_ada").await.unwrap().id;
    let product = fixtures::product(&db, "another", 1, &[]).await;
    fixtures::purchase(&db, own, product).await;
    let moved = person("user_ada", "Ada", "ada@example.com", 2);
    assert_eq!(provisioning::provision(&db, &read(&moved), None).await, Ok(Provisioned::Changed(own)));
    assert_ne!(own, ada);
    assert!(find(&db, "user_ada").await.unwrap().email.ends_with(NO_ADDRESS));
}

#[sqlx::test]
async fn roles_are_sent_to_clerk_and_never_read_from_it(db: PgPool) {
    let clerk = FakeClerk::open().await;
    let state = clerk.school(&db).await;
    let mut ada = person("user_ada", "Ada", "ada@example.com", 1);
    ada["public_metadata"] = json!({ "role": "admin", "dbId": "mine" });
    clerk.add(&ada);
    provisioning::provision(&db, &read(&ada), None).await.unwrap();
    let user = find(&db, "user_ada").await.unwrap();
    assert_eq!(user.role, Role::User, "the role in Clerk's metadata is ignored");
    let metadata = || clerk.data.people.lock().unwrap()["user_ada"]["public_metadata"].clone();
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 1);
    assert_eq!(metadata(), json!({ "dbId": user.id.to_string(), "role": "user" }));
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0, "nothing is sent twice");
    crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
    clerk.set_unavailable(true);
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0);
    clerk.set_unavailable(false);
    let requests = clerk.requests();
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 0, "the next attempt is in a minute");
    assert_eq!(clerk.requests(), requests);
    sqlx::query!("update clerk_accounts set sync_at = now()").execute(&db).await.unwrap();
    assert_eq!(clerk_metadata_sync::sync_pending(&state).await.unwrap(), 1);
    assert_eq!(metadata()["role"], "admin");
}
