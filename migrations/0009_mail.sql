-- Mail: what people are written. A letter is put here in the transaction that makes it true, and sent afterwards, once.

create type mail_state as enum ('due', 'sending', 'sent', 'unsure', 'failed');

-- `kind` and `about` are what it tells of; `letter` is its text, still without the look of a mail. `unsure`: the mail server may
-- have taken it or not, because we or it broke off meanwhile; only a person sends such a letter again.
create table mails (
  id bigint generated always as identity primary key,
  user_id uuid not null references users on delete cascade,
  address text not null,
  kind text not null constraint mails_kind_form check (kind ~ '^[a-z_]+$'),
  about uuid,
  letter jsonb not null,
  state mail_state not null default 'due',
  attempts integer not null default 0,
  due_at timestamptz not null default now(),
  claimed_at timestamptz,
  sent_at timestamptz,
  -- No mail server was configured: it went nowhere but here.
  kept boolean not null default false,
  -- What the mail server said last, where it did not take it.
  trouble text not null default '',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint mails_sent_when_sent check ((state = 'sent') = (sent_at is not null))
);
-- One thing is told to one person once.
create unique index mails_once_key on mails (kind, about, user_id) where about is not null;
create index mails_user_id_idx on mails (user_id, id desc);
create index mails_state_idx on mails (state, id desc);
create index mails_due_idx on mails (due_at) where state = 'due';
create index mails_sent_at_idx on mails (sent_at) where state = 'sent';

-- What was sent stays sent.
create trigger mails_moves before update of state on mails
  for each row when (old.state <> new.state)
  execute function only_legal_moves('due>sending', 'sending>sent', 'sending>due', 'sending>unsure', 'sending>failed',
                                    'unsure>sent', 'unsure>due', 'failed>due');
create trigger mails_touch before update on mails for each row execute function touch_updated_at();

-- Two admins who write about the seller at once: the second is told.
alter table school add column version bigint not null default 1;
create trigger school_count_versions before update on school for each row execute function count_versions();
