//! Tests of the sales list: its pages, its search, and the CSV file.

use sqlx::PgPool;

use crate::{
    id::{ProductId, PurchaseId, UserId},
    pagination::PageDirection,
    sales::{
        SaleState, TimelineEntry,
        filter::{SaleList, SalesFilter},
        search::{self, PAGE_SIZE},
    },
    tests::fixtures::{self, Browser},
};

/// Inserts a product and `count` sales of it: one for each of the students s1, s2…, a minute apart, s1's the newest. Every tenth is free.
async fn product_with_sales(db: &PgPool, count: i32) -> ProductId {
    let product = fixtures::product(db, "bundle", 10, &[]).await;
    insert_sales(db, product, "s", count, 0).await;
    product
}

/// Inserts a sale of a product for each of `count` new students, a minute apart, the newest `ago` minutes ago.
async fn insert_sales(db: &PgPool, product: ProductId, name: &str, count: i32, ago: i32) {
    sqlx::query!(
        r#"with buyers as (
             insert into users (clerk_user_id, email, name)
             select 'local_' || $2 || n, $2 || n || '@example.com', 'Student' from generate_series(1, $3) n
             returning id, email)
           insert into purchases (subtotal_in_cents, price_paid_in_cents, product_details, user_id, product_id,
                                  stripe_session_id, stripe_payment_intent_id, created_at)
           select 1000, case when n % 10 = 0 then 0 else 1000 end,
                  jsonb_build_object('name', p.name, 'description', '', 'image_url', ''), b.id, p.id,
                  'cs_' || $2 || n, 'pi_' || $2 || n, now() - make_interval(mins => n - 1 + $4)
             from buyers b join generate_series(1, $3) n on b.email = $2 || n || '@example.com'
                  join products p on p.id = $1
            order by n desc"#,
        product.uuid(),
        name,
        count,
        ago,
    )
    .execute(db)
    .await
    .unwrap();
}

/// Refunds the paid sales whose receipt number ends in `last_digit`.
async fn refund(db: &PgPool, last_digit: i32, cents: i32, state: &str) {
    sqlx::query(
        "insert into refunds (purchase_id, amount_in_cents, state)
         select id, $2, $3::refund_state from purchases
          where receipt_number % 10 = $1 and price_paid_in_cents > 0 and refunded_at is null",
    )
    .bind(last_digit)
    .bind(cents)
    .bind(state)
    .execute(db)
    .await
    .unwrap();
    sqlx::query!(
        "update purchases set refunded_at = now()
          where refunded_in_cents = price_paid_in_cents and price_paid_in_cents > 0 and refunded_at is null"
    )
    .execute(db)
    .await
    .unwrap();
}

async fn search(db: &PgPool, q: &str, state: &str) -> SaleList {
    search::list_sales(db, SalesFilter::new(q, state), PageDirection::Newest).await.unwrap()
}

async fn emails(db: &PgPool, q: &str) -> Vec<String> {
    let list = search(db, q, "").await;
    list.sales.rows.into_iter().map(|sale| sale.email.trim_end_matches("@example.com").to_owned()).collect()
}

fn ids(list: &SaleList) -> Vec<PurchaseId> {
    list.sales.rows.iter().map(|sale| sale.id).collect()
}

/// Reads all pages, newest first.
async fn all_pages(db: &PgPool, q: &str, state: &str) -> Vec<SaleList> {
    let mut pages = vec![search(db, q, state).await];
    while let Some(last) = pages.last().filter(|page| page.sales.has_next) {
        let direction = PageDirection::Before(last.sales.rows.last().unwrap().cursor());
        let page = search::list_sales(db, last.filter.clone(), direction).await.unwrap();
        pages.push(page);
    }
    pages
}

