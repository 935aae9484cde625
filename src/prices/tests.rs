//! Purchasing power, through the door: who is believed about a country, what is shown and what is paid then.

use axum::{body::Body, extract::Request};
use http_body_util::BodyExt;
use sqlx::PgPool;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    id::{AttemptId, ProductId, UserId},
    paths,
    payments::{AttemptState, card_country_check, fulfil, outcome::Outcome},
    platform::{clock, config, http_client},
    prices::queries,
    sandbox::{config::SandboxConfig, server},
    server::state::AppState,
    stripe::objects,
    tests::fixtures::{self, Answer, Browser, PROXY, from},
};

const UNREACHABLE_URL: &str = "http://127.0.0.1:9";
const CLIENT: [u8; 4] = [203, 0, 113, 7];
const INDIA: &str = "Purchasing power: 40% off in India";

/// A school that sells one course for $60, 40% less in India; a student and an admin.
struct School {
    db: PgPool,
    state: AppState,
    product: ProductId,
    student: UserId,
    admin: UserId,
}

impl School {
    async fn open(db: PgPool, stripe: &str) -> Self {
        let course = fixtures::course(&db, "Course").await;
        let product = fixtures::product(&db, "light", 60, &[course]).await;
        sqlx::query!("update ppp_countries set percent = 40 where country = 'IN'").execute(&db).await.unwrap();
        let student = fixtures::student(&db, "student").await;
        let admin = fixtures::student(&db, "admin").await;
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
        let state = fixtures::state_behind_proxy(&db, stripe).await;
        Self { db, state, product, student, admin }
    }

    async fn browser(&self, user: Option<UserId>) -> Browser {
        let cookie = match user {
            Some(user) => Some(fixtures::cookie(&self.db, user).await),
            None => None,
        };
        Browser { router: router(self.state.clone()), cookie }
    }

    async fn get(&self, path: &str, peer: [u8; 4], country: &str) -> Answer {
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        self.browser(None).await.send(from(request, peer, country)).await
    }

    async fn buy(&self, country: &str, form: &'static str) -> Answer {
        let request =
            Request::post("/products/light/purchase").header("content-type", "application/x-www-form-urlencoded");
        let request = from(request.body(Body::from(form)).unwrap(), PROXY, country);
        self.browser(Some(self.student)).await.send(request).await
    }

    /// Open attempts: what is asked for, of how much, and why.
    async fn attempts(&self) -> Vec<(i32, i32, Option<String>, Option<String>, Option<i32>)> {
        sqlx::query!(
            "select amount_in_cents, subtotal_in_cents, discount_name, country, discount_percent from checkout_attempts
              where state = 'open' order by amount_in_cents, country"
        )
        .fetch_all(&self.db)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.amount_in_cents, row.subtotal_in_cents, row.discount_name, row.country, row.discount_percent))
        .collect()
    }
}

#[sqlx::test]
async fn the_table_is_where_it_was_said_to_begin(db: PgPool) {
    let rates = queries::list_rates(&db).await.unwrap();
    let percent = |code: &str| rates.iter().find(|rate| rate.country.code() == code).map(|rate| rate.percent);
    assert_eq!(rates.len(), 166, "every row is a country that we know");
    assert_eq!((percent("IN"), percent("AF"), percent("US")), (Some(50), Some(50), None));
}

#[sqlx::test]
async fn a_price_says_what_it_was_and_why_it_is_less(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    for path in ["/", "/products/light"] {
        let page = school.get(path, PROXY, "IN").await.body;
        for words in ["<s><span class=\"sr-only\">was </span>", "$60", "$36", INDIA] {
            assert!(page.contains(words), "{path}: {words}");
        }
        let page = school.get(path, PROXY, "US").await.body;
        assert!(page.contains("$60") && !page.contains("Purchasing power"), "{path}");
    }
}

#[sqlx::test]
async fn a_country_that_a_client_says_is_not_believed(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    let send = async |request: Request<Body>| school.browser(None).await.send(request).await.body;
    let ask = || Request::get("/products/light").header("accept", "text/html");
    assert!(!school.get("/products/light", CLIENT, "IN").await.body.contains("$36"), "from the client itself");
    let chain = ask().header("x-forwarded-for", "10.0.0.1, 10.0.0.2").body(Body::empty()).unwrap();
    assert!(!send(from(chain, CLIENT, "IN")).await.contains("$36"), "from a client that names our proxies");
    let twice = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(!send(from(twice, PROXY, "US")).await.contains("$36"), "before what the proxy adds");
    let unknown = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(!send(from(unknown, PROXY, "XX")).await.contains("$36"), "before a proxy that does not know");
    let nobody = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(!send(nobody).await.contains("$36"), "from nobody knows where");
    for name in ["country", "discount", "discount_percent", "price", "amount", "amount_in_cents", "percent", "user_id"]
    {
        school.buy("US", Box::leak(format!("{name}=IN&{name}=1").into_boxed_str())).await;
    }
    assert_eq!(school.attempts().await, [(6000, 6000, None, None, None)], "nor in a form");
}

