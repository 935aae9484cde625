//! Changes of lessons. Each function is one transaction with its audit entry, and returns the course's curriculum after it.

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

/// Creates a lesson at the end of its section.
pub async fn create(db: &PgPool, admin: UserId, form: &LessonForm) -> Result<Curriculum> {
    let lesson = form.parse()?;
    let mut tx = db.begin().await?;
    let course =
        sections::queries::bump_course_version(&mut *tx, lesson.section).await?.ok_or_else(section_not_found)?;
    let section = sections::queries::lock(&mut *tx, lesson.section).await?.ok_or_else(section_not_found)?;
    let id = queries::insert(&mut *tx, &lesson).await?;
    let (name, status) = (&lesson.name, lesson.status.value());
    let place = format!("in section “{}” of course “{}”", section.name, section.course_name);
    let summary = format!("Created lesson “{name}” ({status}) {place}");
    audit::service::record(&mut *tx, admin, "lesson.create", id.uuid(), &summary).await?;
    let curriculum = find_curriculum(&mut tx, course).await?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Updates a lesson. A lesson whose section changes moves to the end of the new section. Without a change there is no audit
/// entry. A field that equals `seen`, the lesson as the form was opened with, keeps its current value.
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
        // Every move locks the course before the lesson, so that two moves cannot deadlock.
        queries::lock_course(&mut *tx, id).await?.ok_or(Error::NotFound)?;
    }
    let before = lock_and_find(&mut tx, id).await?;
    if let Some(seen) = seen {
        lesson = merge_lesson(lesson, seen, &before)?;
    }
    let mut changes = describe_changes(&before, &lesson);
    if !changes.is_empty() {
        queries::update(&mut *tx, id, &lesson).await?;
    }
    // Another admin may have moved it to this section in the meantime.
    if moves && before.section != lesson.section {
        courses::queries::bump_version(&mut *tx, before.course).await?;
        if !queries::move_to_section(&mut *tx, id, before.course, lesson.section).await? {
            return Err(section_not_found());
        }
        let after = queries::find(&mut *tx, id).await?.ok_or(Error::NotFound)?;
        changes.push(format!("section “{}” → “{}”", before.section_name, after.section_name));
    }
    if !changes.is_empty() {
        let summary = format!("Changed {}: {}", lesson_label(&before), changes.join(", "));
        audit::service::record(&mut *tx, admin, "lesson.update", id.uuid(), &summary).await?;
    }
    let curriculum = find_curriculum(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Merges `written` with the stored lesson `now`, which another admin may have changed since it was `seen`.
fn merge_lesson(written: ParsedLesson, seen: ParsedLesson, now: &LessonFacts) -> Result<ParsedLesson> {
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

/// Describes what a form changes in a lesson, except for its section.
fn describe_changes(before: &LessonFacts, lesson: &ParsedLesson) -> Vec<String> {
    let mut changes = Vec::new();
    if before.name != lesson.name {
        changes.push(format!("name “{}” → “{}”", before.name, lesson.name));
    }
    if before.video != lesson.video.as_str() {
        changes.push(format!("video {} → {}", before.video, lesson.video));
    }
    if before.description != lesson.description {
        changes.push("notes".to_owned());
    }
    if before.status != lesson.status {
        changes.push(format!("status {} → {}", before.status.value(), lesson.status.value()));
    }
    changes
}

/// Renames a lesson. The same name leaves no audit entry.
pub async fn rename(db: &PgPool, admin: UserId, lesson: LessonId, name: &str) -> Result<Curriculum> {
    let name = parse_name(name).map_err(|error| Error::Invalid(vec![error]))?;
    let mut tx = db.begin().await?;
    let before = lock_and_find(&mut tx, lesson).await?;
    if before.name != name {
        queries::rename(&mut *tx, lesson, &name).await?;
        let summary = format!("Renamed {} to “{name}”", lesson_label(&before));
        audit::service::record(&mut *tx, admin, "lesson.rename", lesson.uuid(), &summary).await?;
    }
    let curriculum = find_curriculum(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Sets a lesson's status. The same status leaves no audit entry.
pub async fn set_status(db: &PgPool, admin: UserId, lesson: LessonId, status: LessonStatus) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let before = lock_and_find(&mut tx, lesson).await?;
    if before.status != status {
        queries::set_status(&mut *tx, lesson, status).await?;
        let (lesson_label, old) = (lesson_label(&before), before.status.value());
        let summary = format!("Changed the status of {lesson_label} from {old} to {}", status.value());
        audit::service::record(&mut *tx, admin, "lesson.set_status", lesson.uuid(), &summary).await?;
    }
    let curriculum = find_curriculum(&mut tx, before.course).await?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Deletes a lesson with its completions.
pub async fn delete(db: &PgPool, admin: UserId, lesson: LessonId) -> Result<Curriculum> {
    let mut tx = db.begin().await?;
    let course = queries::bump_course_version(&mut *tx, lesson).await?.ok_or(Error::NotFound)?;
    let deleted = lock_and_find(&mut tx, lesson).await?;
    queries::delete(&mut *tx, lesson).await?;
    let summary = format!("Deleted {} from section “{}”", lesson_label(&deleted), deleted.section_name);
    audit::service::record(&mut *tx, admin, "lesson.delete", lesson.uuid(), &summary).await?;
    let curriculum = find_curriculum(&mut tx, course).await?;
    tx.commit().await?;
    Ok(curriculum)
}

/// Locks a lesson until the transaction ends, and reads it.
async fn lock_and_find(db: &mut PgConnection, lesson: LessonId) -> Result<LessonFacts> {
    if !queries::lock(&mut *db, lesson).await? {
        return Err(Error::NotFound);
    }
    queries::find(db, lesson).await?.ok_or(Error::NotFound)
}

fn lesson_label(lesson: &LessonFacts) -> String {
    format!("lesson “{}” of course “{}”", lesson.name, lesson.course_name)
}

fn section_not_found() -> Error {
    Error::Invalid(vec![FieldError::new("section", "This section no longer exists. Choose another.")])
}

async fn find_curriculum(db: &mut PgConnection, course: CourseId) -> Result<Curriculum> {
    courses::queries::find_curriculum(db, course).await?.ok_or(Error::NotFound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{courses::lesson::SectionStatus, id::SectionId, tests::fixtures};
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
        let mut sections = Vec::new();
        for name in ["One", "Two"] {
            let curriculum =
                crate::authoring::sections::service::create(db, admin, course, name, SectionStatus::Private);
            sections.push(curriculum.await.unwrap().sections.last().unwrap().id);
        }
        (admin, course, sections[0], sections[1])
    }

    #[sqlx::test]
    async fn a_new_lesson_is_last_and_every_change_has_one_audit_entry(db: PgPool) {
        let (admin, _, one, two) = film(&db).await;
        create(&db, admin, &form("Other", two)).await.unwrap();
        create(&db, admin, &form("First", one)).await.unwrap();
        let curriculum = create(&db, admin, &form(" Hook ", one)).await.unwrap();
        let hook = curriculum.sections[0].lessons[1].id;
        assert_eq!(curriculum.sections[0].lessons[1].name, "Hook");

        let draft = queries::find_draft(&db, hook).await.unwrap().unwrap();
        assert_eq!(draft.youtube_video_id, "aqz-KE-bpKQ");
        assert_eq!(
            update(&db, admin, hook, &draft.form, None).await.unwrap(),
            curriculum,
            "an unchanged form changes nothing"
        );

        let rewritten = LessonForm {
            name: "The hook".into(),
            video: "https://www.youtube.com/watch?v=LXb3EKWsInQ".into(),
            description: "Notes".into(),
            status: LessonStatus::Preview,
            section: two,
        };
        let curriculum = update(&db, admin, hook, &rewritten, None).await.unwrap();
        assert_eq!(curriculum.sections[1].lessons[1].name, "The hook", "at the end of the other section");
        let draft = queries::find_draft(&db, hook).await.unwrap().unwrap();
        assert_eq!(draft.form, rewritten);

        let version = curriculum.version;
        rename(&db, admin, hook, "The hook").await.unwrap();
        rename(&db, admin, hook, "Hook").await.unwrap();
        set_status(&db, admin, hook, LessonStatus::Preview).await.unwrap();
        let curriculum = set_status(&db, admin, hook, LessonStatus::Public).await.unwrap();
        assert_eq!(curriculum.version, version, "names and statuses do not change the version");
        let curriculum = delete(&db, admin, hook).await.unwrap();
        assert_eq!((curriculum.lesson(hook), curriculum.version), (None, version + 1));
        assert_eq!(
            fixtures::audit(&db).await[2..],
            [
                "lesson.create: Created lesson “Other” (private) in section “Two” of course “Film”",
                "lesson.create: Created lesson “First” (private) in section “One” of course “Film”",
                "lesson.create: Created lesson “Hook” (private) in section “One” of course “Film”",
                "lesson.update: Changed lesson “Hook” of course “Film”: name “Hook” → “The hook”, \
                 video aqz-KE-bpKQ → LXb3EKWsInQ, notes, status private → preview, section “One” → “Two”",
                "lesson.rename: Renamed lesson “The hook” of course “Film” to “Hook”",
                "lesson.set_status: Changed the status of lesson “Hook” of course “Film” from preview to public",
                "lesson.delete: Deleted lesson “Hook” of course “Film” from section “Two”",
            ]
        );
    }

    #[sqlx::test]
    async fn a_lesson_form_returns_all_errors_at_once(db: PgPool) {
        let (admin, course, one, _) = film(&db).await;
        let curriculum = create(&db, admin, &form("Hook", one)).await.unwrap();
        let hook = curriculum.sections[0].lessons[0].id;
        let wrong = LessonForm {
            name: " ".into(),
            video: "https://vimeo.com/1".into(),
            description: "é".repeat(50_001),
            status: LessonStatus::Public,
            section: one,
        };
        let sentences = [
            "name: Enter a name.",
            "video: This is not the link to a YouTube video.",
            "description: Enter at most 50,000 characters.",
        ];
        assert_eq!(fixtures::field_errors(create(&db, admin, &wrong).await), sentences);
        assert_eq!(fixtures::field_errors(update(&db, admin, hook, &wrong, None).await), sentences);
        assert_eq!(fixtures::field_errors(rename(&db, admin, hook, "").await), ["name: Enter a name."]);
        assert_eq!(courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(), curriculum);
    }

    #[sqlx::test]
    async fn a_lesson_cannot_move_to_another_course(db: PgPool) {
        let (admin, course, one, _) = film(&db).await;
        let curriculum = create(&db, admin, &form("Hook", one)).await.unwrap();
        let hook = curriculum.sections[0].lessons[0].id;
        let other = fixtures::course(&db, "Other").await;
        fixtures::section(&db, other, 0, "public", &[]).await;
        let foreign = courses::queries::find_curriculum(&db, other).await.unwrap().unwrap().sections[0].id;
        let section_not_found = "section: This section no longer exists. Choose another.";
        let moved = update(&db, admin, hook, &LessonForm { name: "Moved".into(), ..form("", foreign) }, None).await;
        assert_eq!(fixtures::field_errors(moved), [section_not_found]);
        let no_section = SectionId::from(Uuid::nil());
        assert_eq!(
            fixtures::field_errors(update(&db, admin, hook, &form("Moved", no_section), None).await),
            [section_not_found]
        );
        assert_eq!(fixtures::field_errors(create(&db, admin, &form("New", no_section)).await), [section_not_found]);
        assert_eq!(
            courses::queries::find_curriculum(&db, course).await.unwrap().unwrap(),
            curriculum,
            "the version is the same too"
        );

        let no_lesson = LessonId::from(Uuid::nil());
        assert_eq!(update(&db, admin, no_lesson, &form("X", one), None).await, Err(Error::NotFound));
        assert_eq!(rename(&db, admin, no_lesson, "X").await, Err(Error::NotFound));
        assert_eq!(set_status(&db, admin, no_lesson, LessonStatus::Public).await, Err(Error::NotFound));
        assert_eq!(delete(&db, admin, no_lesson).await, Err(Error::NotFound));
        assert_eq!(fixtures::audit(&db).await.len(), 3);
    }
}
