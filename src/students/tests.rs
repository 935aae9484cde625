//! Tests of the students pages: search, gifts of courses, and roles.

use sqlx::PgPool;

use crate::{
    audit::AuditFilter,
    error::{Error, FieldError},
    id::UserId,
    paths,
    platform::postgres::like_pattern,
    students::{
        StudentFilter,
        api::{GetStudent, GetStudents, GiveCourse, ListCoursesToGive, SetAdmin, TakeBackCourse},
        queries,
        service::{find_student_page, give_course, list_students, set_admin, take_back_course},
    },
    tests::fixtures::{self, browser},
};

async fn admin(db: &PgPool, name: &str) -> UserId {
    fixtures::admin(db, name).await.id
}

/// The action and summary of each entry of the audit log, oldest first.
async fn audit_entries(db: &PgPool) -> Vec<(String, String)> {
    sqlx::query_as("select action, summary from audit_log order by id").fetch_all(db).await.unwrap()
}

async fn emails(db: &PgPool, q: &str, role: &str) -> Vec<String> {
    let list = list_students(db, StudentFilter::new(q, role), None).await.unwrap();
    list.students.rows.into_iter().map(|student| student.email).collect()
}

#[sqlx::test]
async fn only_admins_reach_the_server_functions(db: PgPool) {
    let course = fixtures::course(&db, "Course").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    for (user, status) in [(None, 401), (Some(student), 403), (Some(boss), 200)] {
        let browser = browser(&db, user).await;
        let argument = format!("student={student}");
        let responses = [
            ("list", browser.call::<GetStudents>("").await),
            ("page", browser.call::<GetStudent>(&argument).await),
            ("courses", browser.call::<ListCoursesToGive>(&argument).await),
            ("give", browser.call::<GiveCourse>(&format!("{argument}&course={course}&note=")).await),
            ("take back", browser.call::<TakeBackCourse>(&format!("{argument}&course={course}")).await),
            ("admin", browser.call::<SetAdmin>(&format!("{argument}&admin=false")).await),
        ];
        for (name, response) in responses {
            assert_eq!(response.status, status, "{name}: {}", response.body);
        }
    }
    let refused = audit_entries(&db).await.into_iter().filter(|(action, _)| action == "refused").count();
    assert_eq!(refused, 6, "one entry a minute for each server function that a student calls");
}

#[sqlx::test]
async fn an_unknown_or_deleted_student_has_no_page(db: PgPool) {
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let browser = browser(&db, Some(boss)).await;
    assert_eq!(browser.get(&paths::student(uuid::Uuid::nil().into())).await.status, 404);
    assert_eq!(browser.get("/admin/students/nobody").await.status, 404);
    sqlx::query!("update users set deleted_at = now() where id = $1", student.uuid()).execute(&db).await.unwrap();
    assert_eq!(browser.get(&paths::student(student)).await.status, 404, "a deleted account");
    assert!(!browser.get(paths::ADMIN_STUDENTS).await.body.contains("student@example.com"));
}

#[sqlx::test]
async fn the_list_shows_courses_purchases_and_spending(db: PgPool) {
    let course = fixtures::course(&db, "Course").await;
    let product = fixtures::product(&db, "product", 60, &[course]).await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let purchase = fixtures::purchase(&db, student, product).await;
    sqlx::query!(
        "update purchases set subtotal_in_cents = 6000, price_paid_in_cents = 6000, stripe_session_id = 'cs_1' where id = $1",
        purchase.uuid()
    )
    .execute(&db)
    .await
    .unwrap();
    sqlx::query!(
        "insert into refunds (purchase_id, amount_in_cents, state) values ($1, 1500, 'succeeded')",
        purchase.uuid()
    )
    .execute(&db)
    .await
    .unwrap();
    let students = list_students(&db, StudentFilter::default(), None).await.unwrap().students.rows;
    let row = students.iter().find(|row| row.id == student).unwrap();
    assert_eq!((row.courses, row.purchases, row.spent.to_string()), (1, 1, "$45".into()));
    assert_eq!(students[0].id, boss, "the newest is first");
    let page = browser(&db, Some(boss)).await.get(paths::ADMIN_STUDENTS).await;
    assert!(page.body.contains("$45") && page.body.contains(&paths::student(student)) && page.body.contains("Admin"));
}

