//! Outages: pages and the Buy button while the database or Stripe is down or slow, and afterwards.

use std::time::Duration;

use sqlx::PgPool;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::{
    boot::router::router,
    sandbox::server,
    tests::{
        authorization::SchoolWithCourse,
        fixtures::{self, Browser},
    },
};

#[sqlx::test]
async fn a_request_that_takes_too_long_times_out(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let visitor = school.browser("visitor").await;
    let mut tx = school.db.begin().await.unwrap();
    sqlx::query("lock table products in access exclusive mode").execute(&mut *tx).await.unwrap();
    let mut page = Box::pin(visitor.get("/products/product"));
    // In real time until the page waits for the database; then half a minute of simulated time.
    assert!(tokio::time::timeout(Duration::from_secs(1), &mut page).await.is_err());
    tokio::time::pause();
    let began = tokio::time::Instant::now();
    let answer = page.await;
    tokio::time::resume();
    assert!((28..=30).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("Reference: "), "{}", answer.body);
    tx.rollback().await.unwrap();
    assert_eq!(visitor.get("/products/product").await.status, 200);
}

#[sqlx::test]
async fn a_student_can_buy_again_after_an_outage_of_stripe(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let buyer = Browser {
        router: router(fixtures::state(&school.db, &address).await),
        cookie: Some(fixtures::cookie(&school.db, school.other).await),
    };
    let answer = buyer.post("/products/product/purchase", "").await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.contains("The payment service is not responding. Nothing was charged"));
    let attempts = || async {
        sqlx::query_scalar!(r#"select count(*) as "n!" from checkout_attempts where state = 'open'"#)
            .fetch_one(&school.db)
            .await
            .unwrap()
    };
    assert_eq!(attempts().await, 1, "the attempt stays open");

    let listener = TcpListener::bind(address.trim_start_matches("http://")).await.unwrap();
    let stop = CancellationToken::new();
    let sandbox = tokio::spawn(server::serve(listener, fixtures::sandbox_config(&address), stop.clone()));
    let answer = buyer.post("/products/product/purchase", "").await;
    assert_eq!(answer.status, 303);
    assert!(answer.location.unwrap().starts_with(&address));
    assert_eq!(attempts().await, 1, "and the same attempt is paid");
    stop.cancel();
    sandbox.await.unwrap().unwrap();
}

/// Forwards connections from a port to the database until `cut` is cancelled, which also closes those that are open.
async fn forward(port: u16, upstream: String, cut: CancellationToken) {
    let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    loop {
        let (mut client, _) =
            tokio::select! { () = cut.cancelled() => return, accepted = listener.accept() => accepted.unwrap() };
        let (upstream, cut) = (upstream.clone(), cut.clone());
        tokio::spawn(async move {
            let mut server = TcpStream::connect(upstream).await.unwrap();
            tokio::select! { () = cut.cancelled() => {}, _ = tokio::io::copy_bidirectional(&mut client, &mut server) => {} }
        });
    }
}

#[sqlx::test]
async fn pages_are_503_during_an_outage_of_the_database_and_recover(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let options = school.db.connect_options();
    let upstream = format!("{}:{}", options.get_host(), options.get_port());
    let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let cut = CancellationToken::new();
    let proxy = tokio::spawn(forward(port, upstream.clone(), cut.clone()));
    let through_proxy = (*options).clone().host("127.0.0.1").port(port);
    let pool = sqlx::postgres::PgPoolOptions::new().acquire_timeout(Duration::from_secs(1));
    let pool = loop {
        match pool.clone().connect_with(through_proxy.clone()).await {
            Ok(pool) => break pool,
            Err(_) => tokio::task::yield_now().await,
        }
    };
    let cookie = fixtures::cookie(&school.db, school.owner).await;
    let visitor = Browser { router: router(fixtures::state(&pool, fixtures::UNREACHABLE_URL).await), cookie: None };
    let owner = Browser { router: visitor.router.clone(), cookie: Some(cookie) };
    assert_eq!(visitor.get("/").await.status, 200);

    cut.cancel();
    proxy.await.unwrap();
    for browser in [&visitor, &owner] {
        let page = browser.get("/").await;
        assert_eq!(page.status, 503);
        assert!(page.body.contains("Try again"));
    }
    assert_eq!(visitor.get("/readyz").await.status, 503);
    assert_eq!(visitor.get("/healthz").await.status, 200);

    let second_cut = CancellationToken::new();
    let proxy = tokio::spawn(forward(port, upstream, second_cut.clone()));
    let mut answer = visitor.get("/readyz").await.status;
    for _ in 0..20 {
        if answer == 200 {
            break;
        }
        answer = visitor.get("/readyz").await.status;
    }
    assert_eq!(answer, 200);
    assert_eq!(owner.get("/courses").await.status, 200);
    second_cut.cancel();
    proxy.await.unwrap();
}