#[sqlx::test]
async fn a_kept_page_never_shows_the_price_of_another_country(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    school.state.page_cache.set_subscribed(true);
    let router = router(school.state.clone());
    let page = async |path: &str, peer: [u8; 4], country: &str| {
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(from(request, peer, country)).await.unwrap();
        assert_eq!(response.headers().get("cache-control").unwrap(), "private, no-cache", "nobody else may keep it");
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    for path in ["/", "/products/light"] {
        for _ in 0..2 {
            assert!(page(path, PROXY, "IN").await.contains("$36"), "{path} from India");
            assert!(!page(path, PROXY, "US").await.contains("$36"), "{path} from the United States");
            assert!(!page(path, CLIENT, "IN").await.contains("$36"), "{path} from who says India");
            assert!(page(path, PROXY, "AF").await.contains("Afghanistan"), "{path} from Afghanistan");
        }
    }
    assert!(page("/products/light?code=NOTHING", PROXY, "US").await.contains("This code cannot be used here."));
    assert!(!page("/products/light", PROXY, "US").await.contains("This code cannot be used here."));
}

#[sqlx::test]
async fn an_attempt_is_used_again_for_the_same_price_with_the_same_reason_only(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    for _ in 0..2 {
        // Nobody listens at Stripe's address; the attempt is there.
        assert_eq!(school.buy("IN", "").await.status, 503);
        assert_eq!(school.buy("US", "").await.status, 503);
    }
    let india = (3600, 6000, Some(INDIA.to_owned()), Some("IN".to_owned()), Some(40));
    assert_eq!(school.attempts().await, [india.clone(), (6000, 6000, None, None, None)]);
    sqlx::query!("update ppp_countries set percent = 40 where country = 'BR'").execute(&school.db).await.unwrap();
    school.buy("BR", "").await;
    let brazil = (3600, 6000, Some("Purchasing power: 40% off in Brazil".to_owned()), Some("BR".to_owned()), Some(40));
    assert_eq!(school.attempts().await, [brazil, india, (6000, 6000, None, None, None)], "as much, for another reason");
}

#[sqlx::test]
async fn what_is_switched_off_costs_the_same_everywhere(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    let india = async || school.get("/products/light", PROXY, "IN").await.body.contains("$36");
    assert!(india().await);
    for (off, on) in [
        ("update pricing set purchasing_power = false", "update pricing set purchasing_power = true"),
        ("update ppp_countries set enabled = false where country = 'IN'", "update ppp_countries set enabled = true"),
        ("update products set purchasing_power = false", "update products set purchasing_power = true"),
        ("update pricing set minimum_in_dollars = 60", "update pricing set minimum_in_dollars = 0"),
    ] {
        sqlx::query(off).execute(&school.db).await.unwrap();
        assert!(!india().await, "{off}");
        sqlx::query(on).execute(&school.db).await.unwrap();
        assert!(india().await, "{on}");
    }
}

#[sqlx::test]
async fn an_admin_writes_what_countries_pay(db: PgPool) {
    let school = School::open(db, UNREACHABLE_URL).await;
    let (visitor, student) = (school.browser(None).await, school.browser(Some(school.student)).await);
    let admin = school.browser(Some(school.admin)).await;
    let path = paths::ADMIN_PRICING;
    assert_eq!((visitor.get(path).await.status, student.get(path).await.status), (302, 404));
    assert_eq!((visitor.post(path, "").await.status, student.post(path, "").await.status), (303, 404));
    let page = admin.get(path).await.body;
    assert!(page.contains("Percent off in India") && page.contains("It is not known where visitors are"));

    let wrong = "version=1&smallest=-1&percent-IN=140&on-IN=on&percent-BR=4.5&country=XX&new_percent=10";
    let refused = admin.post(path, wrong).await;
    assert_eq!(refused.status, 422);
    for words in [
        "Enter whole dollars",
        "Enter a whole number from 1 to 99.",
        "Choose a country.",
        "value=\"140\"",
        "value=\"4.5\"",
    ] {
        assert!(refused.body.contains(words), "{words}");
    }
    let right = "version=1&enabled=on&smallest=5&percent-IN=30&on-IN=on&percent-BR=50&country=US&new_percent=10";
    assert_eq!(admin.post(path, right).await.status, 303);
    let stale = admin.post(path, "version=1&smallest=7&percent-IN=99").await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("Another admin changed prices meanwhile.") && stale.body.contains("value=\"7\""));
    let audit = fixtures::audit(&school.db).await;
    assert_eq!(
        audit[1..],
        ["pricing.update: Changed purchasing power: smallest price $1 → $5, Brazil 40% → 50% (off), India 40% → 30%, \
          United States nothing → 10%"]
    );
    assert!(school.get("/products/light", PROXY, "IN").await.body.contains("$42"));
    assert!(school.get("/products/light", PROXY, "US").await.body.contains("$54"));
    assert!(!school.get("/products/light", PROXY, "BR").await.body.contains("Purchasing power"));
}