#[sqlx::test]
async fn pages_neither_skip_nor_repeat_sales_while_new_ones_arrive(db: PgPool) {
    let product = product_with_sales(&db, 175).await;
    // All at the same time: only the id orders them.
    sqlx::query!("update purchases set created_at = '2026-01-01' where receipt_number <= 60")
        .execute(&db)
        .await
        .unwrap();
    let before: Vec<_> =
        sqlx::query_scalar!("select id from purchases order by created_at desc, id desc").fetch_all(&db).await.unwrap();
    let mut seen = Vec::new();
    let mut direction = PageDirection::Newest;
    let mut pages = Vec::new();
    for sold in 0.. {
        let page = search::list_sales(&db, SalesFilter::default(), direction).await.unwrap();
        insert_sales(&db, product, &format!("meanwhile{sold}x"), 3, 0).await;
        seen.extend(ids(&page));
        direction = PageDirection::Before(page.sales.rows.last().unwrap().cursor());
        let has_next = page.sales.has_next;
        pages.push(page);
        if !has_next {
            break;
        }
    }
    assert_eq!(seen, before.into_iter().map(PurchaseId::from).collect::<Vec<_>>());
    assert_eq!(pages.iter().map(|page| page.sales.rows.len()).collect::<Vec<_>>(), [50, 50, 50, 25]);
    // Backwards, the pages are the same.
    let back = PageDirection::After(pages[3].sales.rows[0].cursor());
    let page = search::list_sales(&db, SalesFilter::default(), back).await.unwrap();
    assert_eq!((ids(&page), page.sales.has_previous, page.sales.has_next), (ids(&pages[2]), true, true));
    // Near the beginning, the newest page is full.
    let top = PageDirection::After(pages[0].sales.rows[20].cursor());
    let page = search::list_sales(&db, SalesFilter::default(), top).await.unwrap();
    assert_eq!((page.sales.rows.len(), page.sales.has_previous, page.sales.has_next), (PAGE_SIZE.into(), false, true));
}

#[sqlx::test]
async fn sales_are_filtered_by_their_state(db: PgPool) {
    product_with_sales(&db, 200).await;
    refund(&db, 4, 1000, "succeeded").await;
    refund(&db, 2, 300, "succeeded").await;
    refund(&db, 3, 300, "pending").await;
    let mut all = 0;
    for (state, count) in [("paid", 120), ("free", 20), ("refunded", 20), ("partly_refunded", 20), ("refunding", 20)] {
        let pages = all_pages(&db, "", state).await;
        let sales: Vec<_> = pages.into_iter().flat_map(|page| page.sales.rows).collect();
        assert!(sales.iter().all(|sale| Some(sale.state) == SaleState::parse(state)), "{state}");
        assert_eq!(sales.len(), count, "{state}");
        all += sales.len();
    }
    assert_eq!(all, 200);
    assert_eq!(all_pages(&db, "", "").await.into_iter().map(|page| page.sales.rows.len()).sum::<usize>(), 200);
    let partly = search(&db, "", "partly_refunded").await;
    assert_eq!(partly.sales.rows[0].refunded, crate::money::Cents(300));
}

#[sqlx::test]
async fn sales_are_found_by_buyer_product_receipt_and_stripes_ids(db: PgPool) {
    product_with_sales(&db, 30).await;
    let odd = fixtures::product(&db, "100-percent", 10, &[]).await;
    sqlx::query!("update products set name = 'Get 100% of it_all' where id = $1", odd.uuid())
        .execute(&db)
        .await
        .unwrap();
    insert_sales(&db, odd, "odd", 2, 60).await;
    let number: i64 = sqlx::query_scalar("select receipt_number from purchases where stripe_session_id = 'cs_s7'")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(emails(&db, "s7@example.com").await, ["s7"]);
    assert_eq!(emails(&db, " S7@EXAMPLE ").await, ["s7"], "any part of an address, in any case");
    assert_eq!(emails(&db, "odd").await, ["odd1", "odd2"]);
    assert_eq!(emails(&db, "100% OF").await, ["odd1", "odd2"]);
    assert_eq!(emails(&db, "100_").await, [""; 0], "wildcards of `like` are escaped");
    assert_eq!(emails(&db, "it_a").await, ["odd1", "odd2"]);
    assert_eq!(emails(&db, "%").await, ["odd1", "odd2"]);
    assert_eq!(emails(&db, "\\").await, [""; 0]);
    assert_eq!(emails(&db, "cs_s7").await, ["s7"]);
    assert_eq!(emails(&db, "pi_s8").await, ["s8"]);
    assert_eq!(emails(&db, "cs_").await, [""; 0]);
    assert_eq!(emails(&db, &format!("#{number}")).await, ["s7"]);
    assert!(emails(&db, &number.to_string()).await.contains(&"s7".to_owned()));
    assert_eq!(emails(&db, "bundle").await.len(), 30);
    assert_eq!(emails(&db, "nobody").await, [""; 0]);
    assert_eq!(ids(&search(&db, "cs_s7", "free").await), []);
    assert_eq!(search(&db, "cs_s10", "free").await.sales.rows.len(), 1);
    assert_eq!(search(&db, "bundle", "free").await.sales.rows.len(), 3);
}

