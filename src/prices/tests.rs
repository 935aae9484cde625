//! Tests of discounts by country (purchasing power parity): where the country comes from, and which prices are shown and paid.

use axum::{body::Body, extract::Request};
use http_body_util::BodyExt;
use sqlx::PgPool;
use tokio_util::sync::DropGuard;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    id::AttemptId,
    paths,
    payments::{AttemptState, card_country_check, fulfil, outcome::Outcome},
    platform::{clock, config::stripe::SANDBOX_SECRET_KEY, http_client},
    prices::queries,
    stripe::{event::Event, objects},
    tests::fixtures::{self, Answer, PROXY, TestApp, UNREACHABLE_URL, from},
};

const CLIENT: [u8; 4] = [203, 0, 113, 7];
const INDIA: &str = "Purchasing power: 40% off in India";

/// A school behind a proxy that sells the product `light` with one course for $60, 40% less in India.
async fn open_school(db: &PgPool, stripe: &str) -> TestApp {
    sqlx::query!("update ppp_countries set percent = 40 where country = 'IN'").execute(db).await.unwrap();
    TestApp::new(db).with_course("Course").with_product("light", 60).with_stripe(stripe).behind_proxy().build().await
}

impl TestApp {
    /// Opens a page as a visitor: a request from `peer` whose header states `country`.
    async fn get_from(&self, path: &str, peer: [u8; 4], country: &str) -> Answer {
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        self.visitor().send(from(request, peer, country)).await
    }

    /// Posts the form of the Buy button from `country`.
    async fn buy_from(&self, country: &str, form: &'static str) -> Answer {
        let request =
            Request::post("/products/light/purchase").header("content-type", "application/x-www-form-urlencoded");
        let request = from(request.body(Body::from(form)).unwrap(), PROXY, country);
        self.student_browser().await.send(request).await
    }

