-- The ledger: what may become of an attempt, a refund and a dispute, and what explains a purchase.

-- States move one way only, whoever writes: the program, a second server, a repair by hand. Whatever order Stripe's words come
-- in, the end is the same, because of two states the later one stays.
create function only_legal_moves() returns trigger language plpgsql as $$
begin
  if not (old.state || '>' || new.state) = any (tg_argv) then
    raise exception '% cannot become %', old.state, new.state
      using errcode = 'check_violation', constraint = tg_table_name || '_moves', table = tg_table_name;
  end if;
  return new;
end $$;

-- A late payment is honoured: what expired or failed may still be paid. Paid and free are the end.
create trigger checkout_attempts_moves before update of state on checkout_attempts
  for each row when (old.state <> new.state)
  execute function only_legal_moves('open>paid', 'open>free', 'open>expired', 'open>failed', 'expired>failed',
                                    'expired>paid', 'failed>paid');
-- What succeeded may fail days later, when the buyer's bank returns the money. What failed stays so: a new try is a new row.
create trigger refunds_moves before update of state on refunds
  for each row when (old.state <> new.state)
  execute function only_legal_moves('pending>succeeded', 'pending>failed', 'succeeded>failed');

-- Refunds ---------------------------------------------------------------------------------------------------------------

-- Who sent it: an admin from here, the school by itself (a payment for what was owned), somebody in Stripe's dashboard, or the
-- bank, which took it when a dispute was lost.
create type refund_origin as enum ('admin', 'school', 'stripe', 'dispute');
alter table refunds add column origin refund_origin not null default 'admin';
-- The purchase that was there already when a second payment came.
alter table refunds add column beside uuid references purchases on delete restrict;
alter table refunds disable trigger user;
update refunds set origin = 'school' where purchase_id is null;
alter table refunds enable trigger user;

-- A second payment is sent back by ourselves once (what failed may be tried again), and an admin refunds one thing at a time. What others do is only noted.
drop index refunds_of_attempt_key;
create unique index refunds_of_attempt_key on refunds (attempt_id) where origin = 'school' and state <> 'failed';
drop index refunds_pending_key;
create unique index refunds_pending_key on refunds (purchase_id) where state = 'pending' and origin = 'admin';
create index refunds_beside_idx on refunds (beside) where beside is not null;
create index refunds_payment_intent_idx on refunds (stripe_payment_intent_id);
-- Payments that never became a purchase, newest first.
create index refunds_stray_idx on refunds (created_at desc, id desc) where purchase_id is null;

-- Disputes --------------------------------------------------------------------------------------------------------------

create type dispute_state as enum ('open', 'won', 'lost');

-- The buyer asked their bank for the money. `status` and `reason` are Stripe's own words.
create table disputes (
  id uuid primary key default gen_random_uuid(),
  purchase_id uuid not null references purchases on delete restrict,
  stripe_dispute_id text not null constraint disputes_stripe_dispute_id_key unique,
  amount_in_cents integer not null constraint disputes_amount_range check (amount_in_cents >= 0),
  reason text not null default '',
  status text not null,
  state dispute_state not null default 'open',
  opened_at timestamptz not null,
  closed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint disputes_closed_when_decided check ((state = 'open') = (closed_at is null))
);
create index disputes_purchase_id_idx on disputes (purchase_id);
-- Money that was lost may be given back in the end.
create trigger disputes_moves before update of state on disputes
  for each row when (old.state <> new.state)
  execute function only_legal_moves('open>won', 'open>lost', 'lost>won');
create trigger disputes_touch before update on disputes for each row execute function touch_updated_at();

-- What a lost dispute took is money that went back, too.
alter table refunds add column dispute_id uuid constraint refunds_dispute_id_key unique references disputes on delete restrict,
  add constraint refunds_dispute_has_one check ((origin = 'dispute') = (dispute_id is not null));

-- A sale that is disputed says so. The enum is made anew: a value that is added cannot be used before the migration ends.
drop index purchases_state_idx;
alter table purchases drop column state;
drop type sale_state;
create type sale_state as enum ('paid', 'free', 'disputed', 'partly_refunded', 'refunded', 'refunding');
alter table purchases add column state sale_state not null generated always as (
  case when refunding_in_cents > 0 then 'refunding'::sale_state
       when refunded_at is not null then 'refunded'
       when paused_at is not null then 'disputed'
       when refunded_in_cents > 0 then 'partly_refunded'
       when price_paid_in_cents = 0 then 'free'
       else 'paid' end) stored;
create index purchases_state_idx on purchases (state, created_at desc, id desc);
-- What a student is told about: few rows.
create index purchases_paused_idx on purchases (user_id) where paused_at is not null;

-- A purchase stands as its rows say: it pauses while a dispute is open; it ends when everything went back or a dispute was lost.
-- `back`: money that had gone came back, so a purchase that ended lives again, unless the buyer has bought the product anew
-- meanwhile. Says whether it has ended. Whoever calls it holds the purchase.
create function settle_purchase(which uuid, back boolean) returns boolean language plpgsql as $$
declare
  p purchases;
  disputed boolean;
  ended boolean;
  pauses timestamptz;
  ends timestamptz;
begin
  select * into strict p from purchases where id = which;
  select coalesce(bool_or(state = 'open'), false), coalesce(bool_or(state = 'lost'), false) into disputed, ended
    from disputes where purchase_id = which;
  ended := ended or (p.price_paid_in_cents > 0 and p.refunded_in_cents = p.price_paid_in_cents);
  pauses := case when disputed then coalesce(p.paused_at, now()) end;
  ends := case when ended then coalesce(p.refunded_at, now())
               when back and not exists (select from purchases o where o.user_id = p.user_id and o.product_id = p.product_id
                                            and o.refunded_at is null and o.id <> which) then null
               else p.refunded_at end;
  if (pauses, ends) is distinct from (p.paused_at, p.refunded_at) then
    update purchases set paused_at = pauses, refunded_at = ends where id = which;
  end if;
  return ends is not null;
end $$;

-- What happened ---------------------------------------------------------------------------------------------------------

-- What a sale's timeline tells that no other row does, such as a payment that came late.
create table sale_notes (
  id bigint generated always as identity primary key,
  purchase_id uuid not null references purchases on delete restrict,
  words text not null constraint sale_notes_words_length check (length(words) between 1 and 500),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sale_notes_purchase_id_idx on sale_notes (purchase_id);
create trigger sale_notes_touch before update on sale_notes for each row execute function touch_updated_at();

-- What Stripe told that is still to be looked into, and what did not fit.
create index stripe_events_unread_idx on stripe_events (created_at) where outcome = 'refunds to be read';
create index stripe_events_mismatch_idx on stripe_events (occurred_at desc, id desc) where outcome = 'mismatch';

-- How far Stripe's lists have been read.
create table reconcile_marks (
  kind text primary key,
  seen_until timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create trigger reconcile_marks_touch before update on reconcile_marks for each row execute function touch_updated_at();
-- Checkouts that wait for the bank longer than Stripe's list is read.
create index checkout_attempts_waiting_idx on checkout_attempts (created_at)
  where stripe_session_id is not null and (state = 'open' or state = 'expired' and submitted_at is not null);