/// Beyond the newest thousand sales a search uses the indexes, page by page, in both directions.
#[sqlx::test]
async fn rare_matches_are_found_however_old(db: PgPool) {
    product_with_sales(&db, 1100).await;
    let old = fixtures::product(&db, "old", 10, &[]).await;
    insert_sales(&db, old, "early", 120, 5000).await;
    for q in ["early", "old"] {
        let pages = all_pages(&db, q, "").await;
        assert_eq!(pages.iter().map(|page| page.sales.rows.len()).collect::<Vec<_>>(), [50, 50, 20], "{q}");
        let back = PageDirection::After(pages[2].sales.rows[0].cursor());
        let page = search::list_sales(&db, SalesFilter::new(q, ""), back).await.unwrap();
        assert_eq!(ids(&page), ids(&pages[1]), "{q}, and back");
    }
    assert_eq!(search(&db, "early", "free").await.sales.rows.len(), 12);
    assert_eq!(emails(&db, "early120@").await, ["early120"]);
    assert_eq!(emails(&db, "pi_early3").await, ["early3"]);
    assert_eq!(emails(&db, "rl").await, [""; 0], "two letters are searched among the newest only");
    assert_eq!(emails(&db, "ld").await.len(), usize::from(PAGE_SIZE), "but a product is always found");
    let common = all_pages(&db, "example.com", "").await;
    assert_eq!(common.into_iter().map(|page| page.sales.rows.len()).sum::<usize>(), 1220);
}

async fn admin(db: &PgPool) -> (Browser, UserId) {
    let admin = fixtures::admin(db, "admin").await.id;
    (fixtures::browser(db, Some(admin)).await, admin)
}