#[sqlx::test]
async fn students_are_found_by_any_part_of_an_address_or_a_name(db: PgPool) {
    for name in ["ada", "ben", "under_score"] {
        fixtures::student(&db, name).await;
    }
    admin(&db, "boss").await;
    sqlx::query!("update users set name = 'Zoë Ångström' where email = 'ben@example.com'").execute(&db).await.unwrap();
    let table: [(&str, &str, &[&str]); 9] = [
        ("ada@example", "", &["ada@example.com"]),
        ("ADA", "", &["ada@example.com"]),
        ("ngstr", "", &["ben@example.com"]),
        ("å", "", &["ben@example.com"]),
        ("zo", "", &["ben@example.com"]),
        ("_sco", "", &["under_score@example.com"]),
        ("%%%", "", &[]),
        ("", "admin", &["boss@example.com"]),
        ("ada", "admin", &[]),
    ];
    for (q, role, found) in table {
        assert_eq!(emails(&db, q, role).await, found, "{q:?} {role:?}");
    }
    assert_eq!(emails(&db, "a\0da", "").await, ["ada@example.com"]);
}

#[sqlx::test]
async fn the_list_of_students_is_paged_without_a_gap(db: PgPool) {
    // Half of them joined at the same moment.
    sqlx::query(
        "insert into users (clerk_user_id, email, name, created_at)
         select 'p' || n, 'p' || n || '@example.com', 'Person', now() - make_interval(mins => n / 60) from generate_series(1, 120) n",
    )
    .execute(&db)
    .await
    .unwrap();
    for q in ["", "person", "p"] {
        let (mut seen, mut before, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = list_students(&db, StudentFilter::new(q, ""), before).await.unwrap().students;
            assert_eq!(page.has_previous, before.is_some());
            seen.extend(page.rows.iter().map(|student| student.id));
            pages += 1;
            if !page.has_next {
                break;
            }
            before = page.rows.last().map(|student| student.id);
        }
        let all = seen.len();
        seen.sort_by_key(|id| id.uuid());
        seen.dedup();
        assert_eq!((all, seen.len(), pages), (120, 120, 3), "{q:?}");
    }
}

#[sqlx::test]
async fn a_gift_gives_access_to_a_course_until_it_is_taken_back(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let message = give_course(&db, boss, student, Some(course), "  For the workshop ").await.unwrap();
    assert_eq!(message, "Gave “Light” to Demo student.");
    assert_eq!(fixtures::access(&db, student).await, [course]);
    let gift = find_student_page(&db, student, boss).await.unwrap().courses.remove(0).gift.unwrap();
    assert_eq!((gift.by.as_deref(), gift.note.as_str()), (Some("Demo student"), "For the workshop"));
    let second = give_course(&db, boss, student, Some(course), "").await;
    assert_eq!(second, Err(Error::Conflict("Demo student already has “Light” as a gift.".into())));

    let message = take_back_course(&db, boss, student, course).await.unwrap();
    assert_eq!(message, "Took back “Light” from Demo student.");
    assert_eq!(fixtures::access(&db, student).await, []);
    let second = take_back_course(&db, boss, student, course).await.unwrap_err().to_string();
    assert!(second.starts_with("“Light” was not given"), "{second}");
    let lines = [
        (
            "course.give",
            "Gave the course “Light” to Demo student (student@example.com), with the note “For the workshop”",
        ),
        ("course.take_back", "Took back the course “Light” from Demo student (student@example.com)"),
    ];
    assert_eq!(audit_entries(&db).await, lines.map(|(action, summary)| (action.to_owned(), summary.to_owned())));
    give_course(&db, boss, student, Some(course), "").await.unwrap();
    let subjects =
        ["You were given the course Light", "Your access to Light has ended", "You were given the course Light"];
    let mails = crate::mail::queries::list(&db, crate::mail::OutboxFilter::to(student), None).await.unwrap();
    let mails: Vec<_> = mails.into_iter().rev().map(|mail| mail.body).collect();
    assert_eq!(mails.iter().map(|email| email.subject.as_str()).collect::<Vec<_>>(), subjects);
    assert!(!format!("{mails:?}").contains("workshop"), "the note is for admins");
}

#[sqlx::test]
async fn a_student_who_bought_a_course_keeps_it_without_the_gift(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let product = fixtures::product(&db, "product", 60, &[course]).await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    fixtures::purchase(&db, student, product).await;
    let bought = take_back_course(&db, boss, student, course).await.unwrap_err();
    assert_eq!(bought.status(), 409, "a bought course is not taken back");
    assert!(bought.to_string().ends_with("Refund the sale to end access to a bought course."));
    give_course(&db, boss, student, Some(course), "").await.unwrap();
    let courses = find_student_page(&db, student, boss).await.unwrap().courses;
    assert!(courses.len() == 1 && courses[0].gift.is_some() && courses[0].purchases.len() == 1);
    let message = take_back_course(&db, boss, student, course).await.unwrap();
    assert_eq!(message, "Took back “Light” from Demo student, who keeps access because they bought it.");
    let mails = crate::mail::queries::list(&db, crate::mail::OutboxFilter::to(student), None).await.unwrap();
    assert_eq!(mails.len(), 1, "access did not end");
    assert_eq!(fixtures::access(&db, student).await, [course]);
}

