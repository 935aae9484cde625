//! Tests of products over HTTP: the back office, and what visitors and students see of it.

use axum::{body::Body, extract::Request};
use sqlx::PgPool;

use crate::{
    id::{CourseId, ProductId, UserId},
    paths,
    products::{
        ProductStatus, Removal, admin_queries,
        api::{GetProductForm, GetProducts, RemoveProduct},
        service,
    },
    tests::fixtures::{self, Answer, Browser, TestApp},
};

/// A server with two courses, and browsers of an admin, a student and a visitor.
struct TestSite {
    db: PgPool,
    admin: Browser,
    student: Browser,
    visitor: Browser,
    /// Of the admin and the student.
    ids: (UserId, UserId),
    courses: [CourseId; 2],
}

impl TestSite {
    async fn new(db: PgPool) -> Self {
        let school = TestApp::new(&db).with_course("Light").with_course("Shadow").build().await;
        let [visitor, student, admin] = school.browsers().await;
        let ids = (school.admin().id, school.student);
        Self { admin, student, visitor, ids, courses: [school.course("Light"), school.course("Shadow")], db }
    }

    async fn audit(&self) -> Vec<(String, String)> {
        let rows = sqlx::query!("select action, summary from audit_log order by id").fetch_all(&self.db).await.unwrap();
        rows.into_iter().map(|row| (row.action, row.summary)).collect()
    }

    async fn product(&self, slug: &str) -> ProductId {
        sqlx::query_scalar!("select id from products where slug = $1", slug).fetch_one(&self.db).await.unwrap().into()
    }

    /// The body that the form of a product sends, with other values for some fields. An empty value omits a field.
    async fn form(&self, product: ProductId, changed: &[(&str, &str)]) -> String {
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
        fields.retain(|(name, _)| !changed.iter().any(|(other, _)| other == name));
        fields.extend(changed.iter().filter(|(_, value)| !value.is_empty()).map(|(n, v)| (*n, (*v).to_owned())));
        encode(&fields)
    }
}

