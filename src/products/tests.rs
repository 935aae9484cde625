//! Products as admins write them, and as everybody else finds them.

use axum::{body::Body, extract::Request};
use sqlx::PgPool;

use crate::{
    boot::router::router,
    id::{CourseId, ProductId, UserId},
    paths,
    products::{
        ProductStatus, Removal, admin_queries,
        api::{GetProductForm, GetProducts, RemoveProduct},
        service,
    },
    tests::fixtures::{self, Answer, Browser},
};

const UNREACHABLE_URL: &str = "http://127.0.0.1:9";

/// A school with an admin, a student, and two courses.
struct School {
    db: PgPool,
    admin: Browser,
    student: Browser,
    visitor: Browser,
    who: (UserId, UserId),
    courses: [CourseId; 2],
}

impl School {
    async fn open(db: PgPool) -> Self {
        let courses = [fixtures::course(&db, "Light").await, fixtures::course(&db, "Shadow").await];
        let who = (fixtures::student(&db, "admin").await, fixtures::student(&db, "student").await);
        crate::users::queries::grant_admin(&db, "admin@example.com").await.unwrap();
        let router = router(fixtures::state(&db, UNREACHABLE_URL).await);
        let browser = |cookie| Browser { router: router.clone(), cookie };
        let admin = browser(Some(fixtures::cookie(&db, who.0).await));
        let student = browser(Some(fixtures::cookie(&db, who.1).await));
        Self { visitor: browser(None), admin, student, who, courses, db }
    }

    async fn audit(&self) -> Vec<(String, String)> {
        let rows = sqlx::query!("select action, summary from audit_log order by id").fetch_all(&self.db).await.unwrap();
        rows.into_iter().map(|row| (row.action, row.summary)).collect()
    }

    async fn product(&self, slug: &str) -> ProductId {
        sqlx::query_scalar!("select id from products where slug = $1", slug).fetch_one(&self.db).await.unwrap().into()
    }

