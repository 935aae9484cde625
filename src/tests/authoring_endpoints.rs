//! Endpoints of course authoring: what their pages show, and how they reject invalid input. Who may call them is in
//! [`crate::tests::authorization::matrix`].

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
    courses::curriculum::Curriculum,
    paths,
    tests::fixtures::{self, Answer, Browser, TestApp},
};

/// A course with a section and a lesson, and browsers of a visitor, a student and an admin.
async fn school(db: &PgPool) -> (Curriculum, [Browser; 3]) {
    let school = TestApp::new(db).with_course("Film").build().await;
    let course = school.course("Film");
    fixtures::section(db, course, 0, "public", &[("Hook", "public")]).await;
    let curriculum = courses::queries::find_curriculum(db, course).await.unwrap().unwrap();
    (curriculum, school.browsers().await)
}

/// Calls a server function whose arguments are JSON.
async fn call_json<F: ServerFn>(browser: &Browser, arguments: &str) -> Answer {
    let request = Request::post(F::PATH).header("content-type", "application/json");
    browser.send(request.body(Body::from(arguments.to_owned())).unwrap()).await
}

#[sqlx::test]
async fn a_server_function_explains_invalid_arguments(db: PgPool) {
    let (curriculum, [_, _, admin]) = school(&db).await;
    let course = curriculum.id;
    let stale = format!(r#"{{"course":"{course}","version":0,"order":[]}}"#);
    let long = "a".repeat(50_001);
    let table = [
        (admin.call::<CheckVideo>("video=nothing").await, 422, "This is not the link to a YouTube video."),
        (admin.call::<CheckVideo>("video=").await, 422, "Enter the link to a video."),
        (admin.call::<PreviewMarkdown>(&format!("text={long}")).await, 422, "Enter at most 50,000 characters."),
        (
            admin.call::<PreviewMarkdown>("text=%2A%2Aa%2A%2A%3Cscript%3E").await,
            200,
            "<strong>a</strong>&lt;script&gt;",
        ),
        (call_json::<ReorderCourse>(&admin, &stale).await, 409, "Another admin changed this course in the meantime."),
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
    assert_eq!(video.body, r#"{"id":"aqz-KE-bpKQ","title":null,"embeddable":null}"#, "YouTube cannot be reached");
}

#[sqlx::test]
async fn pages_show_the_course_and_an_unknown_course_is_not_found(db: PgPool) {
    let (curriculum, [_, _, admin]) = school(&db).await;
    let pages = [
        (paths::ADMIN_COURSES.to_owned(), "Film"),
        (format!("{}?q=fil&page=1", paths::ADMIN_COURSES), "Film"),
        (format!("{}?q=nothing", paths::ADMIN_COURSES), "Nothing found"),
        (paths::ADMIN_NEW_COURSE.to_owned(), "Create course"),
        (paths::edit_course(curriculum.id), "Film"),
        (paths::edit_course_details(curriculum.id), "Delete course"),
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
    let (curriculum, [_, _, admin]) = school(&db).await;
    courses::queries::delete(&db, curriculum.id).await.unwrap();
    assert!(admin.get(paths::ADMIN_COURSES).await.body.contains("No courses yet"));
}

#[sqlx::test]
async fn an_admin_edits_a_course_without_javascript_and_loses_no_input(db: PgPool) {
    let (curriculum, [visitor, student, admin]) = school(&db).await;
    let details = paths::edit_course_details(curriculum.id);
    for page in [paths::ADMIN_NEW_COURSE, &details] {
        let sign_in = visitor.post(page, "name=A&description=").await;
        assert_eq!((sign_in.status, sign_in.location.as_deref()), (303, Some(paths::sign_in(page).as_str())));
        assert_eq!(student.post(page, "name=A&description=").await.status, 404, "{page}");
        let long = "a".repeat(201);
        for (name, sentence) in [("", "Enter a name."), (&long, "Enter at most 200 characters.")] {
            let rejected = admin.post(page, &format!("name={name}&description=Kept+%26+safe")).await;
            assert_eq!(rejected.status, 422, "{page}");
            assert!(rejected.body.contains(sentence), "{page}: {sentence}");
            assert!(rejected.body.contains("Kept &amp; safe"), "{page}");
            assert!(rejected.body.contains(&format!("value=\"{name}\"")), "{page}");
        }
        let widest = utf8_percent_encode(&"語".repeat(20_000), NON_ALPHANUMERIC).to_string();
        let rejected = admin.post(page, &format!("name=&description={widest}")).await;
        assert_eq!(rejected.status, 422);
        assert!(
            rejected.body.contains(&"語".repeat(20_000)),
            "the longest text in the widest script comes back complete"
        );
    }
    let paths = [paths::ADMIN_NEW_COURSE.to_owned(), format!("/admin/courses/{}/edit", curriculum.id)];
    assert_eq!(fixtures::audit(&db).await, paths.map(|path| format!("refused: Was refused at {path}")));

    let created = admin.post(paths::ADMIN_NEW_COURSE, "name=Light&description=%23+One").await;
    assert_eq!(created.status, 303);
    let editor = created.location.unwrap();
    assert!(admin.get(&editor).await.body.contains("Light"));
    let saved = admin.post(&format!("{editor}?tab=details"), "name=Sound&description=Two").await;
    assert_eq!((saved.status, saved.location), (303, Some(format!("{editor}?tab=details"))));
    let page = admin.get(&format!("{editor}?tab=details")).await.body;
    assert!(page.contains("value=\"Sound\"") && page.contains("Two</textarea>"));
}
