//! Headers of every kind of response, and what error responses reveal.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{ConnectInfo, Request},
    response::Response,
};
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use sqlx::PgPool;
use tower::ServiceExt;

use crate::{
    boot::router::router,
    platform::{
        config::{Config, capacity::CapacityConfig},
        request_id,
    },
    server::rate_limit::RateLimits,
    tests::{
        authorization::SchoolWithCourse,
        fixtures::{self, UNREACHABLE_URL, utc},
    },
};

fn header<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).map_or("", |value| value.to_str().unwrap())
}

fn request(method: &str, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path).header("accept", "text/html")
}

async fn read(response: Response) -> (StatusCode, HeaderMap, String) {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
}

#[sqlx::test]
async fn every_kind_of_response_has_its_security_headers(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let mut state = fixtures::state(&school.db, UNREACHABLE_URL).await;
    state.config = Arc::new(Config { url: "https://school.example".into(), ..(*state.config).clone() });
    state.identity = crate::identity::authentication::Identity::Local { https: true };
    let function = <crate::learning::api::GetMyCourses as server_fn::ServerFn>::PATH;
    let large = "a".repeat(2 * 1024 * 1024);
    let empty = || Body::empty();
    let form = "application/x-www-form-urlencoded";
    let kinds = [
        ("a page", request("GET", "/").body(empty()), 200),
        ("an unknown page", request("GET", "/nowhere").body(empty()), 404),
        ("an invalid form", request("POST", "/sign-in").body(empty()), 422),
        ("a redirect", request("GET", "/courses").body(empty()), 302),
        ("a server function", Request::post(function).header("content-type", form).body(Body::from("page=1")), 401),
        ("a file that requires sign-in", request("GET", "/admin/sales.csv").body(empty()), 303),
        ("a picture", request("GET", "/pictures/0/1.webp").body(empty()), 404),
        ("a text", request("GET", "/robots.txt").body(empty()), 200),
        ("a scanner's request", request("GET", "/.env").body(empty()), 404),
        (
            "a request of another site",
            request("POST", "/theme").header("sec-fetch-site", "cross-site").body(empty()),
            403,
        ),
        ("a webhook", request("POST", "/api/webhooks/stripe").body(empty()), 400),
        ("a body that is too large", Request::post(function).header("content-type", form).body(Body::from(large)), 413),
        ("an unsupported method", request("PUT", "/sign-in").body(empty()), 405),
    ];
    let server = router(state.clone());
    for (kind, request, status) in kinds {
        let (answered, headers, body) = read(server.clone().oneshot(request.unwrap()).await.unwrap()).await;
        assert_eq!(answered.as_u16(), status, "{kind}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "strict-origin-when-cross-origin"),
            ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
            ("cross-origin-opener-policy", "same-origin"),
            ("strict-transport-security", "max-age=31536000"),
        ] {
            assert_eq!(header(&headers, name), value, "{kind}");
        }
        assert_eq!(header(&headers, "x-request-id").len(), 36, "{kind}");
        let policy = header(&headers, "content-security-policy");
        if header(&headers, "content-type").starts_with("text/html") && !answered.is_redirection() {
            check_policy(policy, &body);
        } else if !answered.is_redirection() {
            assert_eq!(policy, "default-src 'none'; frame-ancestors 'none'", "{kind}");
        }
    }
    let (_, headers, _) =
        read(school.router.clone().oneshot(request("GET", "/").body(empty()).unwrap()).await.unwrap()).await;
    assert!(!headers.contains_key("strict-transport-security"), "there is no HSTS without TLS");
}

/// The policy allows only our scripts by nonce and what they load, nothing inline, and no frame around the page.
fn check_policy(policy: &str, page: &str) {
    let part = |name: &str| {
        let part = policy.split("; ").find_map(|part| part.strip_prefix(name)?.strip_prefix(' '));
        part.unwrap_or_else(|| panic!("{name} in {policy}"))
    };
    let nonce = part("script-src").split('\'').nth(1).unwrap().strip_prefix("nonce-").unwrap();
    assert!(nonce.len() >= 22);
    assert_eq!(part("script-src"), format!("'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'"));
    for (name, value) in [
        ("default-src", "'none'"),
        ("style-src", "'self'"),
        ("connect-src", "'self'"),
        ("frame-src", "https://www.youtube-nocookie.com"),
        ("base-uri", "'none'"),
        ("frame-ancestors", "'none'"),
    ] {
        assert_eq!(part(name), value);
    }
    assert!(!policy.contains("unsafe-inline"), "{policy}");
    assert!(!page.contains(" style=\"") && !page.contains(" onclick="), "nothing inline");
    for script in page.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap();
        assert!(tag.contains(nonce), "a script without a nonce: {tag}");
    }
}

#[sqlx::test]
async fn a_request_id_from_the_client_is_ignored(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let request = request("GET", "/robots.txt").header("x-request-id", "mine\u{20}and\u{20}long").body(Body::empty());
    let (_, headers, _) = read(school.router.clone().oneshot(request.unwrap()).await.unwrap()).await;
    assert!(header(&headers, "x-request-id").parse::<uuid::Uuid>().is_ok());
}

