//! Writing courses: each function is one transaction, with its line in the audit log.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::courses::{CourseForm, queries},
    error::{Error, Result},
    fields::{count, merge},
    id::{CourseId, UserId},
};

pub async fn create(db: &PgPool, admin: UserId, form: &CourseForm) -> Result<CourseId> {
    let form = form.parse()?;
    let mut tx = db.begin().await?;
    let course = queries::insert(&mut *tx, &form).await?;
    let summary = format!("Made the course “{}”", form.name);
    audit::service::record(&mut *tx, admin, "course.create", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(course)
}

/// Renames a course and rewrites its description. What is as it was leaves no trace.
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
    let (renamed, rewritten) = (before.name != form.name, before.description != form.description);
    if !renamed && !rewritten {
        return Ok(());
    }
    let (old, new) = (&before.name, &form.name);
    let summary = match (renamed, rewritten) {
        (true, false) => format!("Renamed the course “{old}” to “{new}”"),
        (true, true) => format!("Renamed the course “{old}” to “{new}” and rewrote its description"),
        _ => format!("Rewrote the description of the course “{new}”"),
    };
    queries::update(&mut *tx, course, &form).await?;
    audit::service::record(&mut *tx, admin, "course.update", course.uuid(), &summary).await?;
    Ok(tx.commit().await?)
}

/// Deletes a course that nobody sells and nobody ever had; its name.
///
/// # Errors
/// [`Error::Conflict`] with what stands in the way.
pub async fn delete(db: &PgPool, admin: UserId, course: CourseId) -> Result<String> {
    let mut tx = db.begin().await?;
    let name = queries::lock(&mut *tx, course).await?.ok_or(Error::NotFound)?.name;
    let products = queries::list_product_names(&mut *tx, course).await?;
    if !products.is_empty() {
        return Err(Error::Conflict(sold_in(&name, &products)));
    }
    match queries::count_owners(&mut *tx, course).await? {
        0 => {}
        1 => return Err(Error::Conflict(format!("1 student bought “{name}” or was given it, so it stays. {HIDE}"))),
        n => {
            return Err(Error::Conflict(format!("{n} students bought “{name}” or were given it, so it stays. {HIDE}")));
        }
    }
    let (sections, lessons) = queries::count_parts(&mut *tx, course).await?;
    queries::delete(&mut *tx, course).await?;
    let parts = format!("{} and {}", count(sections, "section"), count(lessons, "lesson"));
    let summary = format!("Deleted the course “{name}” with {parts}");
    audit::service::record(&mut *tx, admin, "course.delete", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(name)
}

const HIDE: &str = "To hide it, make its sections private.";

/// "“X” is part of the products A and B. Take it out of them first." At most three of them are named.
fn sold_in(name: &str, products: &[String]) -> String {
    match products {
        [one] => format!("“{name}” is part of the product {one}. Take it out of it first."),
        [some @ .., last] if products.len() <= 3 => {
            format!("“{name}” is part of the products {} and {last}. Take it out of them first.", some.join(", "))
        }
        [a, b, rest @ ..] => {
            let others = rest.len();
            format!("“{name}” is part of the products {a}, {b} and {others} others. Take it out of them first.")
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
    async fn a_course_is_made_and_rewritten_and_each_change_is_told_once(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = create(&db, admin, &form("  Light \n", "One\r\ntwo")).await.unwrap();
        for (name, description) in [("Light", "One\ntwo"), ("Sound", "One\ntwo"), ("Sound", "Three"), ("Both", "Four")]
        {
            update(&db, admin, course, &form(name, description), None).await.unwrap();
            let kept = queries::find(&db, course).await.unwrap().unwrap();
            assert_eq!((kept.name.as_str(), kept.description.as_str()), (name, description));
        }
        assert_eq!(
            fixtures::audit(&db).await,
            [
                "course.create: Made the course “Light”",
                "course.update: Renamed the course “Light” to “Sound”",
                "course.update: Rewrote the description of the course “Sound”",
                "course.update: Renamed the course “Sound” to “Both” and rewrote its description",
            ]
        );
        let version = queries::find_curriculum(&db, course).await.unwrap().unwrap().version;
        assert_eq!(version, 1, "a new name moves nothing");
    }

    #[rstest]
    #[case::empty("", 0, &["name: Enter a name."])]
    #[case::blank(" \t ", 0, &["name: Enter a name."])]
    #[case::nothing_but_nul("\0", 0, &["name: Enter a name."])]
    #[case::as_long_as_can_be("é", 20_000, &[])]
    #[case::everything_at_once("", 20_001, &["name: Enter a name.", "description: Enter at most 20,000 characters."])]
    fn what_is_wrong_is_said_at_once(#[case] name: &str, #[case] description: usize, #[case] refused: &[&str]) {
        let answer = form(&name.repeat(200), &"é".repeat(description)).parse();
        assert_eq!(fixtures::refusals(answer), refused);
    }

    #[test]
    fn a_name_has_200_characters_at_most() {
        let answer = form(&"é".repeat(201), "").parse();
        assert_eq!(fixtures::refusals(answer), ["name: Enter at most 200 characters."]);
    }

    #[sqlx::test]
    async fn a_course_that_is_sold_or_owned_stays(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "X").await;
        fixtures::section(&db, course, 0, "public", &[("Lesson", "public")]).await;
        for (slug, sentence) in [
            ("a", "“X” is part of the product a. Take it out of it first."),
            ("b", "“X” is part of the products a and b. Take it out of them first."),
            ("c", "“X” is part of the products a, b and c. Take it out of them first."),
            ("d", "“X” is part of the products a, b and 2 others. Take it out of them first."),
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
        let one = "1 student bought “X” or was given it, so it stays. To hide it, make its sections private.";
        assert_eq!(delete(&db, admin, course).await, Err(Error::Conflict(one.into())), "refunded is bought");
        let friend = fixtures::student(&db, "friend").await;
        sqlx::query!("insert into course_gifts (user_id, course_id) values ($1, $2)", friend.uuid(), course.uuid())
            .execute(&db)
            .await
            .unwrap();
        let two = "2 students bought “X” or were given it, so it stays. To hide it, make its sections private.";
        assert_eq!(delete(&db, admin, course).await, Err(Error::Conflict(two.into())));
        assert!(fixtures::audit(&db).await.is_empty(), "what was refused is not told as done");
        assert_eq!(queries::count_parts(&db, course).await.unwrap(), (1, 1), "and nothing is gone");
    }

    #[sqlx::test]
    async fn a_course_of_nobodys_goes_with_what_is_in_it(db: PgPool) {
        let admin = fixtures::student(&db, "admin").await;
        let course = fixtures::course(&db, "X").await;
        fixtures::section(&db, course, 0, "public", &[("Lesson", "public")]).await;
        fixtures::section(&db, course, 1, "public", &[("Lesson", "public"), ("Lesson", "public")]).await;
        assert_eq!(delete(&db, admin, course).await.unwrap(), "X");
        assert_eq!(delete(&db, admin, course).await, Err(Error::NotFound));
        assert_eq!(update(&db, admin, course, &form("Y", ""), None).await, Err(Error::NotFound));
        assert_eq!(fixtures::audit(&db).await, ["course.delete: Deleted the course “X” with 2 sections and 3 lessons"]);
    }
}