    /// Open attempts: amount, list price, name of the discount, country and percent.
    async fn open_attempts(&self) -> Vec<(i32, i32, Option<String>, Option<String>, Option<i32>)> {
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
async fn the_initial_table_has_166_countries(db: PgPool) {
    let discounts = queries::list_country_discounts(&db).await.unwrap();
    let percent =
        |code: &str| discounts.iter().find(|discount| discount.country.code() == code).map(|discount| discount.percent);
    assert_eq!(discounts.len(), 166, "every row is a country that we know");
    assert_eq!((percent("IN"), percent("AF"), percent("US")), (Some(50), Some(50), None));
}

#[sqlx::test]
async fn a_price_shows_the_list_price_and_the_reason_of_the_discount(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    for path in ["/", "/products/light"] {
        let page = school.get_from(path, PROXY, "IN").await.body;
        for text in ["<s><span class=\"sr-only\">was </span>", "$60", "$36", INDIA] {
            assert!(page.contains(text), "{path}: {text}");
        }
        let page = school.get_from(path, PROXY, "US").await.body;
        assert!(page.contains("$60") && !page.contains("Purchasing power"), "{path}");
    }
}

#[sqlx::test]
async fn a_country_claimed_by_the_client_is_ignored(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    let send = async |request: Request<Body>| school.visitor().send(request).await.body;
    let ask = || Request::get("/products/light").header("accept", "text/html");
    assert!(
        !school.get_from("/products/light", CLIENT, "IN").await.body.contains("$36"),
        "a header of the client itself"
    );
    let chain = ask().header("x-forwarded-for", "10.0.0.1, 10.0.0.2").body(Body::empty()).unwrap();
    assert!(!send(from(chain, CLIENT, "IN")).await.contains("$36"), "a client that names our proxies");
    let twice = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(
        !send(from(twice, PROXY, "US")).await.contains("$36"),
        "a header that the client adds before that of the proxy"
    );
    let unknown = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(
        !send(from(unknown, PROXY, "XX")).await.contains("$36"),
        "a header of the client while the proxy knows no country"
    );
    let unknown_peer = ask().header("x-country", "IN").body(Body::empty()).unwrap();
    assert!(!send(unknown_peer).await.contains("$36"), "a header of a local client");
    for name in ["country", "discount", "discount_percent", "price", "amount", "amount_in_cents", "percent", "user_id"]
    {
        school.buy_from("US", Box::leak(format!("{name}=IN&{name}=1").into_boxed_str())).await;
    }
    assert_eq!(school.open_attempts().await, [(6000, 6000, None, None, None)], "fields of the form are ignored");
}

#[sqlx::test]
async fn a_cached_page_never_shows_the_price_of_another_country(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    school.state.page_cache.set_subscribed(true);
    let router = router(school.state.clone());
    let page = async |path: &str, peer: [u8; 4], country: &str| {
        let request = Request::get(path).header("accept", "text/html").body(Body::empty()).unwrap();
        let response = router.clone().oneshot(from(request, peer, country)).await.unwrap();
        assert_eq!(
            response.headers().get("cache-control").unwrap(),
            "private, no-cache",
            "no shared cache may store it"
        );
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    };
    for path in ["/", "/products/light"] {
        for _ in 0..2 {
            assert!(page(path, PROXY, "IN").await.contains("$36"), "{path} from India");
            assert!(!page(path, PROXY, "US").await.contains("$36"), "{path} from the United States");
            assert!(!page(path, CLIENT, "IN").await.contains("$36"), "{path} from a client that claims India");
            assert!(page(path, PROXY, "AF").await.contains("Afghanistan"), "{path} from Afghanistan");
        }
    }
    assert!(page("/products/light?code=NOTHING", PROXY, "US").await.contains("This code cannot be used here."));
    assert!(!page("/products/light", PROXY, "US").await.contains("This code cannot be used here."));
}

#[sqlx::test]
async fn an_attempt_is_reused_only_for_the_same_price_and_reason(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    for _ in 0..2 {
        // Stripe cannot be reached; the attempt is stored.
        assert_eq!(school.buy_from("IN", "").await.status, 503);
        assert_eq!(school.buy_from("US", "").await.status, 503);
    }
    let india = (3600, 6000, Some(INDIA.to_owned()), Some("IN".to_owned()), Some(40));
    assert_eq!(school.open_attempts().await, [india.clone(), (6000, 6000, None, None, None)]);
    sqlx::query!("update ppp_countries set percent = 40 where country = 'BR'").execute(&school.db).await.unwrap();
    school.buy_from("BR", "").await;
    let brazil = (3600, 6000, Some("Purchasing power: 40% off in Brazil".to_owned()), Some("BR".to_owned()), Some(40));
    assert_eq!(
        school.open_attempts().await,
        [brazil, india, (6000, 6000, None, None, None)],
        "the same amount for another reason"
    );
}

#[sqlx::test]
async fn a_discount_that_is_switched_off_applies_nowhere(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    let india = async || school.get_from("/products/light", PROXY, "IN").await.body.contains("$36");
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
async fn an_admin_edits_discounts_by_country(db: PgPool) {
    let school = open_school(&db, UNREACHABLE_URL).await;
    let (visitor, student) = (school.visitor(), school.student_browser().await);
    let admin = school.admin_browser().await;
    let path = paths::ADMIN_PRICING;
    assert_eq!((visitor.get(path).await.status, student.get(path).await.status), (302, 404));
    assert_eq!((visitor.post(path, "").await.status, student.post(path, "").await.status), (303, 404));
    let page = admin.get(path).await.body;
    assert!(page.contains("Percent off in India") && page.contains("The countries of visitors are unknown"));

    let invalid = "version=1&minimum_price=-1&percent-IN=140&on-IN=on&percent-BR=4.5&country=XX&new_percent=10";
    let rejected = admin.post(path, invalid).await;
    assert_eq!(rejected.status, 422);
    for text in [
        "Enter whole dollars",
        "Enter a whole number from 1 to 99.",
        "Choose a country.",
        "value=\"140\"",
        "value=\"4.5\"",
    ] {
        assert!(rejected.body.contains(text), "{text}");
    }
    let valid = "version=1&enabled=on&minimum_price=5&percent-IN=30&on-IN=on&percent-BR=50&country=US&new_percent=10";
    assert_eq!(admin.post(path, valid).await.status, 303);
    let stale = admin.post(path, "version=1&minimum_price=7&percent-IN=99").await;
    assert_eq!(stale.status, 409);
    assert!(stale.body.contains("Another admin changed prices in the meantime.") && stale.body.contains("value=\"7\""));
    let audit = fixtures::audit(&school.db).await;
    assert_eq!(
        audit[1..],
        ["pricing.update: Changed purchasing power: minimum price $1 → $5, Brazil 40% → 50% (off), India 40% → 30%, \
          United States nothing → 10%"]
    );
    assert!(school.get_from("/products/light", PROXY, "IN").await.body.contains("$42"));
    assert!(school.get_from("/products/light", PROXY, "US").await.body.contains("$54"));
    assert!(!school.get_from("/products/light", PROXY, "BR").await.body.contains("Purchasing power"));
}

/// A school with a sandbox, the address of the sandbox, and the guard that stops it.
async fn open_school_with_sandbox(db: &PgPool) -> (TestApp, String, DropGuard) {
    let (address, stop) = fixtures::run_sandbox().await;
    (open_school(db, &address).await, address, stop)
}

/// Pays the open attempt with the sandbox's card, which is of the United States, and processes the event of the payment.
async fn pay(school: &TestApp, address: &str) -> serde_json::Value {
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
    let paid_session: serde_json::Value =
        read.bearer_auth(SANDBOX_SECRET_KEY).send().await.unwrap().json().await.unwrap();
    let session_facts = objects::SessionFacts {
        id: session,
        attempt: Some(id),
        paid: true,
        amount_total: paid_session["amount_total"].as_i64().unwrap(),
        currency: "usd".into(),
        payment_intent: Some(paid_session["payment_intent"].as_str().unwrap().to_owned()),
    };
    let event = Event {
        id: "evt_1".into(),
        kind: "checkout.session.completed".into(),
        occurred_at: clock::now(),
        payload: paid_session.clone(),
        object: Some(objects::StripeObject::Session(objects::SessionEvent::Completed, session_facts)),
    };
    assert_eq!(fulfil::process_event(&school.db, &event).await.unwrap(), Outcome::ACCESS_GRANTED);
    paid_session
}

#[sqlx::test]
async fn the_discount_reaches_the_receipt_and_a_card_of_another_country_is_flagged(db: PgPool) {
    let (school, address, _stop) = open_school_with_sandbox(&db).await;
    let paying = school.buy_from("IN", "").await;
    assert_eq!(paying.status, 303);
    let paid_session = pay(&school, &address).await;
    assert_eq!(paid_session["amount_total"], 3600);
    let purchase = sqlx::query_scalar!("select id from purchases").fetch_one(&school.db).await.unwrap().into();
    let receipt = school.student_browser().await.get(&paths::receipt(purchase)).await.body;
    assert!(receipt.contains(INDIA) && receipt.contains("−$24") && receipt.contains("$36"));
    let admin = school.admin_browser().await;
    let list = async || admin.get(paths::ADMIN_SALES).await.body;
    assert!(!list().await.contains("Card country differs"));

    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0, "it is fetched once");
    assert!(list().await.contains("Card country differs"));
    let sale = admin.get(&paths::sale(purchase)).await.body;
    for text in ["The price was for India, but the card was issued in the United States", "Priced for", "Card from"] {
        assert!(sale.contains(text), "{text}");
    }
}

#[sqlx::test]
async fn the_country_of_a_card_is_fetched_after_an_outage_and_only_for_priced_countries(db: PgPool) {
    let (school, address, _stop) = open_school_with_sandbox(&db).await;
    school.buy_from("IN", "").await;
    pay(&school, &address).await;
    let unreachable = fixtures::state_behind_proxy(&school.db, UNREACHABLE_URL).await;
    assert_eq!(card_country_check::check_pending(&unreachable).await.unwrap(), 0);
    sqlx::query!("update purchases set country = null").execute(&school.db).await.unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0);
    sqlx::query!("update purchases set country = 'US'").execute(&school.db).await.unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    let differs = sqlx::query_scalar!("select country_differs from purchases").fetch_one(&school.db).await.unwrap();
    assert!(!differs, "a card of the same country is not flagged");
}

#[sqlx::test]
async fn a_payment_unknown_to_stripe_is_fetched_once(db: PgPool) {
    let (school, _, _stop) = open_school_with_sandbox(&db).await;
    let attempt = fixtures::attempt(&school.db, school.student, school.product("light"), 3600).await;
    crate::payments::attempt_queries::set_state(&school.db, attempt, AttemptState::Paid).await.unwrap();
    sqlx::query!(
        r#"insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id, stripe_session_id,
                                  stripe_payment_intent_id, country)
           values (6000, 3600, '{"name": "", "description": "", "image_url": ""}', $1, $2, 'cs_1', 'pi_nobody', 'IN')"#,
        school.student.uuid(),
        school.product("light").uuid()
    )
    .execute(&school.db)
    .await
    .unwrap();
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 1);
    assert_eq!(card_country_check::check_pending(&school.state).await.unwrap(), 0);
}
