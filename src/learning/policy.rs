//! Who sees and plays what: the table of the contract, as functions.

use crate::courses::lesson::{LessonStatus, Visibility};

/// What the question is asked about: is the viewer an admin, and do they have access to the course.
#[derive(Clone, Copy, Debug)]
pub struct Access {
    pub admin: bool,
    pub access: bool,
}

/// Whether the lesson exists for this viewer. If not, it is a 404.
pub fn can_see(who: Access, set: Visibility) -> bool {
    who.admin || set.is_published()
}

/// Previews are open to everyone; published lessons to those with access; admins play all.
pub fn can_watch(who: Access, set: Visibility) -> bool {
    who.admin || set.is_published() && (who.access || set.lesson == LessonStatus::Preview)
}

/// Completion belongs to students with access.
pub fn can_complete(who: Access, set: Visibility) -> bool {
    who.access && can_watch(who, set)
}

/// A course page asks for access, or an admin.
pub fn can_open_course(who: Access) -> bool {
    who.admin || who.access
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::courses::lesson::SectionStatus;
    use LessonStatus::{Preview, Private, Public};
    use rstest::rstest;

    const VISITOR: Access = Access { admin: false, access: false };
    const STUDENT: Access = Access { admin: false, access: true };
    const ADMIN: Access = Access { admin: true, access: false };
    const IN_PUBLIC: SectionStatus = SectionStatus::Public;
    const IN_PRIVATE: SectionStatus = SectionStatus::Private;

    /// see, watch, complete
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
        #[case] who: Access,
        #[case] section: SectionStatus,
        #[case] lesson: LessonStatus,
        #[case] expected: &str,
    ) {
        let set = Visibility { section, lesson };
        let word = |yes: bool, word: &str| if yes { word.to_owned() } else { " ".repeat(word.len()) };
        let actual =
            [word(can_see(who, set), "see"), word(can_watch(who, set), "watch"), word(can_complete(who, set), "mark")];
        assert_eq!(actual.join(" "), expected);
    }

    #[rstest]
    #[case(VISITOR, false)]
    #[case(STUDENT, true)]
    #[case(ADMIN, true)]
    fn who_opens_a_course(#[case] who: Access, #[case] opens: bool) {
        assert_eq!(can_open_course(who), opens);
    }
}
