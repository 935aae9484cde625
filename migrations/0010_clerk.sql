-- Clerk: who of us has an account there, and how far what Clerk tells and what we tell it have come.
--
-- Webhooks come twice, late and in any order. A row here is somebody as Clerk knows them; it is locked while what was told is
-- taken in, so that two deliveries and a first visit at one moment wait for each other.

create table clerk_accounts (
  clerk_user_id text primary key constraint clerk_accounts_id_length check (length(clerk_user_id) between 1 and 100),
  -- Nobody yet, or nobody ever: somebody who was deleted before we heard of them.
  user_id uuid constraint clerk_accounts_user_key unique references users on delete cascade,
  -- Clerk's own `updated_at` of what was taken in last; null before anything was. What is not newer changes nothing.
  as_of timestamptz,
  email_verified boolean not null default false,
  deleted_at timestamptz,
  -- The role that Clerk's public metadata has from us; null before anything was told. The role of record is `users.role`.
  told_role user_role,
  -- When Clerk may be told (again), and how often it did not listen.
  tell_at timestamptz not null default now(),
  tell_tries integer not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index clerk_accounts_to_tell_idx on clerk_accounts (tell_at) where deleted_at is null;

create trigger clerk_accounts_touch before update on clerk_accounts for each row execute function touch_updated_at();