fn encode(fields: &[(&str, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The body that the form of a new product sends, with other values for some fields.
fn new_product(changed: &[(&str, &str)]) -> String {
    let defaults = [("name", "Light and shadow"), ("price", "60"), ("status", "private"), ("version", "0")];
    let defaults = defaults.iter().filter(|(name, _)| !changed.iter().any(|(other, _)| other == name));
    encode(&defaults.chain(changed).map(|(name, value)| (*name, (*value).to_owned())).collect::<Vec<_>>())
}

/// Posts a form with a file as `multipart/form-data`.
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
async fn only_admins_edit_products(db: PgPool) {
    let site = TestSite::new(db).await;
    let product = fixtures::product(&site.db, "product", 60, &[]).await;
    let edit = paths::edit_product(product);
    for (browser, statuses, page) in
        [(&site.visitor, [401; 3], 302), (&site.student, [403; 3], 404), (&site.admin, [200; 3], 200)]
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
    assert_eq!(site.visitor.post(paths::ADMIN_NEW_PRODUCT, "").await.status, 303);
    let redirect = site.visitor.post(&edit, "").await.location;
    assert_eq!(redirect, Some(paths::sign_in(&edit)));
    for path in [paths::ADMIN_NEW_PRODUCT, &edit] {
        let answer = post_with_file(&site.student, path, &new_product(&[]), &png(9)).await;
        assert!(answer.status == 403 || answer.status == 404, "{path}: {}", answer.status);
    }
    let left =
        sqlx::query_scalar!(r#"select (select count(*) from products) + (select count(*) from pictures) as "n!""#);
    assert_eq!(
        left.fetch_one(&site.db).await.unwrap(),
        0,
        "the admin deleted the product; nobody else stored anything"
    );
    let audit = site.audit().await;
    assert_eq!(
        audit.iter().map(|(action, _)| action.as_str()).collect::<Vec<_>>(),
        ["refused", "refused", "refused", "product.delete", "refused", "refused"]
    );
}

#[sqlx::test]
async fn an_admin_creates_a_product_and_visitors_see_it(db: PgPool) {
    let site = TestSite::new(db).await;
    let course = site.courses[0].to_string();
    let form = new_product(&[("description", "**Bold**"), ("status", "public"), ("courses", &course)]);
    let answer = post_with_file(&site.admin, paths::ADMIN_NEW_PRODUCT, &form, &png(1000)).await;
    assert_eq!((answer.status, answer.location.as_deref()), (303, Some(paths::ADMIN_PRODUCTS)));
    assert_eq!(site.audit().await, [("product.create".into(), "Created product “Light and shadow”".into())]);
    let page = site.visitor.get("/products/light-and-shadow").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<strong>Bold</strong>"), "Markdown is rendered as HTML");
    assert!(page.body.contains("960.webp 960w") && page.body.contains("480.webp 480w"), "the picture has two widths");
    assert!(page.body.contains(r#"<meta name="description" content="Bold""#), "the meta description is plain text");
    let list = site.admin.get(paths::ADMIN_PRODUCTS).await.body;
    assert!(list.contains("Light and shadow") && list.contains("$60") && list.contains("Public"));
    let searched = site.admin.get(&format!("{}?q=nothing", paths::ADMIN_PRODUCTS)).await.body;
    assert!(searched.contains("Nothing found"));
}

#[sqlx::test]
async fn an_invalid_product_form_names_its_errors_and_loses_no_input(db: PgPool) {
    let site = TestSite::new(db).await;
    fixtures::product(&site.db, "taken", 60, &[]).await;
    let course = site.courses[1].to_string();
    let form = new_product(&[
        ("slug", "taken"),
        ("price", "12.50"),
        ("description", "What I wrote"),
        ("status", "public"),
        ("courses", &course),
    ]);
    let answer = post_with_file(&site.admin, paths::ADMIN_NEW_PRODUCT, &form, &png(480)).await;
    assert_eq!(answer.status, 422);
    for text in [
        "The address taken belongs to “taken”. Choose another.",
        "Enter whole dollars, without cents.",
        "What I wrote",
        r#"value="12.50""#,
        "/480.webp",
    ] {
        assert!(answer.body.contains(text), "{text}");
    }
    let checked = format!(r#"value="{course}" checked"#);
    assert!(answer.body.contains(&checked), "the course is still selected");
    let pictures = sqlx::query_scalar!(r#"select count(*) as "n!" from pictures"#).fetch_one(&site.db).await.unwrap();
    assert_eq!(pictures, 1, "the picture is stored");

    for (file, message) in [
        (b"<svg><script>alert(1)</script></svg>".to_vec(), "This file is not a supported picture."),
        (vec![7; 9 * 1024 * 1024], "This picture is larger than 8 MB. Choose a smaller one."),
    ] {
        let answer = post_with_file(&site.admin, paths::ADMIN_NEW_PRODUCT, &new_product(&[]), &file).await;
        assert_eq!(answer.status, 422, "{message}");
        assert!(answer.body.contains(message) && answer.body.contains("Light and shadow"), "{message}");
    }
    let unknown = "6f1c2f0e-5a53-4d0a-9f0c-0d8c6a1b2c3d";
    let answer = site.admin.post(paths::ADMIN_NEW_PRODUCT, &new_product(&[("courses", unknown)])).await;
    assert!(answer.status == 422 && answer.body.contains("One of the courses no longer exists."));
    let products = sqlx::query_scalar!(r#"select count(*) as "n!" from products"#).fetch_one(&site.db).await.unwrap();
    assert_eq!((products, site.audit().await.len()), (1, 0), "nothing is stored in part");
    assert_eq!(site.admin.post("/admin/products/x/edit", &new_product(&[])).await.status, 404);
    assert_eq!(
        site.admin.post(&paths::edit_product(site.courses[0].uuid().into()), &new_product(&[])).await.status,
        404
    );
}

#[sqlx::test]
async fn a_change_names_what_changed_and_reaches_the_buyers(db: PgPool) {
    let site = TestSite::new(db).await;
    let [light, shadow] = site.courses;
    let product = fixtures::product(&site.db, "light", 60, &[light]).await;
    fixtures::purchase(&site.db, site.ids.1, product).await;
    let page = site.admin.get(&paths::edit_product(product)).await;
    assert!(page.body.contains("1 person bought this. They get a course that you add at once"));

    let shadow_id = shadow.to_string();
    let form =
        site.form(product, &[("name", "Shadow"), ("slug", "shadow"), ("price", "50"), ("courses", &shadow_id)]).await;
    assert_eq!(site.admin.post(&paths::edit_product(product), &form).await.status, 303);
    let changed = "Changed product “light”: name “light” → “Shadow”, address light → shadow, price $60 → $50, \
                   added “Shadow”, removed “Light”";
    assert_eq!(site.audit().await, [("product.update".into(), changed.into())]);
    assert_eq!(fixtures::access(&site.db, site.ids.1).await, [light, shadow], "buyers keep a removed course");

    let same = site.form(product, &[]).await;
    assert_eq!(site.admin.post(&paths::edit_product(product), &same).await.status, 303);
    assert_eq!(site.audit().await.len(), 1, "without a change there is no audit entry");
}

#[sqlx::test]
async fn of_two_admins_the_later_gets_a_conflict_and_may_then_replace(db: PgPool) {
    let site = TestSite::new(db).await;
    let product = fixtures::product(&site.db, "light", 60, &site.courses).await;
    let edit = paths::edit_product(product);
    let mine = site.form(product, &[("price", "40"), ("description", "Mine")]).await;
    let theirs = site.form(product, &[("price", "50")]).await;
    assert_eq!(site.admin.post(&edit, &theirs).await.status, 303);
    let answer = site.admin.post(&edit, &mine).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("Another admin changed this product meanwhile.") && answer.body.contains("Mine"));
    let stored = admin_queries::find_form(&site.db, product).await.unwrap().unwrap();
    assert_eq!((stored.dollars, stored.description.as_str()), (50, ""));
    assert!(answer.body.contains(&format!(r#"name="version" value="{}""#, stored.version)));
    let resent = site.form(product, &[("price", "40"), ("description", "Mine")]).await;
    assert_eq!(site.admin.post(&edit, &resent).await.status, 303);
    assert_eq!(admin_queries::find_form(&site.db, product).await.unwrap().unwrap().dollars, 40);

    // Of two simultaneous updates, one is saved.
    let (one, two) = (site.form(product, &[("price", "1")]).await, site.form(product, &[("price", "2")]).await);
    let (one, two) = tokio::join!(site.admin.post(&edit, &one), site.admin.post(&edit, &two));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 409]);
}

#[sqlx::test]
async fn an_old_slug_redirects_to_the_new_one_until_another_product_uses_it(db: PgPool) {
    let site = TestSite::new(db).await;
    let product = fixtures::product(&site.db, "one", 60, &site.courses).await;
    for slug in ["two", "three"] {
        sqlx::query!("update products set slug = $1", slug).execute(&site.db).await.unwrap();
    }
    for (path, to) in [
        ("/products/one", "/products/three"),
        ("/products/two", "/products/three"),
        ("/products/two/purchase", "/products/three/purchase"),
    ] {
        let answer = site.student.get(path).await;
        assert_eq!((answer.status, answer.location.as_deref()), (302, Some(to)), "{path}");
    }
    let posted = site.student.post("/products/one/purchase", "").await;
    assert_eq!((posted.status, posted.location.as_deref()), (303, Some("/products/three/purchase")));

    sqlx::query!("update products set slug = 'one'").execute(&site.db).await.unwrap();
    assert_eq!(site.visitor.get("/products/one").await.status, 200, "a product may have an old slug again");
    sqlx::query!("update products set slug = 'four'").execute(&site.db).await.unwrap();
    fixtures::product(&site.db, "two", 60, &[]).await;
    assert_eq!(
        site.visitor.get("/products/two").await.status,
        200,
        "a slug that another product has leads to that product"
    );
    assert_eq!(site.visitor.get("/products/one").await.status, 302);

    sqlx::query!("update products set status = 'private' where id = $1", product.uuid())
        .execute(&site.db)
        .await
        .unwrap();
    for path in ["/products/one", "/products/one/purchase"] {
        assert_eq!(site.student.get(path).await.status, 404, "a private product is not found: {path}");
    }
    assert_eq!(site.student.post("/products/one/purchase", "").await.status, 404);
    assert_eq!(site.admin.get("/products/one").await.status, 302);
}

/// The cases: the state of an attempt, whether it has a Checkout Session, when it expires, and what happens to the product.
#[sqlx::test]
async fn a_product_that_was_sold_or_may_be_paid_for_is_made_private(db: PgPool) {
    let site = TestSite::new(db).await;
    let (admin, student) = site.ids;
    let attempts = [
        ("open", true, "1 hour", Removal::CheckoutPending),
        ("open", false, "1 hour", Removal::CheckoutPending),
        ("open", true, "-8 days", Removal::Delete),
        ("expired", true, "-1 day", Removal::CheckoutPending),
        ("expired", false, "-1 day", Removal::Delete),
        ("expired", true, "-8 days", Removal::Delete),
        ("failed", true, "1 hour", Removal::Delete),
        ("paid", true, "-90 days", Removal::CheckoutPending),
        ("free", false, "-90 days", Removal::CheckoutPending),
    ];
    for (n, (state, session, ends, removal)) in attempts.into_iter().enumerate() {
        let product = fixtures::product(&site.db, &format!("product-{n}"), 60, &site.courses).await;
        let attempt = fixtures::attempt(&site.db, student, product, 6000).await;
        sqlx::query(
            "update checkout_attempts set state = $2::attempt_state, expires_at = now() + $3::interval,
                    stripe_session_id = case when $4 then 'cs_' || id end where id = $1",
        )
        .bind(attempt.uuid())
        .bind(state)
        .bind(ends)
        .bind(session)
        .execute(&site.db)
        .await
        .unwrap();
        let listed = admin_queries::list(&site.db, &format!("product-{n}"), 9, 0).await.unwrap();
        assert_eq!(listed[0].removal, removal, "{state}, {ends}: in the list");
        assert_eq!(service::remove(&site.db, admin, product).await, Ok(removal), "{state}, {ends}");
        let left = admin_queries::find_form(&site.db, product).await.unwrap().map(|form| form.status);
        assert_eq!(left, (removal != Removal::Delete).then_some(ProductStatus::Private), "{state}, {ends}");
    }
    let product = fixtures::product(&site.db, "sold", 60, &site.courses).await;
    fixtures::purchase(&site.db, student, product).await;
    let listed = admin_queries::list(&site.db, "sold", 9, 0).await.unwrap();
    assert_eq!((listed[0].removal, listed[0].customers, listed[0].bought), (Removal::Sold, 1, 1));
    assert_eq!(service::remove(&site.db, admin, product).await, Ok(Removal::Sold));
    assert_eq!(site.visitor.get("/products/sold").await.status, 404);
    assert_eq!(fixtures::access(&site.db, student).await, site.courses, "its buyer keeps access");
    let audit = site.audit().await;
    assert_eq!(audit.last().unwrap(), &("product.make_private".to_owned(), "Made product “sold” private".to_owned()));
    assert_eq!(audit[2], ("product.delete".into(), "Deleted product “product-2”".into()));
}

#[sqlx::test]
async fn a_product_is_deleted_or_bought_and_never_both(db: PgPool) {
    let site = TestSite::new(db).await;
    for n in 0..5 {
        let slug = format!("free-{n}");
        let product = fixtures::product(&site.db, &slug, 0, &site.courses).await;
        let path = paths::purchase(&slug);
        let (bought, removed) =
            tokio::join!(site.student.post(&path, ""), service::remove(&site.db, site.ids.0, product));
        let owned =
            sqlx::query_scalar!(r#"select count(*) as "n!" from purchases where product_id = $1"#, product.uuid());
        let owned = owned.fetch_one(&site.db).await.unwrap();
        match removed.unwrap() {
            Removal::Delete => assert_eq!(owned, 0, "buying answered {}", bought.status),
            Removal::CheckoutPending | Removal::Sold => assert!(site.product(&slug).await == product),
        }
    }
}

#[sqlx::test]
async fn a_form_may_contain_two_hundred_courses(db: PgPool) {
    let site = TestSite::new(db).await;
    sqlx::query("insert into courses (name, description) select 'Course ' || n, '' from generate_series(1, 200) n")
        .execute(&site.db)
        .await
        .unwrap();
    let product = fixtures::product(&site.db, "all", 60, &[]).await;
    let all = admin_queries::list_choices(&site.db, Some(product)).await.unwrap();
    let mut form = site.form(product, &[]).await;
    for course in &all {
        form = format!("{form}&courses={}", course.id);
    }
    assert_eq!(site.admin.post(&paths::edit_product(product), &form).await.status, 303);
    let page = site.admin.get(&paths::edit_product(product)).await;
    assert_eq!(page.body.matches(r#"name="courses""#).count(), 202);
    assert!(page.body.contains("202 chosen"));
}
