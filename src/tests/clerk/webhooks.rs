//! Webhooks of Clerk: altered, replayed, out of order, and about users without a name.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    identity::clerk::{self, person::NO_ADDRESS},
    platform::{clock, config::clerk::ClerkConfig},
    tests::{
        fake_clerk::{
            self, FakeClerk, person,
            test_browser::{SECRET, hook, send_event, send_hook},
        },
        fixtures,
    },
    users::Role,
};

fn event(kind: &str, data: &Value) -> Value {
    json!({ "type": kind, "object": "event", "data": data })
}

fn ada(updated_at: i64, name: &str) -> Value {
    person("user_ada", name, "ada@example.com", updated_at)
}

/// Name, address and role of a user who is not deleted.
async fn row(db: &PgPool, clerk: &str) -> Option<(String, String, Role)> {
    let known = clerk::queries::find(db, clerk).await.unwrap().filter(|known| !known.deleted)?;
    Some((known.user.name, known.user.email, known.user.role))
}

async fn name(db: &PgPool, clerk: &str) -> Option<String> {
    row(db, clerk).await.map(|(name, ..)| name)
}

#[sqlx::test]
async fn a_webhook_that_clerk_did_not_sign_changes_nothing(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let (now, body) = (clock::now().timestamp(), event("user.created", &ada(1, "Ada")).to_string());
    let altered = || {
        let (parts, _) = hook(&body, now).into_parts();
        axum::extract::Request::from_parts(parts, body.replace("Ada", "Eve").into())
    };
    let without = |name: &str| {
        let mut hook = hook(&body, now);
        hook.headers_mut().remove(name);
        hook
    };
    let with = |name: &'static str, value: &'static str| {
        let mut hook = hook(&body, now);
        hook.headers_mut().insert(name, value.parse().unwrap());
        hook
    };
    let rejected = [
        ("altered", altered()),
        ("replayed after an hour", hook(&body, now - 3600)),
        ("from the future", hook(&body, now + 3600)),
        ("without an id", without("svix-id")),
        ("without a time", without("svix-timestamp")),
        ("without a signature", without("svix-signature")),
        ("of another id", with("svix-id", "msg_2")),
        ("of another time", with("svix-timestamp", "1")),
        ("of no time", with("svix-timestamp", "-9223372036854775808")),
        ("of another version", with("svix-signature", "v2,aGVsbG8=")),
        ("signed with nothing", with("svix-signature", "v1,")),
        ("no event", hook("[]", now)),
    ];
    for (what, hook) in rejected {
        assert_eq!(send_hook(&state, hook).await, 400, "{what}");
    }
    assert_eq!(row(&db, "user_ada").await, None);
    assert_eq!(send_hook(&state, hook(&body, now)).await, 200);
    assert_eq!(name(&db, "user_ada").await.as_deref(), Some("Ada"));
}

#[sqlx::test]
async fn without_a_secret_clerk_webhooks_are_not_found(db: PgPool) {
    let clerk_server = FakeClerk::open().await;
    assert!(SECRET.starts_with("whsec_"));
    let without_secret = fake_clerk::state(&db, ClerkConfig { webhook_secret: None, ..clerk_server.config() }).await;
    assert_eq!(send_event(&without_secret, &event("user.created", &ada(1, "Ada"))).await, 404);
    let local = fixtures::state(&db, "").await;
    assert_eq!(send_event(&local, &event("user.created", &ada(1, "Ada"))).await, 404);
}

/// Orders of events about one user, and the name in the end.
const EVENT_ORDERS: [(&str, &[&str], Option<&str>); 8] = [
    ("in order", &["created", "updated", "renamed"], Some("Ada King")),
    ("backwards", &["renamed", "updated", "created"], Some("Ada King")),
    ("twice", &["created", "created", "updated", "created", "updated"], Some("Ada Lovelace")),
    ("an update alone", &["updated"], Some("Ada Lovelace")),
    ("an end", &["created", "updated", "deleted"], None),
    ("an end, and what came before it", &["created", "deleted", "updated", "created"], None),
    ("an end alone", &["deleted"], None),
    ("an end before the beginning", &["deleted", "created", "renamed", "deleted"], None),
];

#[sqlx::test]
async fn clerk_events_in_any_order_end_alike(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for (n, (what, kinds, name_in_the_end)) in EVENT_ORDERS.into_iter().enumerate() {
        let (id, email) = (format!("user_{n}"), format!("ada{n}@example.com"));
        for kind in kinds {
            let event = match *kind {
                "created" => event("user.created", &person(&id, "Ada", &email, 1_000)),
                "updated" => event("user.updated", &person(&id, "Ada Lovelace", &email, 2_000)),
                "renamed" => event("user.updated", &person(&id, "Ada King", &email, 3_000)),
                _ => event("user.deleted", &json!({ "id": id, "deleted": true })),
            };
            assert_eq!(send_event(&state, &event).await, 200, "{what}: {kind}");
        }
        assert_eq!(name(&db, &id).await.as_deref(), name_in_the_end, "{what}");
    }
}