/// A sandbox, and the school that sells through it.
async fn with_sandbox(db: PgPool) -> (School, String, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let stop = CancellationToken::new();
    let config = SandboxConfig {
        public_url: address.clone(),
        webhook_url: UNREACHABLE_URL.into(),
        webhook_secret: config::SANDBOX_WEBHOOK_SECRET.into(),
        secret_key: config::SANDBOX_SECRET_KEY.into(),
        state_file: None,
    };
    tokio::spawn(server::serve(listener, config, stop.clone()));
    (School::open(db, &address).await, address, stop)
}

/// Pays the open attempt with the sandbox's card, which is of the United States, and takes in what Stripe says of it.
async fn pay(school: &School, address: &str) -> serde_json::Value {
    let http = http_client::new().unwrap();
    let (id, session) = sqlx::query!(
        r#"select id, stripe_session_id as "session!" from checkout_attempts where state = 'open' order by created_at desc limit 1"#
    )
    .fetch_one(&school.db)
    .await
    .map(|row| (AttemptId::from(row.id), row.session))
    .unwrap();
    assert_eq!(http.post(format!("{address}/pay/{session}/pay")).send().await.unwrap().status(), 303);
    let read = http.get(format!("{address}/v1/checkout/sessions/{session}?expand[]=line_items.data.price.product"));
    let told: serde_json::Value =
        read.bearer_auth(config::SANDBOX_SECRET_KEY).send().await.unwrap().json().await.unwrap();
    let session_facts = objects::SessionFacts {
        id: session,
        attempt: Some(id),
        paid: true,
        amount_total: told["amount_total"].as_i64().unwrap(),
        currency: "usd".into(),
        payment_intent: Some(told["payment_intent"].as_str().unwrap().to_owned()),
    };
    let event = fulfil::Event {
        id: "evt_1",
        kind: "checkout.session.completed",
        occurred_at: clock::now(),
        payload: &told,
        about: Some(objects::StripeObject::Session(objects::SessionEvent::Completed, session_facts)),
    };
    assert_eq!(fulfil::process_event(&school.db, &event).await.unwrap(), Outcome::ACCESS_GRANTED);
    told
}

#[sqlx::test]
async fn the_price_goes_the_whole_way_and_a_card_from_elsewhere_is_flagged(db: PgPool) {
    let (school, address, stop) = with_sandbox(db).await;
    let paying = school.buy("IN", "").await;
    assert_eq!(paying.status, 303);
    let told = pay(&school, &address).await;
    assert_eq!(told["amount_total"], 3600);
    let purchase = sqlx::query_scalar!("select id from purchases").fetch_one(&school.db).await.unwrap().into();
    let receipt = school.browser(Some(school.student)).await.get(&paths::receipt(purchase)).await.body;
    assert!(receipt.contains(INDIA) && receipt.contains("−$24") && receipt.contains("$36"));
    let admin = school.browser(Some(school.admin)).await;
    let list = async || admin.get(paths::ADMIN_SALES).await.body;
    assert!(!list().await.contains("Card from elsewhere"));

    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0, "it is asked for once");
    assert!(list().await.contains("Card from elsewhere"));
    let sale = admin.get(&paths::sale(purchase)).await.body;
    for words in ["The price was made for India, but the card is from the United States", "Priced for", "Card from"] {
        assert!(sale.contains(words), "{words}");
    }
    stop.cancel();
}

#[sqlx::test]
async fn a_card_is_asked_for_later_when_stripe_is_away_and_not_at_all_where_no_country_was_priced(db: PgPool) {
    let (school, address, stop) = with_sandbox(db).await;
    school.buy("IN", "").await;
    pay(&school, &address).await;
    let away = School { state: fixtures::state_behind_proxy(&school.db, UNREACHABLE_URL).await, ..school };
    assert_eq!(card_country_check::check_pending(&away.state).await.unwrap(), 0);
    let school = School { state: fixtures::state_behind_proxy(&away.db, &address).await, ..away };
    sqlx::query!("update purchases set country = null").execute(&school.db).await.unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0);
    sqlx::query!("update purchases set country = 'US'").execute(&school.db).await.unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    let differs = sqlx::query_scalar!("select country_differs from purchases").fetch_one(&school.db).await.unwrap();
    assert!(!differs, "a card of the same country is no flag");
    stop.cancel();
}

#[sqlx::test]
async fn a_payment_that_stripe_does_not_know_is_asked_for_once(db: PgPool) {
    let (school, _, stop) = with_sandbox(db).await;
    let attempt = fixtures::attempt(&school.db, school.student, school.product, 3600).await;
    crate::payments::attempt_queries::set_state(&school.db, attempt, AttemptState::Paid).await.unwrap();
    sqlx::query!(
        r#"insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id, stripe_session_id,
                                  stripe_payment_intent_id, country)
           values (6000, 3600, '{"name": "", "description": "", "image_url": ""}', $1, $2, 'cs_1', 'pi_nobody', 'IN')"#,
        school.student.uuid(),
        school.product.uuid()
    )
    .execute(&school.db)
    .await
    .unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0);
    stop.cancel();
}
