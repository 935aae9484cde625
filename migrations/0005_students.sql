-- Students: everybody who is here, newest first, read on from where a page ended. Helpers are among them.
create index users_newest_idx on users (created_at desc, id desc) where deleted_at is null;