#[sqlx::test]
async fn concurrent_clerk_events_make_one_user(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let events: Vec<_> = (0..8).map(|n| event("user.updated", &ada(n, &format!("Ada {n}")))).collect();
    let answers = futures::future::join_all(events.iter().map(|event| send_event(&state, event))).await;
    assert_eq!(answers, [200; 8]);
    assert_eq!(name(&db, "user_ada").await.as_deref(), Some("Ada 7"));
}

#[sqlx::test]
async fn a_replayed_event_changes_no_role(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let boss = person("user_boss", "Boss", "BOSS@example.com", 1);
    send_event(&state, &event("user.created", &boss)).await;
    send_event(&state, &event("user.created", &ada(1, "Ada"))).await;
    assert_eq!(row(&db, "user_boss").await.unwrap().2, Role::Admin, "the configured admin, whose address is verified");
    crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
    sqlx::query!("update users set role = 'user' where clerk_user_id = 'user_boss'").execute(&db).await.unwrap();
    for event in [
        event("user.created", &boss),
        event("user.updated", &person("user_boss", "Boss", "boss@example.com", 9)),
        event("user.created", &ada(1, "Ada")),
        event("user.updated", &ada(9, "Ada L.")),
    ] {
        send_event(&state, &event).await;
    }
    assert_eq!(row(&db, "user_ada").await.unwrap().2, Role::Admin);
    assert_eq!(row(&db, "user_boss").await.unwrap().2, Role::User, "a former admin stays a student");
}

#[sqlx::test]
async fn the_admins_address_has_to_be_verified(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let mut eve = person("user_eve", "Eve", "boss@example.com", 1);
    eve["email_addresses"][0]["verification"] = json!({ "status": "unverified" });
    send_event(&state, &event("user.created", &eve)).await;
    assert_eq!(row(&db, "user_eve").await.unwrap().2, Role::User);
    let boss = person("user_eve", "Eve", "boss@example.com", 2);
    send_event(&state, &event("user.updated", &boss)).await;
    assert_eq!(row(&db, "user_eve").await.unwrap().2, Role::Admin, "once it is verified");
}

#[sqlx::test]
async fn a_user_without_name_and_address_is_provisioned(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for id in ["user_a", "user_b"] {
        let bare = json!({ "id": id, "first_name": null, "last_name": null, "email_addresses": [], "updated_at": 1 });
        assert_eq!(send_event(&state, &event("user.created", &bare)).await, 200);
        let expected = ("Student".to_owned(), format!("{id}{NO_ADDRESS}"), Role::User);
        assert_eq!(row(&db, id).await, Some(expected));
    }
}

#[sqlx::test]
async fn deleted_users_do_not_collide_and_keep_their_purchases(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let course = fixtures::course(&db, "Film").await;
    let product = fixtures::product(&db, "film", 60, &[course]).await;
    for id in ["user_a", "user_b", "user_c"] {
        // One after the other, they have the same address.
        send_event(&state, &event("user.created", &person(id, "Ada", "ada@example.com", 1))).await;
        let user = clerk::queries::find(&db, id).await.unwrap().unwrap().user.id;
        fixtures::purchase(&db, user, product).await;
        crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
        assert_eq!(send_event(&state, &event("user.deleted", &json!({ "id": id }))).await, 200);
        assert_eq!(row(&db, id).await, None);
    }
    let left = sqlx::query!(
        r#"select count(distinct email) as "emails!", count(*) filter (where role = 'user' and name = 'Deleted student') as "plain!",
                  (select count(*) from purchases) as "purchases!"
             from users where deleted_at is not null and email not like '%example%'"#
    );
    let left = left.fetch_one(&db).await.unwrap();
    assert_eq!((left.emails, left.plain, left.purchases), (3, 3, 3));
}

#[sqlx::test]
async fn an_address_belongs_to_its_latest_verified_owner(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    send_event(&state, &event("user.created", &person("user_a", "A", "one@example.com", 1))).await;
    // A changed their address, B took it, and the event about B arrives first.
    send_event(&state, &event("user.created", &person("user_b", "B", "one@example.com", 3))).await;
    assert_eq!(row(&db, "user_b").await.unwrap().1, "one@example.com");
    send_event(&state, &event("user.updated", &person("user_a", "A", "two@example.com", 2))).await;
    assert_eq!(row(&db, "user_a").await.unwrap().1, "two@example.com");
    let mut eve = person("user_eve", "Eve", "two@example.com", 9);
    eve["email_addresses"][0]["verification"] = json!(null);
    send_event(&state, &event("user.created", &eve)).await;
    assert_eq!(row(&db, "user_a").await.unwrap().1, "two@example.com", "an unverified address stays with its owner");
    assert!(row(&db, "user_eve").await.unwrap().1.ends_with(NO_ADDRESS));
}

#[sqlx::test]
async fn clerk_events_of_other_kinds_are_accepted_and_ignored(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for other in [
        event("session.created", &json!({ "id": "sess_1" })),
        event("user.created", &json!({ "name": "no person" })),
        event("user.deleted", &json!({})),
        json!({ "type": "email.created" }),
    ] {
        assert_eq!(send_event(&state, &other).await, 200, "{other}");
    }
}
