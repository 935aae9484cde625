//! Reordering: the order of a whole course, written at once or not at all.

use sqlx::PgPool;

use crate::{
    audit,
    authoring::courses::queries,
    courses::curriculum::{Curriculum, CurriculumOrder, Moved},
    error::{Error, Result},
    id::{CourseId, UserId},
};

/// Puts a course into a new order, and answers how it is then. An order that is the one there is already changes nothing.
///
/// # Errors
/// [`Error::Conflict`] when the course is no longer of the `version` that the order was made from; [`Error::Invalid`] when the
/// order is not one of exactly this course's sections and lessons.
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
        return Err(Error::Conflict("Somebody else changed this course meanwhile. Here is how it is now.".into()));
    }
    let before = queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let now = CurriculumOrder::of(&before);
    order.check(&now).map_err(|error| Error::Invalid(vec![error]))?;
    if *order == now {
        return Ok(before);
    }
    queries::bump_version(&mut *tx, course).await?;
    queries::order_sections(&mut *tx, course, order).await?;
    queries::order_lessons(&mut *tx, order).await?;
    let after = queries::find_curriculum(&mut *tx, course).await?.ok_or(Error::NotFound)?;
    let summary = tell(&before, &after, now.moved(order));
    audit::service::record(&mut *tx, admin, "course.reorder", course.uuid(), &summary).await?;
    tx.commit().await?;
    Ok(after)
}