#[sqlx::test]
async fn the_list_has_filters_search_pages_and_a_download(db: PgPool) {
    let (browser, _) = admin(&db).await;
    let empty = browser.get("/admin/sales").await;
    assert!(empty.body.contains("No sales yet"));
    product_with_sales(&db, 60).await;
    let page = browser.get("/admin/sales").await.body;
    assert!(page.contains("s1@example.com") && !page.contains("s51@example.com"));
    assert!(page.contains("Older") && !page.contains("Newer"));
    assert!(page.contains("/admin/sales?state=partly_refunded") && page.contains("/admin/sales.csv"));
    let href = page.split("rel=\"next\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let next = browser.get(href).await.body;
    assert!(next.contains("s51@example.com") && next.contains("Newer"));
    let found = browser.get("/admin/sales?q=s10%40&state=free").await.body;
    assert!(found.contains("s10@example.com") && found.contains("name=\"state\" value=\"free\""));
    assert!(found.contains("/admin/sales.csv?q=s10%40&amp;state=free"));
    assert!(browser.get("/admin/sales?q=nobody").await.body.contains("No matching sales"));
    assert_eq!(browser.get("/admin/sales?before=x&after=y&state=z").await.status, 200);
}

fn rows(file: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(file.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[sqlx::test]
async fn the_csv_file_has_every_sale_of_the_list(db: PgPool) {
    let (browser, _) = admin(&db).await;
    product_with_sales(&db, 10_000).await;
    let file = rows(&browser.get("/admin/sales.csv").await.body);
    assert_eq!(file.len(), 10_001);
    assert_eq!(
        file[0],
        [
            "when", "receipt", "buyer", "product", "subtotal", "discount", "paid", "refunded", "currency", "state",
            "session"
        ]
    );
    assert_eq!(file[1][2..], ["s1@example.com", "bundle", "10.00", "0.00", "10.00", "0.00", "USD", "paid", "cs_s1"]);
    assert!(file[1][0].ends_with('Z') && file[1][0].len() == 20, "{}", file[1][0]);
    assert_eq!(file[10][5..10], ["10.00", "0.00", "0.00", "USD", "free"]);
    assert_eq!(file[10_000][2], "s10000@example.com");
    let free = rows(&browser.get("/admin/sales.csv?state=free").await.body);
    assert_eq!(free.len(), 1001);
    let found = rows(&browser.get("/admin/sales.csv?q=s9999%40").await.body);
    assert_eq!(found.len(), 2);
    let one = rows(&browser.get("/admin/sales.csv?q=cs_s5").await.body);
    assert_eq!((one.len(), one[1][2].as_str()), (2, "s5@example.com"));
}

#[sqlx::test]
async fn the_csv_file_has_a_name_is_compressed_and_complete(db: PgPool) {
    use axum::{body::Body, extract::Request};
    use http_body_util::BodyExt;
    use tower::ServiceExt;
    let (browser, _) = admin(&db).await;
    product_with_sales(&db, 10_000).await;
    let request = Request::get("/admin/sales.csv").header("cookie", browser.cookie.clone().unwrap());
    let request = request.header("accept-encoding", "gzip").body(Body::empty()).unwrap();
    let answer = browser.router.clone().oneshot(request).await.unwrap();
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!((header("content-type"), header("content-encoding")), ("text/csv; charset=utf-8".into(), "gzip".into()));
    let name = header("content-disposition");
    assert!(name.starts_with("attachment; filename=\"sales-20") && name.ends_with(".csv\""), "{name}");
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    assert!(body.len() > 10_000 && body.starts_with(&[0x1f, 0x8b]), "complete, and gzip");
}

#[sqlx::test]
async fn no_cell_is_a_formula(db: PgPool) {
    let (browser, _) = admin(&db).await;
    product_with_sales(&db, 7).await;
    let names = ["=1+1", "+1", "-1", "@sum", "\tx", "\rx", "a \"b\",\nc"];
    for (n, name) in (1_i64..).zip(names) {
        sqlx::query!(
            "update purchases set product_details = jsonb_set(product_details, '{name}', to_jsonb($2::text))
              where stripe_session_id = 'cs_s' || $1::bigint",
            n,
            name,
        )
        .execute(&db)
        .await
        .unwrap();
    }
    let file = rows(&browser.get("/admin/sales.csv").await.body);
    let cells: Vec<_> = file[1..].iter().map(|row| row[3].as_str()).collect();
    assert_eq!(cells, ["'=1+1", "'+1", "'-1", "'@sum", "'\tx", "'\rx", "a \"b\",\nc"]);
}

/// The browser builds the cursor of a page from the times that it received.
#[test]
fn a_time_keeps_its_microseconds_in_json() {
    let entry = TimelineEntry { at: "2026-03-04T05:06:07.123456Z".parse().unwrap(), text: String::new() };
    let json = serde_json::to_string(&entry).unwrap();
    assert_eq!(json, r#"{"at":1772600767123456,"text":""}"#);
    assert_eq!(serde_json::from_str::<TimelineEntry>(&json).unwrap(), entry);
}

#[test]
fn every_state_is_found_by_its_identifier() {
    for state in SaleState::ALL {
        assert_eq!(SaleState::parse(state.as_str()), Some(state));
    }
}
