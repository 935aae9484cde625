-- What is published stands here once. A section is published when it is public; a lesson when its section is and it is not private: a
-- preview is a published lesson that everyone may watch. Queries filter on `is_published` and do not know the statuses; a test holds the
-- views equal to `Visibility::is_published`.
--
-- The views keep unpublished rows, because an admin's outline has them: one statement serves admins and students. PostgreSQL inlines
-- both, so the indexes of the tables serve them.

create view curriculum_sections as
  select id, course_id, name, status, "order", status = 'public' as is_published from course_sections;

create view curriculum_lessons as
  select l.id, l.section_id, s.course_id, l.name, l.status, s."order" as section_order, l."order",
         s.is_published and l.status <> 'private' as is_published
    from lessons l join curriculum_sections s on s.id = l.section_id;
