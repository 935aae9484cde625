//! Two admins write one course at once, each from what they last saw of it, which may be old. Whatever they do, the database
//! holds what a model on paper holds: everything in order, nothing lost, nothing twice. Only this test is here.

use rand::{RngExt, SeedableRng, rngs::StdRng};
use sqlx::PgPool;

use crate::{
    authoring::{
        courses::{self, reorder::reorder},
        lessons::{self, input::LessonForm},
        sections,
    },
    courses::{
        curriculum::{Curriculum, CurriculumOrder},
        lesson::{LessonStatus, SectionStatus},
    },
    error::{Error, Result},
    id::{CourseId, LessonId, SectionId, UserId},
    tests::fixtures,
};

const SEQUENCES: u64 = 200;
const STEPS: usize = 8;

#[derive(Clone, Debug)]
enum Act {
    MakeSection,
    DeleteSection(SectionId),
    RenameSection(SectionId),
    MakeLesson(SectionId),
    DeleteLesson(LessonId),
    RenameLesson(LessonId),
    /// By its form: to the end of another section.
    PutLesson(LessonId, SectionId),
    /// By dragging, from this version.
    Drag(i64, CurriculumOrder),
}

/// Something that can be done with what is seen.
fn choose(chance: &mut StdRng, seen: &Curriculum) -> Act {
    let order = CurriculumOrder::of(seen);
    let pick = |chance: &mut StdRng, n: usize| chance.random_range(0..n);
    if order.0.is_empty() {
        return Act::MakeSection;
    }
    let section = order.0[pick(chance, order.0.len())].0;
    let lessons: Vec<_> = order.lessons().map(|(lesson, ..)| lesson).collect();
    if lessons.is_empty() {
        return Act::MakeLesson(section);
    }
    let lesson = lessons[pick(chance, lessons.len())];
    match chance.random_range(0..20) {
        0 | 1 => Act::MakeSection,
        2 => Act::DeleteSection(section),
        3 => Act::RenameSection(section),
        4..=7 => Act::MakeLesson(section),
        8 | 9 => Act::DeleteLesson(lesson),
        10 => Act::RenameLesson(lesson),
        11 | 12 => Act::PutLesson(lesson, section),
        13 => {
            let mut order = order;
            let moved = order.0.remove(pick(chance, order.0.len()));
            order.0.insert(pick(chance, order.0.len() + 1), moved);
            Act::Drag(seen.version, order)
        }
        _ => {
            let mut order = order;
            order.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| *other != lesson));
            let to = pick(chance, order.0.len());
            let place = pick(chance, order.0[to].1.len() + 1);
            order.0[to].1.insert(place, lesson);
            Act::Drag(seen.version, order)
        }
    }
}

async fn perform(db: &PgPool, admin: UserId, course: CourseId, act: &Act) -> Result<Curriculum> {
    let form = |section| LessonForm {
        name: "Lesson".into(),
        video: "aqz-KE-bpKQ".into(),
        description: String::new(),
        status: LessonStatus::Private,
        section,
    };
    match act {
        Act::MakeSection => sections::service::create(db, admin, course, "Section", SectionStatus::Private).await,
        Act::DeleteSection(section) => sections::service::delete(db, admin, *section).await,
        Act::RenameSection(section) => {
            sections::service::update(db, admin, *section, Some("Renamed"), Some(SectionStatus::Public)).await
        }
        Act::MakeLesson(section) => lessons::service::create(db, admin, &form(*section)).await,
        Act::DeleteLesson(lesson) => lessons::service::delete(db, admin, *lesson).await,
        Act::RenameLesson(lesson) => lessons::service::rename(db, admin, *lesson, "Renamed").await,
        Act::PutLesson(lesson, section) => lessons::service::update(db, admin, *lesson, &form(*section), None).await,
        Act::Drag(version, order) => reorder(db, admin, course, *version, order).await,
    }
}

/// On paper: whether `after` is what `act` makes of `before`. What is made gets its id from `after`.
fn is_made_by(act: &Act, before: &CurriculumOrder, after: &CurriculumOrder) -> bool {
    let mut paper = before.clone();
    match act {
        Act::MakeSection => {
            let Some((made, _)) = after.0.last() else { return false };
            if before.sections().any(|section| section == *made) {
                return false;
            }
            paper.0.push((*made, Vec::new()));
        }
        Act::DeleteSection(section) => paper.0.retain(|(other, _)| other != section),
        Act::MakeLesson(section) => {
            let made = after.0.iter().find(|(other, _)| other == section).and_then(|(_, lessons)| lessons.last());
            let Some(made) = made.filter(|made| before.lessons().all(|(lesson, ..)| lesson != **made)) else {
                return false;
            };
            paper.0.iter_mut().filter(|(other, _)| other == section).for_each(|(_, lessons)| lessons.push(*made));
        }
        Act::DeleteLesson(lesson) => {
            paper.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| other != lesson));
        }
        Act::PutLesson(lesson, section) => {
            paper.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| other != lesson));
            paper.0.iter_mut().filter(|(other, _)| other == section).for_each(|(_, lessons)| lessons.push(*lesson));
        }
        Act::Drag(_, order) => paper = order.clone(),
        Act::RenameSection(_) | Act::RenameLesson(_) => {}
    }
    paper == *after
}

