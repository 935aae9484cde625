//! Model-based test of concurrent editing: two admins edit one course at once, each from the version that they last saw.
//!
//! After every step, the database has to equal a model in memory that applies the two actions in one of the two orders: nothing is lost
//! and nothing is there twice.

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
enum Action {
    CreateSection,
    DeleteSection(SectionId),
    RenameSection(SectionId),
    CreateLesson(SectionId),
    DeleteLesson(LessonId),
    RenameLesson(LessonId),
    /// By its form, to the end of another section.
    MoveLesson(LessonId, SectionId),
    /// By drag and drop, based on a version.
    Reorder(i64, CurriculumOrder),
}

/// A random action that is possible for an admin who sees this curriculum.
fn choose(rng: &mut StdRng, seen: &Curriculum) -> Action {
    let order = CurriculumOrder::of(seen);
    let pick = |rng: &mut StdRng, n: usize| rng.random_range(0..n);
    if order.0.is_empty() {
        return Action::CreateSection;
    }
    let section = order.0[pick(rng, order.0.len())].0;
    let lessons: Vec<_> = order.lessons().map(|(lesson, ..)| lesson).collect();
    if lessons.is_empty() {
        return Action::CreateLesson(section);
    }
    let lesson = lessons[pick(rng, lessons.len())];
    match rng.random_range(0..20) {
        0 | 1 => Action::CreateSection,
        2 => Action::DeleteSection(section),
        3 => Action::RenameSection(section),
        4..=7 => Action::CreateLesson(section),
        8 | 9 => Action::DeleteLesson(lesson),
        10 => Action::RenameLesson(lesson),
        11 | 12 => Action::MoveLesson(lesson, section),
        13 => {
            let mut order = order;
            let moved = order.0.remove(pick(rng, order.0.len()));
            order.0.insert(pick(rng, order.0.len() + 1), moved);
            Action::Reorder(seen.version, order)
        }
        _ => {
            let mut order = order;
            order.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| *other != lesson));
            let to = pick(rng, order.0.len());
            let place = pick(rng, order.0[to].1.len() + 1);
            order.0[to].1.insert(place, lesson);
            Action::Reorder(seen.version, order)
        }
    }
}

async fn perform(db: &PgPool, admin: UserId, course: CourseId, action: &Action) -> Result<Curriculum> {
    let form = |section| LessonForm {
        name: "Lesson".into(),
        video: "aqz-KE-bpKQ".into(),
        description: String::new(),
        status: LessonStatus::Private,
        section,
    };
    match action {
        Action::CreateSection => sections::service::create(db, admin, course, "Section", SectionStatus::Private).await,
        Action::DeleteSection(section) => sections::service::delete(db, admin, *section).await,
        Action::RenameSection(section) => {
            sections::service::update(db, admin, *section, Some("Renamed"), Some(SectionStatus::Public)).await
        }
        Action::CreateLesson(section) => lessons::service::create(db, admin, &form(*section)).await,
        Action::DeleteLesson(lesson) => lessons::service::delete(db, admin, *lesson).await,
        Action::RenameLesson(lesson) => lessons::service::rename(db, admin, *lesson, "Renamed").await,
        Action::MoveLesson(lesson, section) => {
            lessons::service::update(db, admin, *lesson, &form(*section), None).await
        }
        Action::Reorder(version, order) => reorder(db, admin, course, *version, order).await,
    }
}

/// Whether the model turns `before` into `after` by `action`. Created rows take their ids from `after`.
fn is_result_of(action: &Action, before: &CurriculumOrder, after: &CurriculumOrder) -> bool {
    let mut model = before.clone();
    match action {
        Action::CreateSection => {
            let Some((created, _)) = after.0.last() else { return false };
            if before.sections().any(|section| section == *created) {
                return false;
            }
            model.0.push((*created, Vec::new()));
        }
        Action::DeleteSection(section) => model.0.retain(|(other, _)| other != section),
        Action::CreateLesson(section) => {
            let created = after.0.iter().find(|(other, _)| other == section).and_then(|(_, lessons)| lessons.last());
            let Some(created) = created.filter(|created| before.lessons().all(|(lesson, ..)| lesson != **created))
            else {
                return false;
            };
            model.0.iter_mut().filter(|(other, _)| other == section).for_each(|(_, lessons)| lessons.push(*created));
        }
        Action::DeleteLesson(lesson) => {
            model.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| other != lesson));
        }
        Action::MoveLesson(lesson, section) => {
            model.0.iter_mut().for_each(|(_, lessons)| lessons.retain(|other| other != lesson));
            model.0.iter_mut().filter(|(other, _)| other == section).for_each(|(_, lessons)| lessons.push(*lesson));
        }
        Action::Reorder(_, order) => model = order.clone(),
        Action::RenameSection(_) | Action::RenameLesson(_) => {}
    }
    model == *after
}