#[sqlx::test]
async fn a_gift_without_a_course_or_with_a_long_note_is_rejected(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let sentences = |error: Error| match error {
        Error::Invalid(errors) => errors.into_iter().map(|error| error.message).collect(),
        other => vec![other.to_string()],
    };
    let long = "é".repeat(501);
    let none = give_course(&db, boss, student, None, &long).await.unwrap_err();
    assert_eq!(sentences(none), ["Choose a course.", "Write at most 500 characters."]);
    let unknown = give_course(&db, boss, student, Some(uuid::Uuid::nil().into()), "").await.unwrap_err();
    assert_eq!(sentences(unknown), ["This course no longer exists. Choose another."]);
    let unknown = uuid::Uuid::nil().into();
    assert_eq!(give_course(&db, boss, unknown, Some(course), "").await, Err(Error::NotFound));
    assert_eq!(take_back_course(&db, boss, unknown, course).await, Err(Error::NotFound));
    assert_eq!(set_admin(&db, boss, unknown, true).await, Err(Error::NotFound));
    assert!(audit_entries(&db).await.is_empty(), "no entry is stored");
    give_course(&db, boss, student, Some(course), &long[2..]).await.unwrap();
}

#[sqlx::test]
async fn courses_to_give_are_those_not_given_yet(db: PgPool) {
    let (light, sound) = (fixtures::course(&db, "Light").await, fixtures::course(&db, "Sound 100%").await);
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let names = async |q: &str| -> Vec<String> {
        let found = queries::list_courses_to_give(&db, student, &like_pattern::contains(q)).await.unwrap();
        found.into_iter().map(|course| course.name).collect()
    };
    assert_eq!(names("").await, ["Light", "Sound 100%"]);
    assert_eq!(names("LIG").await, ["Light"]);
    assert_eq!(names("0%").await, ["Sound 100%"]);
    give_course(&db, boss, student, Some(light), "").await.unwrap();
    assert_eq!(names("").await, ["Sound 100%"]);
    give_course(&db, boss, student, Some(sound), "").await.unwrap();
    assert!(names("").await.is_empty());
}

#[sqlx::test]
async fn a_students_page_counts_published_lessons(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let lessons =
        fixtures::section(&db, course, 0, "public", &[("A", "preview"), ("B", "public"), ("C", "private")]).await;
    let hidden = fixtures::section(&db, course, 1, "private", &[("D", "public")]).await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    give_course(&db, boss, student, Some(course), "").await.unwrap();
    for lesson in [lessons[0], lessons[2], hidden[0]] {
        crate::learning::queries::insert_completion(&db, student, lesson).await.unwrap();
    }
    let course = find_student_page(&db, student, boss).await.unwrap().courses.remove(0);
    assert_eq!((course.done, course.total), (1, 2));
    let body = browser(&db, Some(boss)).await.get(&paths::student(student)).await.body;
    assert!(body.contains("1 of 2") && body.contains("Given by") && body.contains("No purchases"), "{body}");
}

#[sqlx::test]
async fn a_changed_role_counts_from_the_next_request(db: PgPool) {
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let theirs = browser(&db, Some(student)).await;
    assert_eq!(theirs.get(paths::ADMIN).await.status, 404);
    assert_eq!(set_admin(&db, boss, student, true).await.unwrap(), "Demo student is an admin now.");
    assert_eq!(theirs.get(paths::ADMIN).await.status, 200);
    set_admin(&db, boss, student, true).await.unwrap();
    assert_eq!(set_admin(&db, boss, student, false).await.unwrap(), "Demo student is no longer an admin.");
    assert_eq!(theirs.get(paths::ADMIN).await.status, 404);
    assert_eq!(set_admin(&db, student, boss, false).await, Err(Error::Forbidden), "by a former admin");
    let lines = [
        ("user.make_admin", "Made Demo student (student@example.com) an admin"),
        ("user.unmake_admin", "Removed Demo student (student@example.com) as admin"),
    ];
    assert_eq!(audit_entries(&db).await, lines.map(|(action, summary)| (action.to_owned(), summary.to_owned())));
}

#[sqlx::test]
async fn the_last_admin_cannot_be_removed(db: PgPool) {
    let boss = admin(&db, "boss").await;
    let result = set_admin(&db, boss, boss, false).await;
    assert_eq!(result, Err(Error::Conflict("You are the only admin. Make another user admin first.".into())));
    let other = admin(&db, "other").await;
    set_admin(&db, boss, boss, false).await.unwrap();
    let left = crate::users::queries::lock_admins(&db).await.unwrap();
    assert_eq!(left, [other]);
}