/// Whether an act may be refused so, on a course that was `before` and is `after`.
fn may_be_refused(act: &Act, error: &Error, before: &Curriculum, after: &Curriculum) -> bool {
    let missing_section = |id: &SectionId| before.section(*id).is_none() || after.section(*id).is_none();
    let missing_lesson = |id: &LessonId| before.lesson(*id).is_none() || after.lesson(*id).is_none();
    match (act, error) {
        (Act::Drag(version, _), Error::Conflict(_)) => *version < after.version,
        (Act::DeleteSection(section) | Act::RenameSection(section), Error::NotFound)
        | (Act::MakeLesson(section) | Act::PutLesson(_, section), Error::Invalid(_)) => missing_section(section),
        (Act::DeleteLesson(lesson) | Act::RenameLesson(lesson) | Act::PutLesson(lesson, _), Error::NotFound) => {
            missing_lesson(lesson)
        }
        _ => false,
    }
}

/// Whether these acts, one after the other, lead from the course as it was to the course as it is, each seeing what it made. What
/// does not count the version further moves nothing; a drag goes through from the latest version only.
fn leads(before: &Curriculum, changes: &[(&Act, &Curriculum)], after: &Curriculum) -> bool {
    let mut now = before;
    for (act, tree) in changes {
        let (was, is) = (CurriculumOrder::of(now), CurriculumOrder::of(tree));
        let from_the_latest = !matches!(act, Act::Drag(version, _) if *version != now.version);
        let right = match tree.version - now.version {
            0 => was == is,
            1 => is_made_by(act, &was, &is),
            _ => false,
        };
        if !right || !from_the_latest {
            return false;
        }
        now = tree;
    }
    CurriculumOrder::of(now) == CurriculumOrder::of(after) && now.version == after.version
}

async fn tree(db: &PgPool, course: CourseId) -> Curriculum {
    courses::queries::find_curriculum(db, course).await.unwrap().unwrap()
}

async fn run(db: &PgPool, admins: [UserId; 2], seed: u64) {
    let mut chance = StdRng::seed_from_u64(seed);
    let course = fixtures::course(db, "Course").await;
    for lessons in [3, 2, 0] {
        let lessons = vec![("Lesson", "private"); lessons];
        let order = i32::try_from(lessons.len()).unwrap();
        fixtures::section(db, course, 10 - order, "private", &lessons).await;
    }
    let first = tree(db, course).await;
    let mut seen = [first.clone(), first];
    for step in 0..STEPS {
        let before = tree(db, course).await;
        let acts = [choose(&mut chance, &seen[0]), choose(&mut chance, &seen[1])];
        let (one, two) =
            tokio::join!(perform(db, admins[0], course, &acts[0]), perform(db, admins[1], course, &acts[1]));
        let after = tree(db, course).await;
        let told = format!("seed {seed}, step {step}: {acts:?}, {before:?}, {one:?}, {two:?}");

        let answers = [one, two];
        let mut changes = Vec::new();
        for (act, answer) in acts.iter().zip(&answers) {
            match answer {
                Ok(tree) => changes.push((act, tree)),
                Err(error) => assert!(may_be_refused(act, error, &before, &after), "{error:?} in {told}"),
            }
        }
        let reversed = changes.iter().rev().copied().collect::<Vec<_>>();
        assert!(leads(&before, &changes, &after) || leads(&before, &reversed, &after), "{told}");

        for (seen, answer) in seen.iter_mut().zip(answers) {
            match answer {
                Ok(tree) => *seen = tree,
                Err(_) => *seen = after.clone(),
            }
            if chance.random_range(0..3) == 0 {
                *seen = after.clone();
            }
        }
    }
}

#[sqlx::test]
async fn two_admins_at_once_lose_nothing(db: PgPool) {
    let admins = [fixtures::student(&db, "one").await, fixtures::student(&db, "two").await];
    let seed = rand::rng().random_range(0..u64::MAX - SEQUENCES);
    println!("The first of {SEQUENCES} seeds is {seed}");
    for n in 0..SEQUENCES {
        run(&db, admins, seed + n).await;
    }
    let changes = sqlx::query_scalar!(r#"select count(*) as "n!" from audit_log"#).fetch_one(&db).await.unwrap();
    println!("{changes} changes");
    assert!(changes > 1000, "only {changes} changes: the test does not do what it should");
}