#[sqlx::test]
async fn an_internal_error_shows_the_request_id_and_no_cause(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let cookie = fixtures::cookie(&school.db, school.owner).await;
    // A missing column is an internal error.
    sqlx::query("alter table lessons rename column name to renamed").execute(&school.db).await.unwrap();
    let lesson = crate::paths::lesson(school.course, school.published);
    let function = <crate::learning::api::GetLessonPage as server_fn::ServerFn>::PATH;
    let arguments = format!("course={}&lesson={}", school.course, school.published);
    let call = Request::post(function).header("content-type", "application/x-www-form-urlencoded");
    let page = (request("GET", &lesson).body(Body::empty()), "Something went wrong on our side.");
    for (request, words) in [page, (call.body(Body::from(arguments)), r#"{"InternalWithId":""#)] {
        let mut request = request.unwrap();
        request.headers_mut().insert("cookie", cookie.parse().unwrap());
        let (status, headers, body) = read(school.router.clone().oneshot(request).await.unwrap()).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains(words), "{body}");
        assert!(body.contains(header(&headers, "x-request-id")), "{body}");
        assert!(!body.contains("column") && !body.contains("renamed"), "{body}");
    }
}

#[tokio::test]
async fn a_panic_shows_the_request_id_and_no_cause() {
    use axum::{Router, middleware, routing::get};
    use tower_http::{
        catch_panic::CatchPanicLayer,
        request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    };
    let router = Router::new()
        .route("/panics", get(|| async { panic!("hunter2") as &'static str }))
        .route("/fails", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .layer(CatchPanicLayer::custom(request_id::panicked))
        .layer(middleware::from_fn(request_id::fill_error_body))
        .layer(PropagateRequestIdLayer::x_request_id())
        .layer(SetRequestIdLayer::x_request_id(MakeRequestUuid));
    for path in ["/panics", "/fails"] {
        let answer = router.clone().oneshot(request("GET", path).body(Body::empty()).unwrap()).await.unwrap();
        let (status, headers, body) = read(answer).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("Something went wrong on our side."), "{body}");
        assert!(body.contains(header(&headers, "x-request-id")) && !body.contains("hunter2"), "{body}");
    }
}

#[sqlx::test]
async fn a_form_without_javascript_redirects_only_to_our_own_pages(db: PgPool) {
    let school = SchoolWithCourse::open(db).await;
    let cookie = fixtures::cookie(&school.db, school.owner).await;
    let function = <crate::learning::api::MarkComplete as server_fn::ServerFn>::PATH;
    let arguments = format!("course={}&lesson={}&done=true", school.course, school.published);
    for (path, form) in [(function, arguments.as_str()), ("/theme", "theme=night")] {
        for (from, target) in [("http://school.example/courses", "/courses"), ("https://evil.example/courses", "/")] {
            let request = request("POST", path).header("host", "school.example").header("referer", from);
            let request = request.header("cookie", &cookie).header("content-type", "application/x-www-form-urlencoded");
            let answer =
                school.router.clone().oneshot(request.body(Body::from(form.to_owned())).unwrap()).await.unwrap();
            let (status, headers, _) = read(answer).await;
            assert!(status.is_redirection(), "{path}: {status}");
            assert_eq!(header(&headers, "location"), target, "{path} from {from}");
        }
    }
    for (n, next) in
        ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "/%09/evil.example"]
            .into_iter()
            .enumerate()
    {
        let form = format!("name=Demo+student&email=a{n}%40example.com&password=a+long+enough+password&next={next}");
        let request = request("POST", "/sign-up").header("content-type", "application/x-www-form-urlencoded");
        let answer = school.router.clone().oneshot(request.body(Body::from(form)).unwrap()).await.unwrap();
        assert_eq!(header(answer.headers(), "location"), "/", "after signing up with {next}");
    }
}

#[sqlx::test]
async fn security_txt_names_the_contact(db: PgPool) {
    let mut state = fixtures::state(&db, UNREACHABLE_URL).await;
    let text = async |state: crate::server::state::AppState| {
        let request = request("GET", "/.well-known/security.txt").body(Body::empty()).unwrap();
        let (status, headers, body) = read(router(state).oneshot(request).await.unwrap()).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(header(&headers, "content-type"), "text/plain; charset=utf-8");
        body
    };
    assert!(text(state.clone()).await.starts_with("Contact: http://127.0.0.1:3000/\nExpires: 20"));
    let security_contact = Some("mailto:security@example.com".into());
    state.config = Arc::new(Config { security_contact, ..(*state.config).clone() });
    let body = text(state).await;
    assert!(body.starts_with("Contact: mailto:security@example.com\n"), "{body}");
    let expires = body.lines().find_map(|line| line.strip_prefix("Expires: ")).unwrap();
    let expires = utc(expires) - crate::platform::clock::now();
    assert!((170..=180).contains(&expires.num_days()), "{expires}");
}

/// Clients behind a trusted proxy have separate buckets, by the last address that the proxy added.
#[sqlx::test]
async fn clients_behind_a_trusted_proxy_are_limited_separately(db: PgPool) {
    let mut state = fixtures::state_behind_proxy(&db, UNREACHABLE_URL).await;
    state.limits = RateLimits::new(&CapacityConfig { address_allowance: 1, ..state.config.capacity.clone() });
    let router = router(state);
    let sign_in = async |client: &str, n: u32| {
        let request = request("POST", "/sign-in").header("content-type", "application/x-www-form-urlencoded");
        let mut request = request
            .header("x-forwarded-for", client)
            .body(Body::from(format!("email=a{n}%40b.example&password=c")))
            .unwrap();
        request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from((fixtures::PROXY, 1))));
        router.clone().oneshot(request).await.unwrap().status().as_u16()
    };
    for n in 0..20 {
        assert_eq!(sign_in("203.0.113.7", n).await, 422);
    }
    assert_eq!(sign_in("203.0.113.7", 20).await, 429);
    assert_eq!(sign_in("198.51.100.9, 203.0.113.7", 21).await, 429, "addresses that the client adds are ignored");
    assert_eq!(sign_in("203.0.113.8", 22).await, 422);
}
