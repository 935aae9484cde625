//! Writing lessons: each function is one transaction with its line in the audit log, and answers the whole course as it is then.

use sqlx::{PgConnection, PgPool};

use crate::{
    audit,
    authoring::{
        courses,
        lessons::{
            input::{LessonForm, ParsedLesson},
            queries::{self, LessonFacts},
        },
        sections,
    },
    courses::{curriculum::Curriculum, lesson::LessonStatus, youtube_id::YoutubeId},
    error::{Error, FieldError, Result},
    fields::{merge, parse_name},
    id::{CourseId, LessonId, UserId},
};

/// Makes a lesson after the last of its section.
pub async fn create(db: &PgPool, admin: UserId, form: &LessonForm) -> Result<Curriculum> {
    let lesson = form.parse()?;
    let mut tx = db.begin().await?;
    let course = sections::queries::bump_course_version(&mut *tx, lesson.section).await?.ok_or_else(section_gone)?;
    let section = sections::queries::lock(&mut *tx, lesson.section).await?.ok_or_else(section_gone)?;
    let id = queries::insert(&mut *tx, &lesson).await?;
    let (name, status) = (&lesson.name, lesson.status.value());
    let place = format!("in “{}” of the course “{}”", section.name, section.course_name);
    let summary = format!("Made the lesson “{name}” {place}, {status}");
    audit::service::record(&mut *tx, admin, "lesson.create", id.uuid(), &summary).await?;
    let tree = tree(&mut tx, course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// Rewrites a lesson. In another section than before it comes to that one's end. What is as it was leaves no trace; what is as it
/// was `seen` stays as it is now.
pub async fn update(
    db: &PgPool,
    admin: UserId,
    id: LessonId,
    form: &LessonForm,
    seen: Option<&LessonForm>,
) -> Result<Curriculum> {
    let mut lesson = form.parse()?;
    let seen = seen.map(LessonForm::parse).transpose()?;
    let mut tx = db.begin().await?;
    let section = queries::find_section(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    if seen.as_ref().is_some_and(|seen| seen.section == lesson.section) {
        lesson.section = section;
    }
    let moves = section != lesson.section;
    if moves {
        // The course before the lesson, as everything that moves does: two at once wait for each other in one order.
        queries::lock_course(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    }
    let before = hold(&mut tx, id).await?;
    if let Some(seen) = seen {
        lesson = merged(lesson, seen, &before)?;
    }
    let mut changes = changes(&before, &lesson);
    if !changes.is_empty() {
        queries::update(&mut *tx, id, &lesson).await?;
    }
    // Not when somebody put it there meanwhile.
    if moves && before.section != lesson.section {
        courses::queries::bump_version(&mut *tx, before.course).await?;
        if !queries::move_to(&mut *tx, id, before.course, lesson.section).await? {
            return Err(section_gone());
        }
        let after = queries::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
        changes.push(format!("moved it from “{}” to “{}”", before.section_name, after.section_name));
    }
    if !changes.is_empty() {
        let summary = format!("Changed {}: {}", called(&before), changes.join(", "));
        audit::service::record(&mut *tx, admin, "lesson.update", id.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// What is written, into what somebody else made of the lesson since it was seen.
fn merged(written: ParsedLesson, seen: ParsedLesson, now: &LessonFacts) -> Result<ParsedLesson> {
    let mut errors = Vec::new();
    let lesson = ParsedLesson {
        name: merge("name", written.name, &seen.name, &now.name, &mut errors),
        video: if written.video.as_str() == seen.video.as_str() {
            YoutubeId::parse(&now.video).unwrap_or(written.video)
        } else {
            let typed = written.video.to_string();
            merge("video", typed, &seen.video.to_string(), &now.video, &mut errors);
            written.video
        },
        description: merge("description", written.description, &seen.description, &now.description, &mut errors),
        status: merge("status", written.status, &seen.status, &now.status, &mut errors),
        section: written.section,
    };
    if errors.is_empty() { Ok(lesson) } else { Err(Error::Invalid(errors)) }
}

/// What a form changes in a lesson, except for its section.
fn changes(before: &LessonFacts, lesson: &ParsedLesson) -> Vec<String> {
    let mut changes = Vec::new();
    if before.name != lesson.name {
        changes.push(format!("renamed it to “{}”", lesson.name));
    }
    if before.video != lesson.video.as_str() {
        changes.push(format!("took the video {} for {}", lesson.video, before.video));
    }
    if before.description != lesson.description {
        changes.push("rewrote its notes".to_owned());
    }
    if before.status != lesson.status {
        changes.push(format!("set it from {} to {}", before.status.value(), lesson.status.value()));
    }
    changes
}

pub async fn rename(db: &PgPool, admin: UserId, lesson: LessonId, name: &str) -> Result<Curriculum> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let before = hold(&mut tx, lesson).await?;
    if before.name != name {
        queries::rename(&mut *tx, lesson, &name).await?;
        let summary = format!("Renamed {} to “{name}”", called(&before));
        audit::service::record(&mut *tx, admin, "lesson.rename", lesson.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

pub async fn set_status(db: &PgPool, admin: UserId, lesson: LessonId, status: LessonStatus) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let before = hold(&mut tx, lesson).await?;
    if before.status != status {
        queries::set_status(&mut *tx, lesson, status).await?;
        let summary = format!("Set {} from {} to {}", called(&before), before.status.value(), status.value());
        audit::service::record(&mut *tx, admin, "lesson.set_status", lesson.uuid(), &summary).await?;
    }
    let tree = tree(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// Deletes a lesson, and that students completed it.
pub async fn delete(db: &PgPool, admin: UserId, lesson: LessonId) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let course = queries::bump_course_version(&mut *tx, lesson).await?.ok_or(Error::NotFound)?;
    let gone = hold(&mut tx, lesson).await?;
    queries::delete(&mut *tx, lesson).await?;
    let summary = format!("Deleted {} from “{}”", called(&gone), gone.section_name);
    audit::service::record(&mut *tx, admin, "lesson.delete", lesson.uuid(), &summary).await?;
    let tree = tree(&mut tx, course).await?;
    tx.commit().await?;
    Ok(tree)
}

/// A lesson, held until the transaction ends.
async fn hold(db: &mut PgConnection, lesson: LessonId) -> Result<LessonFacts> {
    if !queries::lock(&mut *db, lesson).await? {
        return Err(Error::NotFound);
    }
    queries::find(db, lesson).await?.ok_or(Error::NotFound)
}

fn called(lesson: &LessonFacts) -> String {
    format!("the lesson “{}” of the course “{}”", lesson.name, lesson.course_name)
}

fn section_gone() -> Error {
    Error::Invalid(vec![FieldError::new("section", "This section is not there any more. Choose another.")])
}

async fn tree(db: &mut PgConnection, course: CourseId) -> Result<Curriculum> {
    courses::queries::find_curriculum(db, course).await?.ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{id::SectionId, tests::fixtures};
    use uuid::Uuid;

    fn form(name: &str, section: SectionId) -> LessonForm {
        LessonForm {
            name: name.into(),
            video: "https://youtu.be/aqz-KE-bpKQ?t=42".into(),
            description: String::new(),
            status: LessonStatus::Private,
            section,
        }
    }

    /// A course "Film" with the empty sections "One" and "Two".
    async fn film(db: &PgPool) -> (UserId, CourseId, SectionId, SectionId) {
        let admin = fixtures::student(db, "admin").await;
        let course = fixtures::course(db, "Film").await;
        let mut made = Vec::new();
        for name in ["One", "Two"] {
            let tree =
                sections::service::create(db, admin, course, name, crate::courses::lesson::SectionStatus::Private)
                    .await;
            made.push(tree.unwrap().sections.last().unwrap().id);
        }
        (admin, course, made[0], made[1])
    }

    #[sqlx::test]
    async fn a_lesson_comes_last_and_every_change_of_it_is_told(db: PgPool) {
        let (admin, _, one, two) = film(&db).await;
        create(&db, admin, &form("Other", two)).await.unwrap();
        create(&db, admin, &form("First", one)).await.unwrap();
        let tree = create(&db, admin, &form(" Hook ", one)).await.unwrap();
        let hook = tree.sections[0].lessons[1].id;
        assert_eq!(tree.sections[0].lessons[1].name, "Hook");

        let draft = queries::find_draft(&db, hook).await.unwrap().unwrap();
        assert_eq!(draft.youtube_video_id, "aqz-KE-bpKQ");
        assert_eq!(
            update(&db, admin, hook, &draft.form, None).await.unwrap(),
            tree,
            "a form that is sent as it came changes nothing"
        );

        let rewritten = LessonForm {
            name: "The hook".into(),
            video: "https://www.youtube.com/watch?v=LXb3EKWsInQ".into(),
            description: "Notes".into(),
            status: LessonStatus::Preview,
            section: two,
        };
        let tree = update(&db, admin, hook, &rewritten, None).await.unwrap();
        assert_eq!(tree.sections[1].lessons[1].name, "The hook", "at the end of the other section");
        let draft = queries::find_draft(&db, hook).await.unwrap().unwrap();
        assert_eq!(draft.form, rewritten);

        let version = tree.version;
        rename(&db, admin, hook, "The hook").await.unwrap();
        rename(&db, admin, hook, "Hook").await.unwrap();
        set_status(&db, admin, hook, LessonStatus::Preview).await.unwrap();
        let tree = set_status(&db, admin, hook, LessonStatus::Public).await.unwrap();
        assert_eq!(tree.version, version, "names and statuses move nothing");
        let tree = delete(&db, admin, hook).await.unwrap();
        assert_eq!((tree.lesson(hook), tree.version), (None, version + 1));
        assert_eq!(
            fixtures::audit(&db).await[2..],
            [
                "lesson.create: Made the lesson “Other” in “Two” of the course “Film”, private",
                "lesson.create: Made the lesson “First” in “One” of the course “Film”, private",
                "lesson.create: Made the lesson “Hook” in “One” of the course “Film”, private",
                "lesson.update: Changed the lesson “Hook” of the course “Film”: renamed it to “The hook”, \
                 took the video LXb3EKWsInQ for aqz-KE-bpKQ, rewrote its notes, set it from private to preview, \
                 moved it from “One” to “Two”",
                "lesson.rename: Renamed the lesson “The hook” of the course “Film” to “Hook”",
                "lesson.set_status: Set the lesson “Hook” of the course “Film” from preview to public",
                "lesson.delete: Deleted the lesson “Hook” of the course “Film” from “Two”",
            ]
        );
    }

    #[sqlx::test]
    async fn everything_that_is_wrong_with_a_lesson_is_said_at_once(db: PgPool) {
        let (admin, course, one, _) = film(&db).await;
        let tree = create(&db, admin, &form("Hook", one)).await.unwrap();
        let hook = tree.sections[0].lessons[0].id;
        let wrong = LessonForm {
            name: " ".into(),
            video: "https://vimeo.com/1".into(),
            description: "é".repeat(50_001),
            status: LessonStatus::Public,
            section: one,
        };
        let sentences = [
            "name: Enter a name.",
            "video: This is not a YouTube video's address.",
            "description: Enter at most 50,000 characters.",
        ];
        assert_eq!(fixtures::refusals(create(&db, admin, &wrong).await), sentences);
        assert_eq!(fixtures::refusals(update(&db, admin, hook, &wrong, None).await), sentences);
        assert_eq!(fixtures::refusals(rename(&db, admin, hook, "").await), ["name: Enter a name."]);
        assert_eq!(courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(), tree);
    }

    #[sqlx::test]
    async fn a_lesson_stays_in_its_course(db: PgPool) {
        let (admin, course, one, _) = film(&db).await;
        let tree = create(&db, admin, &form("Hook", one)).await.unwrap();
        let hook = tree.sections[0].lessons[0].id;
        let other = fixtures::course(&db, "Other").await;
        fixtures::section(&db, other, 0, "public", &[]).await;
        let foreign = courses::queries::find_curriculum(&db, other).await.unwrap().unwrap().sections[0].id;
        let gone = "section: This section is not there any more. Choose another.";
        let moved = update(&db, admin, hook, &LessonForm { name: "Moved".into(), ..form("", foreign) }, None).await;
        assert_eq!(fixtures::refusals(moved), [gone]);
        let nowhere = SectionId::from(Uuid::nil());
        assert_eq!(fixtures::refusals(update(&db, admin, hook, &form("Moved", nowhere), None).await), [gone]);
        assert_eq!(fixtures::refusals(create(&db, admin, &form("New", nowhere)).await), [gone]);
        assert_eq!(courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(), tree, "the version too");

        let nothing = LessonId::from(Uuid::nil());
        assert_eq!(update(&db, admin, nothing, &form("X", one), None).await, Err(Error::NotFound));
        assert_eq!(rename(&db, admin, nothing, "X").await, Err(Error::NotFound));
        assert_eq!(set_status(&db, admin, nothing, LessonStatus::Public).await, Err(Error::NotFound));
        assert_eq!(delete(&db, admin, nothing).await, Err(Error::NotFound));
        assert_eq!(fixtures::audit(&db).await.len(), 3);
    }
}
