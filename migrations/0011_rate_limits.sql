-- How often somebody may try what guards a password, a mailbox or a coupon: counted here, so that all servers count together.
--
-- A row is a bucket that fills up by itself. Instead of a number of tokens, it says when it will be full again (the generic cell
-- rate algorithm): taking one moves that moment on, and one is refused when it would move too far. So a bucket needs no sweeping to
-- be right, taking is one statement, and a row whose moment has passed says nothing any more and can go.
--
-- The key is the SHA-256 of the door and who knocks (an address, or an account as it was typed, whether or not there is one): this
-- table tells nobody who tried what.
create table rate_limits (
  key bytea primary key constraint rate_limits_key_is_sha256 check (length(key) = 32),
  door text not null constraint rate_limits_door_length check (length(door) between 1 and 40),
  full_at timestamptz not null,
  -- Whether the last one was let in, and how many were not.
  let_in boolean not null default true,
  refused bigint not null default 0,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index rate_limits_full_at_idx on rate_limits (full_at);
create trigger rate_limits_touch before update on rate_limits for each row execute function touch_updated_at();