    /// What the form of this product would send, with some fields otherwise.
    async fn form(&self, product: ProductId, otherwise: &[(&str, &str)]) -> String {
        let form = admin_queries::find_form(&self.db, product).await.unwrap().unwrap();
        let choices = admin_queries::list_choices(&self.db, Some(product)).await.unwrap();
        let status = if form.status == ProductStatus::Public { "public" } else { "private" };
        let mut fields = vec![
            ("version", form.version.to_string()),
            ("name", form.name),
            ("slug", form.slug),
            ("description", form.description),
            ("price", form.dollars.to_string()),
            ("image_url", form.image_url),
            ("status", status.to_owned()),
        ];
        fields.extend(choices.iter().filter(|c| c.chosen).map(|c| ("courses", c.id.to_string())));
        fields.retain(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
        fields.extend(otherwise.iter().filter(|(_, value)| !value.is_empty()).map(|(n, v)| (*n, (*v).to_owned())));
        encode(&fields)
    }
}

fn encode(fields: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

fn new_product(otherwise: &[(&str, &str)]) -> String {
    let usual = [("name", "Light and shadow"), ("price", "60"), ("status", "private"), ("version", "0")];
    let usual = usual.iter().filter(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
    encode(&usual.chain(otherwise).map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>())
}

/// Posts a form with a file, as a browser does.
async fn post_with_file(browser: &Browser, path: &str, form: &str, file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in form_urlencoded::parse(form.as_bytes()) {
        body.extend_from_slice(
            format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
        );
    }
    body.extend_from_slice(
        b"--x\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n",
    );
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--x--\r\n");
    let request = Request::post(path).header("content-type", "multipart/form-data; boundary=x");
    browser.send(request.body(Body::from(body)).unwrap()).await
}

fn png(width: u32) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(width, 9).write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

#[sqlx::test]
async fn the_desk_is_closed_to_everybody_but_admins(db: PgPool) {
    let school = School::open(db).await;
    let product = fixtures::product(&school.db, "product", 60, &[]).await;
    let edit = paths::edit_product(product);
    for (browser, statuses, page) in
        [(&school.visitor, [401; 3], 302), (&school.student, [403; 3], 404), (&school.admin, [200; 3], 200)]
    {
        for path in [paths::ADMIN_PRODUCTS, paths::ADMIN_NEW_PRODUCT, &edit] {
            assert_eq!(browser.get(path).await.status, page, "{path}");
        }
        let answers = [
            browser.call::<GetProducts>("search=&page=1").await.status,
            browser.call::<GetProductForm>(&format!("product={product}")).await.status,
            browser.call::<RemoveProduct>(&format!("product={product}")).await.status,
        ];
        assert_eq!(answers, statuses);
    }
    assert_eq!(school.visitor.post(paths::ADMIN_NEW_PRODUCT, "").await.status, 303);
    let sent_away = school.visitor.post(&edit, "").await.location;
    assert_eq!(sent_away, Some(paths::sign_in(&edit)));
    for path in [paths::ADMIN_NEW_PRODUCT, &edit] {
        let answer = post_with_file(&school.student, path, &new_product(&[]), &png(9)).await;
        assert!(answer.status == 403 || answer.status == 404, "{path}: {}", answer.status);
    }
    let left =
        sqlx::query_scalar!(r#"select (select count(*) from products) + (select count(*) from pictures) as "n!""#);
    assert_eq!(
        left.fetch_one(&school.db).await.unwrap(),
        0,
        "the admin deleted the product; nobody else wrote anything"
    );
    let audit = school.audit().await;
    assert_eq!(
        audit.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(),
        ["refused", "refused", "refused", "product.delete", "refused", "refused"]
    );
}

#[sqlx::test]
async fn an_admin_makes_a_product_and_reads_that_it_is_made(db: PgPool) {
    let school = School::open(db).await;
    let course = school.courses[0].to_string();
    let form = new_product(&[("description", "**Bold**"), ("status", "public"), ("courses", &course)]);
    let answer = post_with_file(&school.admin, paths::ADMIN_NEW_PRODUCT, &form, &png(1000)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some(paths::ADMIN_PRODUCTS)));
    assert_eq!(school.audit().await, [("product.create".into(), "Made the product “Light and shadow”".into())]);
    let page = school.visitor.get("/products/light-and-shadow").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<strong>Bold</strong>"), "what was written in Markdown is read as HTML");
    assert!(
        page.body.contains("960.webp 960w") && page.body.contains("480.webp 480w"),
        "and the picture comes as it fits"
    );
    assert!(page.body.contains(r#"<meta name="description" content="Bold""#), "and plain where only words can be");
    let list = school.admin.get(paths::ADMIN_PRODUCTS).await.body;
    assert!(list.contains("Light and shadow") && list.contains("$60") && list.contains("Public"));
    let searched = school.admin.get(&format!("{}?q=nothing", paths::ADMIN_PRODUCTS)).await.body;
    assert!(searched.contains("Nothing found"));
}

#[sqlx::test]
async fn what_is_wrong_is_said_and_nothing_typed_is_lost(db: PgPool) {
    let school = School::open(db).await;
    fixtures::product(&school.db, "taken", 60, &[]).await;
    let course = school.courses[1].to_string();
    let form = new_product(&[
        ("slug", "taken"),
        ("price", "12.50"),
        ("description", "What I wrote"),
        ("status", "public"),
        ("courses", &course),
    ]);
    let answer = post_with_file(&school.admin, paths::ADMIN_NEW_PRODUCT, &form, &png(480)).await;
    assert_eq!(answer.status, 422);
    for words in [
        "The address taken belongs to “taken”. Choose another.",
        "Write whole dollars, without cents.",
        "What I wrote",
        r#"value="12.50""#,
        "/480.webp",
    ] {
        assert!(answer.body.contains(words), "{words}");
    }
    let checked = format!(r#"value="{course}" checked"#);
    assert!(answer.body.contains(&checked), "the course is still chosen");
    let pictures = sqlx::query_scalar!(r#"select count(*) as "n!" from pictures"#).fetch_one(&school.db).await.unwrap();
    assert_eq!(pictures, 1, "the picture is kept");

    for (file, words) in [
        (b"<svg><script>alert(1)</script></svg>".to_vec(), "This is no picture that we can read."),
        (vec![7; 9 * 1024 * 1024], "This picture is larger than 8 MB. Choose a smaller one."),
    ] {
        let answer = post_with_file(&school.admin, paths::ADMIN_NEW_PRODUCT, &new_product(&[]), &file).await;
        assert_eq!(answer.status, 422, "{words}");
        assert!(answer.body.contains(words) && answer.body.contains("Light and shadow"), "{words}");
    }
    let unknown = "6f1c2f0e-5a53-4d0a-9f0c-0d8c6a1b2c3d";
    let answer = school.admin.post(paths::ADMIN_NEW_PRODUCT, &new_product(&[("courses", unknown)])).await;
    assert!(answer.status == 422 && answer.body.contains("One of the courses is no longer there."));
    let made = sqlx::query_scalar!(r#"select count(*) as "n!" from products"#).fetch_one(&school.db).await.unwrap();
    assert_eq!((made, school.audit().await.len()), (1, 0), "and nothing is half written");
    assert_eq!(school.admin.post("/admin/products/x/edit", &new_product(&[])).await.status, 404);
    assert_eq!(
        school.admin.post(&paths::edit_product(school.courses[0].uuid().into()), &new_product(&[])).await.status,
        404
    );
}

#[sqlx::test]
async fn a_change_names_what_changed_and_reaches_the_buyers(db: PgPool) {
    let school = School::open(db).await;
    let [light, shadow] = school.courses;
    let product = fixtures::product(&school.db, "light", 60, &[light]).await;
    fixtures::purchase(&school.db, school.who.1, product).await;
    let page = school.admin.get(&paths::edit_product(product)).await;
    assert!(page.body.contains("1 person bought this. A course that you add reaches them at once"));

    let shadow_id = shadow.to_string();
    let form =
        school.form(product, &[("name", "Shadow"), ("slug", "shadow"), ("price", "50"), ("courses", &shadow_id)]).await;
    assert_eq!(school.admin.post(&paths::edit_product(product), &form).await.status, 303);
    let changed = "Changed the product “light”: name “light” → “Shadow”, address light → shadow, price $60 → $50, \
                   added “Shadow”, took out “Light”";
    assert_eq!(school.audit().await, [("product.update".into(), changed.into())]);
    assert_eq!(fixtures::access(&school.db, school.who.1).await, [light, shadow], "what was taken out stays");

    let same = school.form(product, &[]).await;
    assert_eq!(school.admin.post(&paths::edit_product(product), &same).await.status, 303);
    assert_eq!(school.audit().await.len(), 1, "nothing changed, nothing is written");
}

#[sqlx::test]
async fn of_two_admins_the_later_is_told_and_may_then_replace(db: PgPool) {
    let school = School::open(db).await;
    let product = fixtures::product(&school.db, "light", 60, &school.courses).await;
    let edit = paths::edit_product(product);
    let mine = school.form(product, &[("price", "40"), ("description", "Mine")]).await;
    let theirs = school.form(product, &[("price", "50")]).await;
    assert_eq!(school.admin.post(&edit, &theirs).await.status, 303);
    let answer = school.admin.post(&edit, &mine).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("Another admin changed this product meanwhile.") && answer.body.contains("Mine"));
    let kept = admin_queries::find_form(&school.db, product).await.unwrap().unwrap();
    assert_eq!((kept.dollars, kept.description.as_str()), (50, ""));
    assert!(answer.body.contains(&format!(r#"name="version" value="{}""#, kept.version)));
    let again = school.form(product, &[("price", "40"), ("description", "Mine")]).await;
    assert_eq!(school.admin.post(&edit, &again).await.status, 303);
    assert_eq!(admin_queries::find_form(&school.db, product).await.unwrap().unwrap().dollars, 40);

    // At the very same moment, one of both.
    let (one, two) = (school.form(product, &[("price", "1")]).await, school.form(product, &[("price", "2")]).await);
    let (one, two) = tokio::join!(school.admin.post(&edit, &one), school.admin.post(&edit, &two));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}

#[sqlx::test]
async fn an_old_address_leads_to_the_new_one_until_another_product_takes_it(db: PgPool) {
    let school = School::open(db).await;
    let product = fixtures::product(&school.db, "one", 60, &school.courses).await;
    for slug in ["two", "three"] {
        sqlx::query!("update products set slug = $1", slug).execute(&school.db).await.unwrap();
    }
    for (path, to) in [
        ("/products/one", "/products/three"),
        ("/products/two", "/products/three"),
        ("/products/two/purchase", "/products/three/purchase"),
    ] {
        let answer = school.student.get(path).await;
        assert_eq!((answer.status, answer.location.as_deref()), (302, Some(to)), "{path}");
    }
    let posted = school.student.post("/products/one/purchase", "").await;
    assert_eq!((posted.status, posted.location.as_deref()), (303, Some("/products/three/purchase")));

    sqlx::query!("update products set slug = 'one'").execute(&school.db).await.unwrap();
    assert_eq!(school.visitor.get("/products/one").await.status, 200, "it may come back");
    sqlx::query!("update products set slug = 'four'").execute(&school.db).await.unwrap();
    fixtures::product(&school.db, "two", 60, &[]).await;
    assert_eq!(school.visitor.get("/products/two").await.status, 200, "another product's address is that product's");
    assert_eq!(school.visitor.get("/products/one").await.status, 302);

    sqlx::query!("update products set status = 'private' where id = $1", product.uuid())
        .execute(&school.db)
        .await
        .unwrap();
    for path in ["/products/one", "/products/one/purchase"] {
        assert_eq!(school.student.get(path).await.status, 404, "a private product is nowhere: {path}");
    }
    assert_eq!(school.student.post("/products/one/purchase", "").await.status, 404);
    assert_eq!(school.admin.get("/products/one").await.status, 302);
}

/// What became of a product that was deleted: the state of an attempt, whether it has a session, when it ends, and the answer.
#[sqlx::test]
async fn a_product_that_was_sold_or_may_be_paid_for_is_made_private(db: PgPool) {
    let school = School::open(db).await;
    let (admin, student) = school.who;
    let attempts = [
        ("open", true, "1 hour", Removal::Awaited),
        ("open", false, "1 hour", Removal::Awaited),
        ("open", true, "-8 days", Removal::Delete),
        ("expired", true, "-1 day", Removal::Awaited),
        ("expired", false, "-1 day", Removal::Delete),
        ("expired", true, "-8 days", Removal::Delete),
        ("failed", true, "1 hour", Removal::Delete),
        ("paid", true, "-90 days", Removal::Awaited),
        ("free", false, "-90 days", Removal::Awaited),
    ];
    for (n, (state, session, ends, removal)) in attempts.into_iter().enumerate() {
        let product = fixtures::product(&school.db, &format!("product-{n}"), 60, &school.courses).await;
        let attempt = fixtures::attempt(&school.db, student, product, 6000).await;
        sqlx::query(
            "update checkout_attempts set state = $2::attempt_state, expires_at = now() + $3::interval,
                    stripe_session_id = case when $4 then 'cs_' || id end where id = $1",
        )
        .bind(attempt.uuid())
        .bind(state)
        .bind(ends)
        .bind(session)
        .execute(&school.db)
        .await
        .unwrap();
        let listed = admin_queries::list(&school.db, &format!("product-{n}"), 9, 0).await.unwrap();
        assert_eq!(listed[0].removal, removal, "{state}, {ends}: as the list says");
        assert_eq!(service::remove(&school.db, admin, product).await, Ok(removal), "{state}, {ends}");
        let left = admin_queries::find_form(&school.db, product).await.unwrap().map(|form| form.status);
        assert_eq!(left, (removal != Removal::Delete).then_some(ProductStatus::Private), "{state}, {ends}");
    }
    let product = fixtures::product(&school.db, "sold", 60, &school.courses).await;
    fixtures::purchase(&school.db, student, product).await;
    let listed = admin_queries::list(&school.db, "sold", 9, 0).await.unwrap();
    assert_eq!((listed[0].removal, listed[0].customers, listed[0].bought), (Removal::Sold, 1, 1));
    assert_eq!(service::remove(&school.db, admin, product).await, Ok(Removal::Sold));
    assert_eq!(school.visitor.get("/products/sold").await.status, 404);
    assert_eq!(fixtures::access(&school.db, student).await, school.courses, "and its buyer keeps it");
    let audit = school.audit().await;
    assert_eq!(
        audit.last().unwrap(),
        &("product.make_private".to_owned(), "Made the product “sold” private".to_owned())
    );
    assert_eq!(audit[2], ("product.delete".into(), "Deleted the product “product-2”".into()));
}

#[sqlx::test]
async fn a_product_goes_or_is_bought_and_never_both(db: PgPool) {
    let school = School::open(db).await;
    for n in 0..5 {
        let slug = format!("free-{n}");
        let product = fixtures::product(&school.db, &slug, 0, &school.courses).await;
        let path = paths::purchase(&slug);
        let (bought, removed) =
            tokio::join!(school.student.post(&path, ""), service::remove(&school.db, school.who.0, product));
        let owned =
            sqlx::query_scalar!(r#"select count(*) as "n!" from purchases where product_id = $1"#, product.uuid());
        let owned = owned.fetch_one(&school.db).await.unwrap();
        match removed.unwrap() {
            Removal::Delete => assert_eq!(owned, 0, "buying answered {}", bought.status),
            Removal::Awaited | Removal::Sold => assert!(school.product(&slug).await == product),
        }
    }
}

#[sqlx::test]
async fn a_form_holds_two_hundred_courses(db: PgPool) {
    let school = School::open(db).await;
    sqlx::query("insert into courses (name, description) select 'Course ' || n, '' from generate_series(1, 200) n")
        .execute(&school.db)
        .await
        .unwrap();
    let product = fixtures::product(&school.db, "all", 60, &[]).await;
    let all = admin_queries::list_choices(&school.db, Some(product)).await.unwrap();
    let mut form = school.form(product, &[]).await;
    for course in &all {
        form = format!("{form}&courses={}", course.id);
    }
    assert_eq!(school.admin.post(&paths::edit_product(product), &form).await.status, 303);
    let page = school.admin.get(&paths::edit_product(product)).await;
    assert_eq!(page.body.matches(r#"name="courses""#).count(), 202);
    assert!(page.body.contains("202 chosen"));
}
