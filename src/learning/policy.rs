//! Policy of learning: who sees, watches and completes a lesson, and who opens a course.

use crate::courses::lesson::{LessonStatus, Visibility};

/// The facts about a viewer that the policy needs for one course.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub is_admin: bool,
    /// The viewer bought the course or was granted it.
    pub has_access: bool,
}

/// Returns whether the viewer sees the lesson; otherwise the response is 404.
pub fn can_see(access: Access, visibility: Visibility) -> bool {
    access.is_admin || visibility.is_published()
}

/// Returns whether the viewer may watch the lesson: anybody a preview, users with access a published lesson, admins every lesson.
pub fn can_watch(access: Access, visibility: Visibility) -> bool {
    access.is_admin || visibility.is_published() && (access.has_access || visibility.lesson == LessonStatus::Preview)
}

/// Returns whether the viewer may mark the lesson complete: users with access only, since nobody else has progress.
pub fn can_complete(access: Access, visibility: Visibility) -> bool {
    access.has_access && can_watch(access, visibility)
}

/// Returns whether the viewer may open the course's page: users with access and admins.
pub fn can_open_course(access: Access) -> bool {
    access.is_admin || access.has_access
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::courses::lesson::SectionStatus;
    use LessonStatus::{Preview, Private, Public};
    use rstest::rstest;

    const VISITOR: Access = Access { is_admin: false, has_access: false };
    const STUDENT: Access = Access { is_admin: false, has_access: true };
    const ADMIN: Access = Access { is_admin: true, has_access: false };
    const IN_PUBLIC: SectionStatus = SectionStatus::Public;
    const IN_PRIVATE: SectionStatus = SectionStatus::Private;

    /// Which of `can_see`, `can_watch` and `can_complete` ("mark") are true.
    #[rstest]
    #[case(VISITOR, IN_PUBLIC, Public, "see           ")]
    #[case(VISITOR, IN_PUBLIC, Preview, "see watch     ")]
    #[case(VISITOR, IN_PUBLIC, Private, "              ")]
    #[case(VISITOR, IN_PRIVATE, Public, "              ")]
    #[case(VISITOR, IN_PRIVATE, Preview, "              ")]
    #[case(VISITOR, IN_PRIVATE, Private, "              ")]
    #[case(STUDENT, IN_PUBLIC, Public, "see watch mark")]
    #[case(STUDENT, IN_PUBLIC, Preview, "see watch mark")]
    #[case(STUDENT, IN_PUBLIC, Private, "              ")]
    #[case(STUDENT, IN_PRIVATE, Public, "              ")]
    #[case(STUDENT, IN_PRIVATE, Preview, "              ")]
    #[case(STUDENT, IN_PRIVATE, Private, "              ")]
    #[case(ADMIN, IN_PUBLIC, Public, "see watch     ")]
    #[case(ADMIN, IN_PUBLIC, Preview, "see watch     ")]
    #[case(ADMIN, IN_PUBLIC, Private, "see watch     ")]
    #[case(ADMIN, IN_PRIVATE, Public, "see watch     ")]
    #[case(ADMIN, IN_PRIVATE, Preview, "see watch     ")]
    #[case(ADMIN, IN_PRIVATE, Private, "see watch     ")]
    fn who_sees_what(
        #[case] access: Access,
        #[case] section: SectionStatus,
        #[case] lesson: LessonStatus,
        #[case] expected: &str,
    ) {
        let visibility = Visibility { section, lesson };
        let word = |yes: bool, word: &str| if yes { word.to_owned() } else { " ".repeat(word.len()) };
        let actual = [
            word(can_see(access, visibility), "see"),
            word(can_watch(access, visibility), "watch"),
            word(can_complete(access, visibility), "mark"),
        ];
        assert_eq!(actual.join(" "), expected);
    }

    #[rstest]
    #[case(VISITOR, false)]
    #[case(STUDENT, true)]
    #[case(ADMIN, true)]
    fn who_opens_a_course(#[case] access: Access, #[case] opens: bool) {
        assert_eq!(can_open_course(access), opens);
    }
}
