//! The doors of writing courses: what pages say, and what wrong input gets. Who may open them is in `doors::table`. Only tests are here.

use axum::{body::Body, extract::Request};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use server_fn::ServerFn;
use sqlx::PgPool;

use crate::{
    authoring::{
        courses::{
            self,
            api::{GetCurriculum, ReorderCourse},
        },
        lessons::api::{CheckVideo, PreviewMarkdown},
        sections::api::CreateSection,
    },
    boot::router::router,
    courses::curriculum::Curriculum,
    paths,
    tests::fixtures::{self, Answer, Browser},
};

const UNREACHABLE_URL: &str = "http://127.0.0.1:9";

/// A course with a section and a lesson, and browsers of a visitor, a student and an admin.
async fn school(db: &PgPool) -> (Curriculum, [Browser; 3]) {
    let course = fixtures::course(db, "Film").await;
    fixtures::section(db, course, 0, "public", &[("Hook", "public")]).await;
    let (student, admin) = (fixtures::student(db, "student").await, fixtures::student(db, "admin").await);
    crate::users::queries::grant_admin(db, "admin@example.com").await.unwrap();
    let router = router(fixtures::state(db, UNREACHABLE_URL).await);
    let cookies = [None, Some(fixtures::cookie(db, student).await), Some(fixtures::cookie(db, admin).await)];
    let tree = courses::queries::find_curriculum(db, course).await.unwrap().unwrap();
    (tree, cookies.map(|cookie| Browser { router: router.clone(), cookie }))
}

/// Calls a server function whose arguments go as JSON.
async fn call_json<F: ServerFn>(browser: &Browser, arguments: &str) -> Answer {
    let request = Request::post(F::PATH).header("content-type", "application/json");
    browser.send(request.body(Body::from(arguments.to_owned())).unwrap()).await
}

#[sqlx::test]
async fn what_a_server_function_is_told_wrongly_it_refuses_in_words(db: PgPool) {
    let (tree, [_, _, admin]) = school(&db).await;
    let course = tree.id;
    let stale = format!(r#"{{"course":"{course}","version":0,"order":[]}}"#);
    let long = "a".repeat(50_001);
    let table = [
        (admin.call::<CheckVideo>("video=nothing").await, 422, "This is not a YouTube video's address."),
        (admin.call::<CheckVideo>("video=").await, 422, "Enter the video's address."),
        (admin.call::<PreviewMarkdown>(&format!("text={long}")).await, 422, "Enter at most 50,000 characters."),
        (
            admin.call::<PreviewMarkdown>("text=%2A%2Aa%2A%2A%3Cscript%3E").await,
            200,
            "<strong>a</strong>&lt;script&gt;",
        ),
        (call_json::<ReorderCourse>(&admin, &stale).await, 409, "Somebody else changed this course meanwhile."),
        (call_json::<ReorderCourse>(&admin, r#"{"course":1}"#).await, 404, "NotFound"),
        (call_json::<ReorderCourse>(&admin, "").await, 404, "NotFound"),
        (admin.call::<GetCurriculum>("course=1").await, 404, "NotFound"),
        (admin.call::<CreateSection>(&format!("course={course}&name=&status=private")).await, 422, "Enter a name."),
        (admin.call::<CreateSection>(&format!("course={course}&name=A&status=secret")).await, 404, "NotFound"),
    ];
    for (answer, status, words) in table {
        assert_eq!(answer.status, status, "{}", answer.body);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    let video = admin.call::<CheckVideo>("video=youtu.be/aqz-KE-bpKQ").await;
    assert_eq!(video.body, r#"{"id":"aqz-KE-bpKQ","title":null,"embeddable":null}"#, "YouTube is away");
}

#[sqlx::test]
async fn pages_show_the_course_and_an_unknown_course_is_not_found(db: PgPool) {
    let (tree, [_, _, admin]) = school(&db).await;
    let pages = [
        (paths::ADMIN_COURSES.to_owned(), "Film"),
        (format!("{}?q=fil&page=1", paths::ADMIN_COURSES), "Film"),
        (format!("{}?q=nothing", paths::ADMIN_COURSES), "Nothing found"),
        (paths::ADMIN_NEW_COURSE.to_owned(), "Create course"),
        (paths::edit_course(tree.id), "Film"),
        (paths::edit_course_details(tree.id), "Delete course"),
    ];
    for (page, words) in pages {
        let answer = admin.get(&page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(answer.body.contains(words), "{page}: {words}");
    }
    for page in ["/admin/courses/1/edit", "/admin/courses/00000000-0000-0000-0000-000000000000/edit"] {
        assert_eq!(admin.get(page).await.status, 404, "{page}");
        assert_eq!(admin.get(&format!("{page}?tab=details")).await.status, 404, "{page}");
        assert_eq!(admin.post(page, "name=A&description=").await.status, 404, "{page}");
    }
}

#[sqlx::test]
async fn a_school_without_courses_says_how_to_begin(db: PgPool) {
    let (tree, [_, _, admin]) = school(&db).await;
    courses::queries::delete(&db, tree.id).await.unwrap();
    assert!(admin.get(paths::ADMIN_COURSES).await.body.contains("No courses yet"));
}

#[sqlx::test]
async fn a_course_is_written_without_javascript_and_nothing_typed_is_lost(db: PgPool) {
    let (tree, [visitor, student, admin]) = school(&db).await;
    let details = paths::edit_course_details(tree.id);
    for page in [paths::ADMIN_NEW_COURSE, &details] {
        let sign_in = visitor.post(page, "name=A&description=").await;
        assert_eq!((sign_in.status, sign_in.location.as_deref()), (303, Some(paths::sign_in(page).as_str())));
        assert_eq!(student.post(page, "name=A&description=").await.status, 404, "{page}");
        let long = "a".repeat(201);
        for (name, sentence) in [("", "Enter a name."), (&long, "Enter at most 200 characters.")] {
            let refused = admin.post(page, &format!("name={name}&description=Kept+%26+safe")).await;
            assert_eq!(refused.status, 422, "{page}");
            assert!(refused.body.contains(sentence), "{page}: {sentence}");
            assert!(refused.body.contains("Kept &amp; safe"), "{page}");
            assert!(refused.body.contains(&format!("value=\"{name}\"")), "{page}");
        }
        let wide = utf8_percent_encode(&"語".repeat(20_000), NON_ALPHANUMERIC).to_string();
        let refused = admin.post(page, &format!("name=&description={wide}")).await;
        assert_eq!(refused.status, 422);
        assert!(refused.body.contains(&"語".repeat(20_000)), "the longest text in the widest script comes back whole");
    }
    let doors = [paths::ADMIN_NEW_COURSE.to_owned(), format!("/admin/courses/{}/edit", tree.id)];
    assert_eq!(fixtures::audit(&db).await, doors.map(|door| format!("refused: Was refused at {door}")));

    let made = admin.post(paths::ADMIN_NEW_COURSE, "name=Light&description=%23+One").await;
    assert_eq!(made.status, 303);
    let editor = made.location.unwrap();
    assert!(admin.get(&editor).await.body.contains("Light"));
    let saved = admin.post(&format!("{editor}?tab=details"), "name=Sound&description=Two").await;
    assert_eq!((saved.status, saved.location), (303, Some(format!("{editor}?tab=details"))));
    let page = admin.get(&format!("{editor}?tab=details")).await.body;
    assert!(page.contains("value=\"Sound\"") && page.contains("Two</textarea>"));
}
