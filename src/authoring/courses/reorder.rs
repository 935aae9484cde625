//! Reordering of a course's sections and lessons: the whole order in one transaction.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::courses::queries,
    courses::curriculum::{Curriculum, CurriculumOrder, CurriculumSection, MovedItem},
    error::{Error, Result},
    id::{CourseId, UserId},
};

/// Reorders a course and returns its new curriculum. The stored order itself changes nothing and leaves no audit entry.
///
/// # Errors
/// [`Error::Conflict`] when the course no longer has the `version` that the order is based on; [`Error::Invalid`] when the order
/// does not contain exactly this course's sections and lessons.
pub async fn reorder(
    db: &PgPool,
    admin: UserId,
    course: CourseId,
    version: i64,
    order: &CurriculumOrder,
) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let current = queries::lock_version(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    if current != version {
        return Err(Error::Conflict(
            "Another admin changed this course in the meantime. This is the current order.".into(),
        ));
    }
    let before = queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let now = CurriculumOrder::of(&before);
    order.check(&now).map_err(|error| Error::Invalid(vec![error]))?;
    if *order == now {
        return Ok(before);
    }
    queries::bump_version(&mut *tx, course).await?;
    queries::update_section_order(&mut *tx, course, order).await?;
    queries::update_lesson_order(&mut *tx, order).await?;
    let after = queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let summary = summary(&before, &after, now.moved_item(order));
    audit::service::record(&mut *tx, admin, "course.reorder", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(after)
}

/// Describes for the audit log what was moved. Positions count from 1.
fn summary(before: &Curriculum, after: &Curriculum, moved: MovedItem) -> String {
    let course = &after.name;
    let summary = match moved {
        MovedItem::Section(id) => {
            let position = |curriculum: &Curriculum| curriculum.sections.iter().position(|section| section.id == id);
            position(before).zip(position(after)).zip(after.section(id)).map(|((from, to), section)| {
                let (name, from, to) = (&section.name, from + 1, to + 1);
                format!("Moved section “{name}” of course “{course}” from position {from} to {to}")
            })
        }
        MovedItem::Lesson(id) => before.lesson(id).zip(after.lesson(id)).map(|((old, _), (new, lesson))| {
            let position = |section: &CurriculumSection| {
                section.lessons.iter().position(|lesson| lesson.id == id).unwrap_or_default() + 1
            };
            let (name, from, to) = (&lesson.name, position(old), position(new));
            if old.id == new.id {
                let section = &new.name;
                format!("Moved lesson “{name}” in section “{section}” of course “{course}” from position {from} to {to}")
            } else {
                let (old, new) = (&old.name, &new.name);
                format!(
                    "Moved lesson “{name}” of course “{course}” from position {from} of “{old}” to position {to} of “{new}”"
                )
            }
        }),
        MovedItem::Several => None,
    };
    summary.unwrap_or_else(|| format!("Reordered course “{course}”"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        courses::lesson::SectionStatus,
        id::{LessonId, SectionId},
        tests::fixtures,
    };
    use sqlx::PgPool;
    use uuid::Uuid;

    /// A course "Film" with the sections "One" (A, B, C), "Two" (D) and "Three" (empty).
    async fn film(db: &PgPool) -> (UserId, Curriculum) {
        let admin = fixtures::student(db, "admin").await;
        let course = fixtures::course(db, "Film").await;
        let lessons =
            |names: &'static str| names.split_terminator(' ').map(|name| (name, "public")).collect::<Vec<_>>();
        for (order, (name, names)) in (0..).zip([("One", "A B C"), ("Two", "D"), ("Three", "")]) {
            fixtures::section(db, course, order, "public", &lessons(names)).await;
            sqlx::query!(
                r#"update course_sections set name = $1 where course_id = $2 and "order" = $3"#,
                name,
                course.uuid(),
                order
            )
            .execute(db)
            .await
            .unwrap();
        }
        (admin, queries::find_curriculum(db, course).await.unwrap().unwrap())
    }

    /// The curriculum in one line: "One: A B C, Two: D, Three:".
    fn outline_text(curriculum: &Curriculum) -> String {
        let section = |section: &CurriculumSection| {
            let names = section.lessons.iter().flat_map(|lesson| [" ", &lesson.name]).collect::<String>();
            format!("{}:{names}", section.name)
        };
        curriculum.sections.iter().map(section).collect::<Vec<_>>().join(", ")
    }

    fn move_lesson(order: &mut CurriculumOrder, from: (usize, usize), to: (usize, usize)) {
        let lesson = order.0[from.0].1.remove(from.1);
        order.0[to.0].1.insert(to.1, lesson);
    }

    /// The move, the outline after it, and the summary in the audit log.
    type Move<'a> = (&'a dyn Fn(&mut CurriculumOrder), &'a str, &'a str);

    #[sqlx::test]
    async fn sections_and_lessons_move_and_the_audit_log_names_both_positions(db: PgPool) {
        let (admin, mut curriculum) = film(&db).await;
        let course = curriculum.id;
        let moves: [Move<'_>; 5] = [
            (
                &|order| move_lesson(order, (0, 2), (0, 0)),
                "One: C A B, Two: D, Three:",
                "Moved lesson “C” in section “One” of course “Film” from position 3 to 1",
            ),
            (
                &|order| move_lesson(order, (0, 1), (1, 1)),
                "One: C B, Two: D A, Three:",
                "Moved lesson “A” of course “Film” from position 2 of “One” to position 2 of “Two”",
            ),
            (
                &|order| move_lesson(order, (1, 0), (2, 0)),
                "One: C B, Two: A, Three: D",
                "Moved lesson “D” of course “Film” from position 1 of “Two” to position 1 of “Three”",
            ),
            (
                &|order| order.0.rotate_right(1),
                "Three: D, One: C B, Two: A",
                "Moved section “Three” of course “Film” from position 3 to 1",
            ),
            (
                &|order| order.0.iter_mut().for_each(|(_, lessons)| lessons.reverse()),
                "Three: D, One: B C, Two: A",
                "Moved lesson “C” in section “One” of course “Film” from position 1 to 2",
            ),
        ];
        for (at, (change, after, _)) in moves.iter().enumerate() {
            let mut order = CurriculumOrder::of(&curriculum);
            change(&mut order);
            let answer = reorder(&db, admin, course, curriculum.version, &order).await.unwrap();
            assert_eq!(outline_text(&answer), *after);
            assert_eq!(answer.version, curriculum.version + 1);
            assert_eq!(Some(&answer), queries::find_curriculum(&db, course).await.unwrap().as_ref(), "move {at}");
            curriculum = answer;
        }
        let log = fixtures::audit(&db).await;
        assert_eq!(log, moves.map(|(_, _, sentence)| format!("course.reorder: {sentence}")));
    }

    #[sqlx::test]
    async fn the_stored_order_changes_nothing(db: PgPool) {
        let (admin, curriculum) = film(&db).await;
        let answer =
            reorder(&db, admin, curriculum.id, curriculum.version, &CurriculumOrder::of(&curriculum)).await.unwrap();
        assert_eq!(answer, curriculum);
        assert!(fixtures::audit(&db).await.is_empty());
    }

    #[sqlx::test]
    async fn reversing_everything_violates_no_unique_constraint(db: PgPool) {
        let (admin, curriculum) = film(&db).await;
        let mut order = CurriculumOrder::of(&curriculum);
        order.0.reverse();
        let all: Vec<LessonId> = order.lessons().map(|(lesson, ..)| lesson).collect();
        order.0.iter_mut().for_each(|(_, lessons)| lessons.clear());
        order.0[0].1 = all.into_iter().rev().collect();
        let answer = reorder(&db, admin, curriculum.id, curriculum.version, &order).await.unwrap();
        assert_eq!(outline_text(&answer), "Three: C B A D, Two:, One:");
        assert_eq!(fixtures::audit(&db).await, ["course.reorder: Reordered course “Film”"]);
    }

    #[sqlx::test]
    async fn a_rejected_order_changes_nothing(db: PgPool) {
        let (admin, curriculum) = film(&db).await;
        let other = fixtures::course(&db, "Other").await;
        let foreign = fixtures::section(&db, other, 0, "public", &[("Foreign", "public")]).await[0];
        let foreign_section = queries::find_curriculum(&db, other).await.unwrap().unwrap().sections[0].id;
        let order = CurriculumOrder::of(&curriculum);
        let changed = |change: &dyn Fn(&mut CurriculumOrder)| {
            let mut order = order.clone();
            change(&mut order);
            order
        };
        let invalid = [
            (changed(&|order| order.0[0].1.push(foreign)), "A lesson of this order belongs to another course."),
            (
                changed(&|order| order.0.push((foreign_section, Vec::new()))),
                "A section of this order belongs to another course.",
            ),
            (
                changed(&|order| order.0.push((SectionId::from(Uuid::nil()), Vec::new()))),
                "A section of this order belongs to another course.",
            ),
            (changed(&|order| order.0[1].1 = order.0[0].1.clone()), "This order contains a lesson twice."),
            (changed(&|order| drop(order.0.pop())), "This order is missing a section."),
            (changed(&|order| order.0[0].1.truncate(2)), "This order is missing a lesson."),
        ];
        for (order, sentence) in invalid {
            let answer = reorder(&db, admin, curriculum.id, curriculum.version, &order).await;
            assert_eq!(fixtures::field_errors(answer), [format!("order: {sentence}")]);
        }
        let mut moved = order.clone();
        moved.0.reverse();
        let stale = reorder(&db, admin, curriculum.id, curriculum.version - 1, &moved).await;
        let sentence = "Another admin changed this course in the meantime. This is the current order.";
        assert_eq!(stale, Err(Error::Conflict(sentence.into())));
        let not_found = reorder(&db, admin, CourseId::from(Uuid::nil()), 1, &moved).await;
        assert_eq!(not_found, Err(Error::NotFound));
        assert_eq!(queries::find_curriculum(&db, curriculum.id).await.unwrap().unwrap(), curriculum);
        assert!(fixtures::audit(&db).await.is_empty());
    }

    #[sqlx::test]
    async fn a_new_section_makes_an_older_order_a_conflict_and_a_new_name_does_not(db: PgPool) {
        let (admin, curriculum) = film(&db).await;
        let mut order = CurriculumOrder::of(&curriculum);
        order.0.reverse();
        crate::authoring::lessons::service::rename(&db, admin, curriculum.sections[0].lessons[0].id, "Hook")
            .await
            .unwrap();
        let answer = reorder(&db, admin, curriculum.id, curriculum.version, &order).await.unwrap();
        assert_eq!(outline_text(&answer), "Three:, Two: D, One: Hook B C");
        crate::authoring::sections::service::create(&db, admin, curriculum.id, "Four", SectionStatus::Private)
            .await
            .unwrap();
        let answer = reorder(&db, admin, curriculum.id, answer.version, &CurriculumOrder::of(&curriculum)).await;
        assert!(matches!(answer, Err(Error::Conflict(_))));
    }
}
