//! Changes of courses. Each function is one transaction with its audit entry.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::courses::{input::CourseForm, queries},
    error::{Error, Result},
    fields::{count, merge},
    id::{CourseId, UserId},
};

/// Creates a course without sections.
pub async fn create(db: &PgPool, admin: UserId, form: &CourseForm) -> Result<CourseId> {
    let form = form.parse()?;
    let mut tx = db.begin().await?;
    let course = queries::insert(&mut *tx, &form).await?;
    let summary = format!("Created course “{}”", form.name);
    audit::service::record(&mut *tx, admin, "course.create", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(course)
}

/// Updates a course's name and description. Without a change there is no audit entry. A field that equals `seen`, the form as it
/// was opened, keeps its current value.
pub async fn update(
    db: &PgPool,
    admin: UserId,
    course: CourseId,
    form: &CourseForm,
    seen: Option<&CourseForm>,
) -> Result<()> {
    let mut form = form.parse()?;
    let seen = seen.map(CourseForm::parse).transpose()?;
    let mut tx = db.begin().await?;
    let before = queries::lock(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    if let Some(seen) = seen {
        let mut errors = Vec::new();
        form.name = merge("name", form.name, &seen.name, &before.name, &mut errors);
        form.description = merge("description", form.description, &seen.description, &before.description, &mut errors);
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
    }
    let (name_differs, description_differs) = (before.name != form.name, before.description != form.description);
    if !name_differs && !description_differs {
        return Ok(());
    }
    let (old, new) = (&before.name, &form.name);
    let summary = match (name_differs, description_differs) {
        (true, false) => format!("Renamed course “{old}” to “{new}”"),
        (true, true) => format!("Renamed course “{old}” to “{new}” and changed its description"),
        _ => format!("Changed the description of course “{new}”"),
    };
    queries::update(&mut *tx, course, &form).await?;
    audit::service::record(&mut *tx, admin, "course.update", course.uuid(), &summary).await?;
    Ok(tx.commit().await?)
}

/// Deletes a course that is in no product and never had an owner, and returns its name.
///
/// # Errors
/// [`Error::Conflict`] with the reason why the course cannot be deleted.
pub async fn delete(db: &PgPool, admin: UserId, course: CourseId) -> Result<String> {
    let mut tx = db.begin().await?;
    let name = queries::lock(&mut *tx, course).await?.ok_or(Error::NotFound)?.name;
    let products = queries::list_product_names(&mut *tx, course).await?;
    if !products.is_empty() {
        return Err(Error::Conflict(in_products(&name, &products)));
    }
    match queries::count_owners(&mut *tx, course).await? {
        0 => {}
        1 => {
            return Err(Error::Conflict(format!("1 student has owned “{name}”, so it cannot be deleted. {HIDE_HINT}")));
        }
        n => {
            return Err(Error::Conflict(format!(
                "{n} students have owned “{name}”, so it cannot be deleted. {HIDE_HINT}"
            )));
        }
    }
    let (sections, lessons) = queries::count_parts(&mut *tx, course).await?;
    queries::delete(&mut *tx, course).await?;
    let parts = format!("{} and {}", count(sections, "section"), count(lessons, "lesson"));
    let summary = format!("Deleted course “{name}” with {parts}");
    audit::service::record(&mut *tx, admin, "course.delete", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(name)
}

const HIDE_HINT: &str = "To hide it, make its sections private.";

/// "“X” is part of the products A and B. Remove it from them first." It names at most three products.
fn in_products(name: &str, products: &[String]) -> String {
    match products {
        [one] => format!("“{name}” is part of the product {one}. Remove it from the product first."),
        [others @ .., last] if products.len() <= 3 => {
            format!("“{name}” is part of the products {} and {last}. Remove it from them first.", others.join(", "))
        }
        [a, b, rest @ ..] => {
            let others = rest.len();
            format!("“{name}” is part of the products {a}, {b} and {others} others. Remove it from them first.")
        }
        [] => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::fixtures;
    use rstest::rstest;

    fn form(name: &str, description: &str) -> CourseForm {
        CourseForm { name: name.into(), description: description.into() }
    }

    #[sqlx::test]
    async fn a_course_is_created_and_updated_and_each_change_has_one_audit_entry(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = create(&db, admin, &form("  Light \n", "One\r\ntwo")).await.unwrap();
        for (name, description) in [("Light", "One\ntwo"), ("Sound", "One\ntwo"), ("Sound", "Three"), ("Both", "Four")]
        {
            update(&db, admin, course, &form(name, description), None).await.unwrap();
            let stored = queries::find(&db, course).await.unwrap().unwrap();
            assert_eq!((stored.name.as_str(), stored.description.as_str()), (name, description));
        }
        assert_eq!(
            fixtures::audit(&db).await,
            [
                "course.create: Created course “Light”",
                "course.update: Renamed course “Light” to “Sound”",
                "course.update: Changed the description of course “Sound”",
                "course.update: Renamed course “Sound” to “Both” and changed its description",
            ]
        );
        let version = queries::find_curriculum(&db, course).await.unwrap().unwrap().version;
        assert_eq!(version, 1, "a new name does not change the version");
    }

    #[rstest]
    #[case::empty("", 0, &["name: Enter a name."])]
    #[case::blank(" \t ", 0, &["name: Enter a name."])]
    #[case::only_nul("\0", 0, &["name: Enter a name."])]
    #[case::maximum_length("é", 20_000, &[])]
    #[case::both_fields("", 20_001, &["name: Enter a name.", "description: Enter at most 20,000 characters."])]
    fn a_course_form_returns_all_errors_at_once(
        #[case] name: &str,
        #[case] description: usize,
        #[case] errors: &[&str],
    ) {
        let answer = form(&name.repeat(200), &"é".repeat(description)).parse();
        assert_eq!(fixtures::field_errors(answer), errors);
    }

    #[test]
    fn a_name_has_200_characters_at_most() {
        let answer = form(&"é".repeat(201), "").parse();
        assert_eq!(fixtures::field_errors(answer), ["name: Enter at most 200 characters."]);
    }

    #[sqlx::test]
    async fn a_course_in_a_product_or_with_owners_cannot_be_deleted(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "X").await;
        fixtures::section(&db, course, 0, "public", &[("Lesson", "public")]).await;
        for (slug, sentence) in [
            ("a", "“X” is part of the product a. Remove it from the product first."),
            ("b", "“X” is part of the products a and b. Remove it from them first."),
            ("c", "“X” is part of the products a, b and c. Remove it from them first."),
            ("d", "“X” is part of the products a, b and 2 others. Remove it from them first."),
        ] {
            fixtures::product(&db, slug, 1, &[course]).await;
            assert_eq!(delete(&db, admin, course).await, Err(Error::Conflict(sentence.into())));
        }
        let buyer = fixtures::student(&db, "buyer").await;
        let product = sqlx::query_scalar!("select id from products where slug = 'a'").fetch_one(&db).await.unwrap();
        let purchase = fixtures::purchase(&db, buyer, product.into()).await;
        sqlx::query!("delete from course_products").execute(&db).await.unwrap();
        sqlx::query!("update purchases set refunded_at = now() where id = $1", purchase.uuid())
            .execute(&db)
            .await
            .unwrap();
        let one = "1 student has owned “X”, so it cannot be deleted. To hide it, make its sections private.";
        assert_eq!(delete(&db, admin, course).await, Err(Error::Conflict(one.into())), "a refunded purchase counts");
        let friend = fixtures::student(&db, "friend").await;
        sqlx::query!("insert into course_gifts (user_id, course_id) values ($1, $2)", friend.uuid(), course.uuid())
            .execute(&db)
            .await
            .unwrap();
        let two = "2 students have owned “X”, so it cannot be deleted. To hide it, make its sections private.";
        assert_eq!(delete(&db, admin, course).await, Err(Error::Conflict(two.into())));
        assert!(fixtures::audit(&db).await.is_empty(), "a rejected deletion has no audit entry");
        assert_eq!(queries::count_parts(&db, course).await.unwrap(), (1, 1), "nothing was deleted");
    }

    #[sqlx::test]
    async fn a_course_without_owners_is_deleted_with_its_sections_and_lessons(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "X").await;
        fixtures::section(&db, course, 0, "public", &[("Lesson", "public")]).await;
        fixtures::section(&db, course, 1, "public", &[("Lesson", "public"), ("Lesson", "public")]).await;
        assert_eq!(delete(&db, admin, course).await.unwrap(), "X");
        assert_eq!(delete(&db, admin, course).await, Err(Error::NotFound));
        assert_eq!(update(&db, admin, course, &form("Y", ""), None).await, Err(Error::NotFound));
        assert_eq!(fixtures::audit(&db).await, ["course.delete: Deleted course “X” with 2 sections and 3 lessons"]);
    }
}