/// What was moved, from where and to where. Places are counted from 1.
fn tell(before: &Curriculum, after: &Curriculum, moved: Moved) -> String {
    let course = &after.name;
    let told = match moved {
        Moved::Section(id) => {
            let place = |tree: &Curriculum| tree.sections.iter().position(|section| section.id == id);
            place(before).zip(place(after)).zip(after.section(id)).map(|((from, to), section)| {
                let (name, from, to) = (&section.name, from + 1, to + 1);
                format!("Moved the section “{name}” of the course “{course}” from place {from} to {to}")
            })
        }
        Moved::Lesson(id) => before.lesson(id).zip(after.lesson(id)).map(|((old, _), (new, lesson))| {
            let place = |section: &crate::courses::curriculum::CurriculumSection| {
                section.lessons.iter().position(|lesson| lesson.id == id).unwrap_or_default() + 1
            };
            let (name, from, to) = (&lesson.name, place(old), place(new));
            if old.id == new.id {
                let section = &new.name;
                format!("Moved the lesson “{name}” in “{section}” of the course “{course}” from place {from} to {to}")
            } else {
                let (old, new) = (&old.name, &new.name);
                format!(
                    "Moved the lesson “{name}” of the course “{course}” from place {from} of “{old}” to place {to} of “{new}”"
                )
            }
        }),
        Moved::Several => None,
    };
    told.unwrap_or_else(|| format!("Changed the order of the course “{course}”"))
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

    /// A course "Film" with "One" (A, B, C), "Two" (D) and "Three" (nothing).
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

    /// "One: A B C, Two: D, Three:"
    fn told(tree: &Curriculum) -> String {
        let section = |section: &crate::courses::curriculum::CurriculumSection| {
            let names = section.lessons.iter().flat_map(|lesson| [" ", &lesson.name]).collect::<String>();
            format!("{}:{names}", section.name)
        };
        tree.sections.iter().map(section).collect::<Vec<_>>().join(", ")
    }

    fn move_lesson(order: &mut CurriculumOrder, from: (usize, usize), to: (usize, usize)) {
        let lesson = order.0[from.0].1.remove(from.1);
        order.0[to.0].1.insert(to.1, lesson);
    }

    /// What is moved, how it stands then, and what the log says.
    type Move<'a> = (&'a dyn Fn(&mut CurriculumOrder), &'a str, &'a str);

    #[sqlx::test]
    async fn sections_and_lessons_move_and_the_log_tells_from_where_to_where(db: PgPool) {
        let (admin, mut tree) = film(&db).await;
        let course = tree.id;
        let moves: [Move<'_>; 5] = [
            (
                &|order| move_lesson(order, (0, 2), (0, 0)),
                "One: C A B, Two: D, Three:",
                "Moved the lesson “C” in “One” of the course “Film” from place 3 to 1",
            ),
            (
                &|order| move_lesson(order, (0, 1), (1, 1)),
                "One: C B, Two: D A, Three:",
                "Moved the lesson “A” of the course “Film” from place 2 of “One” to place 2 of “Two”",
            ),
            (
                &|order| move_lesson(order, (1, 0), (2, 0)),
                "One: C B, Two: A, Three: D",
                "Moved the lesson “D” of the course “Film” from place 1 of “Two” to place 1 of “Three”",
            ),
            (
                &|order| order.0.rotate_right(1),
                "Three: D, One: C B, Two: A",
                "Moved the section “Three” of the course “Film” from place 3 to 1",
            ),
            (
                &|order| order.0.iter_mut().for_each(|(_, lessons)| lessons.reverse()),
                "Three: D, One: B C, Two: A",
                "Moved the lesson “C” in “One” of the course “Film” from place 1 to 2",
            ),
        ];
        for (at, (change, after, _)) in moves.iter().enumerate() {
            let mut order = CurriculumOrder::of(&tree);
            change(&mut order);
            let answer = reorder(&db, admin, course, tree.version, &order).await.unwrap();
            assert_eq!(told(&answer), *after);
            assert_eq!(answer.version, tree.version + 1);
            assert_eq!(Some(&answer), queries::find_curriculum(&db, course).await.unwrap().as_ref(), "move {at}");
            tree = answer;
        }
        let log = fixtures::audit(&db).await;
        assert_eq!(log, moves.map(|(_, _, sentence)| format!("course.reorder: {sentence}")));
    }

    #[sqlx::test]
    async fn an_order_that_is_already_there_changes_nothing(db: PgPool) {
        let (admin, tree) = film(&db).await;
        let answer = reorder(&db, admin, tree.id, tree.version, &CurriculumOrder::of(&tree)).await.unwrap();
        assert_eq!(answer, tree);
        assert!(fixtures::audit(&db).await.is_empty());
    }

    #[sqlx::test]
    async fn everything_upside_down_keeps_every_order_unique(db: PgPool) {
        let (admin, tree) = film(&db).await;
        let mut order = CurriculumOrder::of(&tree);
        order.0.reverse();
        let all: Vec<LessonId> = order.lessons().map(|(lesson, ..)| lesson).collect();
        order.0.iter_mut().for_each(|(_, lessons)| lessons.clear());
        order.0[0].1 = all.into_iter().rev().collect();
        let answer = reorder(&db, admin, tree.id, tree.version, &order).await.unwrap();
        assert_eq!(told(&answer), "Three: C B A D, Two:, One:");
        assert_eq!(fixtures::audit(&db).await, ["course.reorder: Changed the order of the course “Film”"]);
    }

    #[sqlx::test]
    async fn what_is_refused_leaves_everything_as_it_was(db: PgPool) {
        let (admin, tree) = film(&db).await;
        let other = fixtures::course(&db, "Other").await;
        let foreign = fixtures::section(&db, other, 0, "public", &[("Foreign", "public")]).await[0];
        let foreign_section = queries::find_curriculum(&db, other).await.unwrap().unwrap().sections[0].id;
        let order = CurriculumOrder::of(&tree);
        let changed = |change: &dyn Fn(&mut CurriculumOrder)| {
            let mut order = order.clone();
            change(&mut order);
            order
        };
        let refused = [
            (changed(&|order| order.0[0].1.push(foreign)), "A lesson of this order belongs to another course."),
            (
                changed(&|order| order.0.push((foreign_section, Vec::new()))),
                "A section of this order belongs to another course.",
            ),
            (
                changed(&|order| order.0.push((SectionId::from(Uuid::nil()), Vec::new()))),
                "A section of this order belongs to another course.",
            ),
            (changed(&|order| order.0[1].1 = order.0[0].1.clone()), "A lesson stands in this order twice."),
            (changed(&|order| drop(order.0.pop())), "This order leaves a section out."),
            (changed(&|order| order.0[0].1.truncate(2)), "This order leaves a lesson out."),
        ];
        for (order, sentence) in refused {
            let answer = reorder(&db, admin, tree.id, tree.version, &order).await;
            assert_eq!(fixtures::refusals(answer), [format!("order: {sentence}")]);
        }
        let mut moved = order.clone();
        moved.0.reverse();
        let stale = reorder(&db, admin, tree.id, tree.version - 1, &moved).await;
        let sentence = "Somebody else changed this course meanwhile. Here is how it is now.";
        assert_eq!(stale, Err(Error::Conflict(sentence.into())));
        let nowhere = reorder(&db, admin, CourseId::from(Uuid::nil()), 1, &moved).await;
        assert_eq!(nowhere, Err(Error::NotFound));
        assert_eq!(queries::find_curriculum(&db, tree.id).await.unwrap().unwrap(), tree);
        assert!(fixtures::audit(&db).await.is_empty());
    }

    #[sqlx::test]
    async fn a_drag_from_before_somebody_made_something_is_a_conflict_and_from_before_a_new_name_is_not(db: PgPool) {
        let (admin, tree) = film(&db).await;
        let mut order = CurriculumOrder::of(&tree);
        order.0.reverse();
        crate::authoring::lessons::service::rename(&db, admin, tree.sections[0].lessons[0].id, "Hook").await.unwrap();
        let answer = reorder(&db, admin, tree.id, tree.version, &order).await.unwrap();
        assert_eq!(told(&answer), "Three:, Two: D, One: Hook B C");
        crate::authoring::sections::service::create(&db, admin, tree.id, "Four", SectionStatus::Private).await.unwrap();
        let answer = reorder(&db, admin, tree.id, answer.version, &CurriculumOrder::of(&tree)).await;
        assert!(matches!(answer, Err(Error::Conflict(_))));
    }
}