/// Whether an action may fail with this error on a course that was `before` and is `after`.
fn may_fail(action: &Action, error: &Error, before: &Curriculum, after: &Curriculum) -> bool {
    let missing_section = |id: &SectionId| before.section(*id).is_none() || after.section(*id).is_none();
    let missing_lesson = |id: &LessonId| before.lesson(*id).is_none() || after.lesson(*id).is_none();
    match (action, error) {
        (Action::Reorder(version, _), Error::Conflict(_)) => *version < after.version,
        (Action::DeleteSection(section) | Action::RenameSection(section), Error::NotFound)
        | (Action::CreateLesson(section) | Action::MoveLesson(_, section), Error::Invalid(_)) => {
            missing_section(section)
        }
        (
            Action::DeleteLesson(lesson) | Action::RenameLesson(lesson) | Action::MoveLesson(lesson, _),
            Error::NotFound,
        ) => missing_lesson(lesson),
        _ => false,
    }
}

/// Whether these actions, one after the other, turn `before` into `after`, each with its own result in between. An action that does not
/// increase the version moves nothing; a reordering succeeds only from the latest version.
fn is_sequence(before: &Curriculum, changes: &[(&Action, &Curriculum)], after: &Curriculum) -> bool {
    let mut now = before;
    for (action, curriculum) in changes {
        let (was, is) = (CurriculumOrder::of(now), CurriculumOrder::of(curriculum));
        let is_from_latest_version = !matches!(action, Action::Reorder(version, _) if *version != now.version);
        let right = match curriculum.version - now.version {
            0 => was == is,
            1 => is_result_of(action, &was, &is),
            _ => false,
        };
        if !right || !is_from_latest_version {
            return false;
        }
        now = curriculum;
    }
    CurriculumOrder::of(now) == CurriculumOrder::of(after) && now.version == after.version
}

async fn curriculum(db: &PgPool, course: CourseId) -> Curriculum {
    courses::queries::find_curriculum(db, course).await.unwrap().unwrap()
}

async fn run(db: &PgPool, admins: [UserId; 2], seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let course = fixtures::course(db, "Course").await;
    for lessons in [3, 2, 0] {
        let lessons = vec![("Lesson", "private"); lessons];
        let order = i32::try_from(lessons.len()).unwrap();
        fixtures::section(db, course, 10 - order, "private", &lessons).await;
    }
    let first = curriculum(db, course).await;
    let mut seen = [first.clone(), first];
    for step in 0..STEPS {
        let before = curriculum(db, course).await;
        let actions = [choose(&mut rng, &seen[0]), choose(&mut rng, &seen[1])];
        let (one, two) =
            tokio::join!(perform(db, admins[0], course, &actions[0]), perform(db, admins[1], course, &actions[1]));
        let after = curriculum(db, course).await;
        let description = format!("seed {seed}, step {step}: {actions:?}, {before:?}, {one:?}, {two:?}");

        let answers = [one, two];
        let mut changes = Vec::new();
        for (action, answer) in actions.iter().zip(&answers) {
            match answer {
                Ok(curriculum) => changes.push((action, curriculum)),
                Err(error) => assert!(may_fail(action, error, &before, &after), "{error:?} in {description}"),
            }
        }
        let reversed = changes.iter().rev().copied().collect::<Vec<_>>();
        assert!(is_sequence(&before, &changes, &after) || is_sequence(&before, &reversed, &after), "{description}");

        for (seen, answer) in seen.iter_mut().zip(answers) {
            match answer {
                Ok(curriculum) => *seen = curriculum,
                Err(_) => *seen = after.clone(),
            }
            if rng.random_range(0..3) == 0 {
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
    assert!(changes > 1000, "only {changes} changes, too few for the test to mean anything");
}
