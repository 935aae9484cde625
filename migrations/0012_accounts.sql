-- Local accounts in full: addresses that are known to be somebody's, links by mail, and sessions that can be told apart.

-- A person who opened a link that was sent there. Nothing is bought or refused for the lack of it.
alter table users add column if not exists email_confirmed_at timestamptz;

create type link_purpose as enum ('confirm', 'reset', 'sign_in', 'change_address');

-- A link that was sent by mail. It holds 32 random bytes; only their SHA-256 is here. It is used once, and `address` is where it was
-- sent: a link to an address that is no longer the account's opens nothing, but for a change to that very address.
create table account_links (
  token_hash bytea primary key constraint account_links_token_hash_is_sha256 check (length(token_hash) = 32),
  user_id uuid not null references users on delete cascade,
  purpose link_purpose not null,
  address text not null constraint account_links_address_length check (length(address) between 3 and 254),
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index account_links_user_id_idx on account_links (user_id, purpose);
create index account_links_expires_at_idx on account_links (expires_at);
create trigger account_links_touch before update on account_links for each row execute function touch_updated_at();

-- A session as its owner knows it: `agent` is what the browser says it is, `seen_at` is right to the hour.
alter table sessions
  add column id uuid not null default gen_random_uuid() constraint sessions_id_key unique,
  add column agent text not null default '' constraint sessions_agent_length check (length(agent) <= 100),
  add column seen_at timestamptz not null default now();
