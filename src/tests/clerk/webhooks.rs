//! Webhooks: altered, replayed, out of order, and of people who have no name.

use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    identity::clerk::{self, person::NO_ADDRESS},
    platform::{clock, config::clerk::ClerkConfig},
    tests::{
        fake_clerk::{
            self, FakeClerk, person,
            test_browser::{SECRET, hook, send_hook, tell_school},
        },
        fixtures as people,
    },
    users::Role,
};

fn event(kind: &str, data: &Value) -> Value {
    json!({ "type": kind, "object": "event", "data": data })
}

fn ada(updated_at: i64, name: &str) -> Value {
    person("user_ada", name, "ada@example.com", updated_at)
}

/// Name, address and role of somebody who is here.
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
    let refused = [
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
    for (what, hook) in refused {
        assert_eq!(send_hook(&state, hook).await, 400, "{what}");
    }
    assert_eq!(row(&db, "user_ada").await, None);
    assert_eq!(send_hook(&state, hook(&body, now)).await, 200);
    assert_eq!(name(&db, "user_ada").await.as_deref(), Some("Ada"));
}

#[sqlx::test]
async fn without_a_secret_nobody_listens(db: PgPool) {
    let issuer = FakeClerk::open().await;
    assert!(SECRET.starts_with("whsec_"));
    let deaf = fake_clerk::state(&db, ClerkConfig { webhook_secret: None, ..issuer.config() }).await;
    assert_eq!(tell_school(&deaf, &event("user.created", &ada(1, "Ada"))).await, 404);
    let local = people::state(&db, "").await;
    assert_eq!(tell_school(&local, &event("user.created", &ada(1, "Ada"))).await, 404);
}

/// What is told of one person, in an order, and what they are called in the end.
const TOLD: [(&str, &[&str], Option<&str>); 8] = [
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
async fn order_does_not_matter(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for (n, (what, told, called)) in TOLD.into_iter().enumerate() {
        let (id, email) = (format!("user_{n}"), format!("ada{n}@example.com"));
        for word in told {
            let event = match *word {
                "created" => event("user.created", &person(&id, "Ada", &email, 1_000)),
                "updated" => event("user.updated", &person(&id, "Ada Lovelace", &email, 2_000)),
                "renamed" => event("user.updated", &person(&id, "Ada King", &email, 3_000)),
                _ => event("user.deleted", &json!({ "id": id, "deleted": true })),
            };
            assert_eq!(tell_school(&state, &event).await, 200, "{what}: {word}");
        }
        assert_eq!(name(&db, &id).await.as_deref(), called, "{what}");
    }
}

#[sqlx::test]
async fn what_comes_at_one_moment_makes_one_person(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let events: Vec<_> = (0..8).map(|n| event("user.updated", &ada(n, &format!("Ada {n}")))).collect();
    let answers = futures::future::join_all(events.iter().map(|event| tell_school(&state, event))).await;
    assert_eq!(answers, [200; 8]);
    assert_eq!(name(&db, "user_ada").await.as_deref(), Some("Ada 7"));
}

#[sqlx::test]
async fn a_replay_makes_no_admin_and_unmakes_none(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let boss = person("user_boss", "Boss", "BOSS@example.com", 1);
    tell_school(&state, &event("user.created", &boss)).await;
    tell_school(&state, &event("user.created", &ada(1, "Ada"))).await;
    assert_eq!(row(&db, "user_boss").await.unwrap().2, Role::Admin, "the configured address, and it is verified");
    crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
    sqlx::query!("update users set role = 'user' where clerk_user_id = 'user_boss'").execute(&db).await.unwrap();
    for event in [
        event("user.created", &boss),
        event("user.updated", &person("user_boss", "Boss", "boss@example.com", 9)),
        event("user.created", &ada(1, "Ada")),
        event("user.updated", &ada(9, "Ada L.")),
    ] {
        tell_school(&state, &event).await;
    }
    assert_eq!(row(&db, "user_ada").await.unwrap().2, Role::Admin);
    assert_eq!(row(&db, "user_boss").await.unwrap().2, Role::User, "and who was made a student stays one");
}

#[sqlx::test]
async fn the_admins_address_has_to_be_verified(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let mut eve = person("user_eve", "Eve", "boss@example.com", 1);
    eve["email_addresses"][0]["verification"] = json!({ "status": "unverified" });
    tell_school(&state, &event("user.created", &eve)).await;
    assert_eq!(row(&db, "user_eve").await.unwrap().2, Role::User);
    let boss = person("user_eve", "Eve", "boss@example.com", 2);
    tell_school(&state, &event("user.updated", &boss)).await;
    assert_eq!(row(&db, "user_eve").await.unwrap().2, Role::Admin, "once it is");
}

#[sqlx::test]
async fn who_has_no_name_and_no_address_is_still_somebody(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for id in ["user_a", "user_b"] {
        let bare = json!({ "id": id, "first_name": null, "last_name": null, "email_addresses": [], "updated_at": 1 });
        assert_eq!(tell_school(&state, &event("user.created", &bare)).await, 200);
        let expected = ("Student".to_owned(), format!("{id}{NO_ADDRESS}"), Role::User);
        assert_eq!(row(&db, id).await, Some(expected));
    }
}

#[sqlx::test]
async fn deleted_people_do_not_collide_and_keep_what_they_bought(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    let course = people::course(&db, "Film").await;
    let product = people::product(&db, "film", 60, &[course]).await;
    for id in ["user_a", "user_b", "user_c"] {
        // One after the other, all of them have the same address.
        tell_school(&state, &event("user.created", &person(id, "Ada", "ada@example.com", 1))).await;
        let user = clerk::queries::find(&db, id).await.unwrap().unwrap().user.id;
        people::purchase(&db, user, product).await;
        crate::users::queries::grant_admin(&db, "ada@example.com").await.unwrap();
        assert_eq!(tell_school(&state, &event("user.deleted", &json!({ "id": id }))).await, 200);
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
async fn an_address_goes_to_whoever_has_it_now(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    tell_school(&state, &event("user.created", &person("user_a", "A", "one@example.com", 1))).await;
    // A changed theirs, B took it, and B is told of first.
    tell_school(&state, &event("user.created", &person("user_b", "B", "one@example.com", 3))).await;
    assert_eq!(row(&db, "user_b").await.unwrap().1, "one@example.com");
    tell_school(&state, &event("user.updated", &person("user_a", "A", "two@example.com", 2))).await;
    assert_eq!(row(&db, "user_a").await.unwrap().1, "two@example.com");
    let mut eve = person("user_eve", "Eve", "two@example.com", 9);
    eve["email_addresses"][0]["verification"] = json!(null);
    tell_school(&state, &event("user.created", &eve)).await;
    assert_eq!(row(&db, "user_a").await.unwrap().1, "two@example.com", "saying so is not having it");
    assert!(row(&db, "user_eve").await.unwrap().1.ends_with(NO_ADDRESS));
}

#[sqlx::test]
async fn what_is_not_for_us_is_taken_and_forgotten(db: PgPool) {
    let state = FakeClerk::open().await.school(&db).await;
    for other in [
        event("session.created", &json!({ "id": "sess_1" })),
        event("user.created", &json!({ "name": "no person" })),
        event("user.deleted", &json!({})),
        json!({ "type": "email.created" }),
    ] {
        assert_eq!(tell_school(&state, &other).await, 200, "{other}");
    }
}