#[sqlx::test]
async fn two_admins_who_remove_each_other_at_once_leave_one(db: PgPool) {
    for round in 0..5 {
        let (one, two) = (admin(&db, &format!("one{round}")).await, admin(&db, &format!("two{round}")).await);
        let (first, second) = tokio::join!(set_admin(&db, one, two, false), set_admin(&db, two, one, false));
        assert!(first.is_ok() != second.is_ok(), "{first:?} {second:?}");
        assert_eq!(first.and(second), Err(Error::Forbidden));
        assert_eq!(crate::users::queries::lock_admins(&db).await.unwrap().len(), 1);
        sqlx::query!("update users set role = 'user'").execute(&db).await.unwrap();
        let (one, two) = (admin(&db, &format!("three{round}")).await, admin(&db, &format!("four{round}")).await);
        let (first, second) = tokio::join!(set_admin(&db, one, one, false), set_admin(&db, two, two, false));
        assert!(first.is_ok() != second.is_ok(), "each resigns: {first:?} {second:?}");
        assert_eq!(crate::users::queries::lock_admins(&db).await.unwrap().len(), 1);
        sqlx::query!("update users set role = 'user'").execute(&db).await.unwrap();
    }
}

#[sqlx::test]
async fn a_students_page_links_to_their_activity(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    give_course(&db, boss, student, Some(course), "").await.unwrap();
    let browser = browser(&db, Some(boss)).await;
    let about = AuditFilter::about(student.uuid()).url(None);
    assert!(browser.get(&paths::student(student)).await.body.contains(&about));
    assert!(browser.get(&about).await.body.contains("Gave the course “Light” to Demo student"));
}

#[sqlx::test]
async fn a_note_with_control_characters_is_rejected_with_a_sentence(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    for note in ["a\0b", "a\u{7}b"] {
        let error = give_course(&db, boss, student, Some(course), note).await.unwrap_err();
        assert_eq!(error, Error::Invalid(vec![FieldError::new("note", "Leave out control characters.")]));
    }
    assert!(audit_entries(&db).await.is_empty(), "no entry is stored");
    give_course(&db, boss, student, Some(course), "Two\r\nlines").await.unwrap();
}

#[sqlx::test]
async fn a_course_whose_payment_is_disputed_is_shown_as_paused(db: PgPool) {
    let course = fixtures::course(&db, "Light").await;
    let (student, boss) = (fixtures::student(&db, "student").await, admin(&db, "boss").await);
    let product = fixtures::product(&db, "light", 60, &[course]).await;
    let purchase = fixtures::purchase(&db, student, product).await;
    sqlx::query!("update purchases set paused_at = now() where id = $1", purchase.uuid()).execute(&db).await.unwrap();
    assert!(fixtures::access(&db, student).await.is_empty());
    let page = browser(&db, Some(boss)).await.get(&paths::student(student)).await.body;
    assert!(page.contains("Light") && page.contains("Disputed: access paused"), "{page}");
    let courses = queries::list_courses(&db, student).await.unwrap();
    assert!(courses.len() == 1 && courses[0].purchases.len() == 1);
    give_course(&db, boss, student, Some(course), "").await.unwrap();
    let message = take_back_course(&db, boss, student, course).await.unwrap();
    assert_eq!(message, "Took back “Light” from Demo student.");
}

#[sqlx::test]
async fn an_admin_is_found_however_many_joined_later(db: PgPool) {
    sqlx::query!(
        "insert into users (clerk_user_id, email, name, role, created_at)
         select 'a' || n, 'helper' || n || '@example.com', 'Helper', 'admin', now() - n * interval '1 hour'
           from generate_series(1, 60) n"
    )
    .execute(&db)
    .await
    .unwrap();
    assert_eq!(emails(&db, "helper60", "admin").await, ["helper60@example.com"]);
    assert_eq!(emails(&db, "100%", "admin").await, Vec::<String>::new());
}

#[test]
fn a_filter_is_part_of_the_url() {
    assert_eq!(StudentFilter::default().url(None), "/admin/students");
    assert_eq!(StudentFilter::new(" a&b ", "admin").url(None), "/admin/students?q=a%26b&role=admin");
    let id = UserId::from(uuid::Uuid::nil());
    assert_eq!(StudentFilter::new("", "user").url(Some(id)), format!("/admin/students?before={id}"));
    assert_eq!(StudentFilter::new(&"x".repeat(300), "").q.len(), 200);
}
