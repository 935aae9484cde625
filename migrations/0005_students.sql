-- Students: everybody who is here, newest first, read on from where a page ended. Helpers are among them.
create index users_newest_idx on users (created_at desc, id desc) where deleted_at is null;

-- As before, and both halves look at these users' rows only: one gift or purchase must not read everybody's.
create or replace function rebuild_access(who uuid[]) returns void language plpgsql as $$
begin
  perform 1 from users where id = any (who) order by id for no key update;
  delete from user_course_access a
   where a.user_id = any (who)
     and not exists (select 1 from course_entitlements e
                      where e.user_id = any (who) and e.user_id = a.user_id and e.course_id = a.course_id);
  insert into user_course_access (user_id, course_id)
    select e.user_id, e.course_id from course_entitlements e where e.user_id = any (who)
    on conflict do nothing;
end $$;
