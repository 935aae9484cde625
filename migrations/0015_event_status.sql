-- States as identifiers: what became of a Stripe event, why a payment is unusable, what a note on a sale says, and a chargeback that was
-- reversed. The sentences that stood in these columns were keys as well (a queue was found by an English sentence), so that mending the
-- English would have lost refunds. The program makes the sentences now, when it shows a row.

-- Chargebacks ---------------------------------------------------------------------------------------------------------------

-- A lost dispute is a row of `refunds` with origin `dispute`: the bank took the money, so it succeeded from the start. It becomes
-- `reversed` when the bank returns the money, or when as much was refunded separately. No other row does.
alter table refunds disable trigger user;
update refunds set state = 'reversed', failure = case when failure = 'The bank gave the money back.' then '' else failure end
 where origin = 'dispute' and state = 'failed';
update refunds set reason = '' where origin = 'dispute' and reason = 'A dispute was lost';
alter table refunds enable trigger user;
alter table refunds add constraint refunds_chargeback_states
  check (case when origin = 'dispute' then state in ('succeeded', 'reversed') else state <> 'reversed' end);

-- What succeeded may fail days later, when the buyer's bank returns the money. What failed stays so: a new try is a new row.
drop trigger refunds_state_transitions on refunds;
create trigger refunds_state_transitions before update of state on refunds
  for each row when (old.state <> new.state)
  execute function enforce_state_transition('pending>succeeded', 'pending>failed', 'succeeded>failed', 'succeeded>reversed');

-- No more goes back than came in. The purchase's row is locked, so that two refunds at once see each other. As before, and a chargeback
-- that was reversed counts no more than a refund that failed.
create or replace function refunds_within_paid() returns trigger language plpgsql as $$
declare
  paid integer;
begin
  if new.purchase_id is null or new.state in ('failed', 'reversed') then
    return new;
  end if;
  select price_paid_in_cents into paid from purchases where id = new.purchase_id for no key update;
  if (select coalesce(sum(amount_in_cents), 0) from refunds
       where purchase_id = new.purchase_id and state in ('pending', 'succeeded') and id <> new.id) + new.amount_in_cents > paid then
    raise exception 'more would go back than was paid' using errcode = 'check_violation', constraint = 'refunds_within_paid';
  end if;
  return new;
end $$;

-- Differences are added, not sums written: a transaction that waits for the purchase's row adds to what the other left. Only
-- succeeded and pending rows count, whatever other states there are.
create or replace function refunds_update_purchase_totals() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    update purchases p set refunded_in_cents = p.refunded_in_cents + d.refunded, refunding_in_cents = p.refunding_in_cents + d.refunding
      from (select purchase_id, coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
                   coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
              from new_rows where purchase_id is not null and state in ('pending', 'succeeded') group by 1) d
     where p.id = d.purchase_id;
  elsif tg_op = 'DELETE' then
    update purchases p set refunded_in_cents = p.refunded_in_cents - d.refunded, refunding_in_cents = p.refunding_in_cents - d.refunding
      from (select purchase_id, coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
                   coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
              from old_rows where purchase_id is not null and state in ('pending', 'succeeded') group by 1) d
     where p.id = d.purchase_id;
  else
    update purchases p set refunded_in_cents = p.refunded_in_cents + d.refunded, refunding_in_cents = p.refunding_in_cents + d.refunding
      from (select purchase_id, coalesce(sum(cents) filter (where state = 'succeeded'), 0) as refunded,
                   coalesce(sum(cents) filter (where state = 'pending'), 0) as refunding
              from (select purchase_id, state, amount_in_cents as cents from new_rows
                    union all select purchase_id, state, -amount_in_cents from old_rows) changed
             where purchase_id is not null group by 1) d
     where p.id = d.purchase_id and (d.refunded, d.refunding) <> (0, 0);
  end if;
  return null;
end $$;

-- Unusable payments ---------------------------------------------------------------------------------------------------------

-- A refund without a purchase sends a payment back that became none: its product was owned already (`duplicate`), or its account was
-- deleted between the checkout and the payment (`account_deleted`). The two were told apart by a sentence in `reason`, which is for what
-- an admin writes.
create type unusable_payment_reason as enum ('duplicate', 'account_deleted');
alter table refunds add column unusable_reason unusable_payment_reason;
alter table refunds disable trigger user;
update refunds r
   set unusable_reason = case when exists (select from refunds s where s.attempt_id = r.attempt_id and s.purchase_id is null
                                              and s.reason = 'payment of an account that is gone')
                              then 'account_deleted' else 'duplicate' end::unusable_payment_reason
 where purchase_id is null;
update refunds set reason = ''
 where purchase_id is null and reason in ('payment of an account that is gone', 'second payment for a product already owned',
                                          'the rest of a second payment');
alter table refunds enable trigger user;
alter table refunds add constraint refunds_unusable_reason_without_purchase
  check ((purchase_id is null) = (unusable_reason is not null));

-- Stripe's events -----------------------------------------------------------------------------------------------------------

-- `received`: stored, and not known to be processed. `processed`: applied, which may have changed nothing. `deferred`: applied again
-- when another event of its payment was. `refunds_to_fetch`: more was refunded than we know of, so the payment's refunds are to be
-- fetched. `ignored`: of a type that changes nothing, or about another program's payment. `rejected`: not applied, to be looked at.
create type stripe_event_status as enum ('received', 'processed', 'deferred', 'refunds_to_fetch', 'ignored', 'rejected');

-- `detail` says what exactly, as an identifier that the program labels.
alter table stripe_events add column status stripe_event_status, add column detail text;
alter table stripe_events disable trigger user;
update stripe_events e set status = m.status::stripe_event_status, detail = m.detail
  from (values
    ('received', 'received', 'received'),
    ('kept', 'ignored', 'unhandled_type'),
    ('not ours', 'ignored', 'not_ours'),
    ('unreadable', 'rejected', 'unreadable'),
    ('mismatch', 'rejected', 'mismatch'),
    ('kept for its purchase', 'deferred', 'awaits_related_event'),
    ('refunds to be read', 'refunds_to_fetch', 'refunds_not_included'),
    ('refunds read', 'processed', 'refunds_fetched'),
    ('granted', 'processed', 'access_granted'),
    ('granted before', 'processed', 'already_granted'),
    ('owned before', 'processed', 'duplicate_payment'),
    ('waiting', 'processed', 'payment_pending'),
    ('failed', 'processed', 'payment_failed'),
    ('expired', 'processed', 'checkout_expired'),
    ('nothing new', 'processed', 'no_change'),
    ('refund under way', 'processed', 'refund_pending'),
    ('refunded', 'processed', 'refunded'),
    ('refund failed', 'processed', 'refund_failed'),
    ('disputed', 'processed', 'dispute_opened'),
    ('dispute won', 'processed', 'dispute_won'),
    ('dispute lost', 'processed', 'dispute_lost')) as m (outcome, status, detail)
 where e.outcome = m.outcome;
-- "Owned before" was also written where an account was deleted.
update stripe_events e set detail = 'deleted_account_payment'
 where outcome = 'owned before'
   and exists (select from refunds r
                where r.stripe_payment_intent_id = coalesce(e.payload #>> '{data,object,payment_intent,id}',
                                                            e.payload #>> '{data,object,payment_intent}')
                  and r.unusable_reason = 'account_deleted');
-- What no version of the program wrote is in no queue, and keeps its text.
update stripe_events set status = 'received', detail = outcome where status is null;
alter table stripe_events enable trigger user;

drop index stripe_events_unread_idx;
drop index stripe_events_mismatch_idx;
alter table stripe_events alter column status set not null, alter column detail set not null, drop column outcome,
  add constraint stripe_events_detail_form check (status = 'received' or detail ~ '^[a-z]+(_[a-z]+)*$');
create index stripe_events_refunds_to_fetch_idx on stripe_events (created_at) where status = 'refunds_to_fetch';
create index stripe_events_mismatch_idx on stripe_events (occurred_at desc, id desc) where status = 'rejected' and detail = 'mismatch';

-- Notes on sales ------------------------------------------------------------------------------------------------------------

-- What a sale's timeline says that no other row does. `legacy_text` is a note that an older version wrote and this one cannot parse.
create type sale_note_kind as enum ('paid_after_expiry', 'paid_after_failure', 'product_was_private');
alter table sale_notes add column kind sale_note_kind;
alter table sale_notes rename column words to legacy_text;
alter table sale_notes rename constraint sale_notes_words_length to sale_notes_legacy_text_length;
alter table sale_notes alter column legacy_text drop not null;
alter table sale_notes disable trigger user;
update sale_notes n set kind = m.kind::sale_note_kind, legacy_text = null
  from (values
    ('The payment came after the checkout had expired. It is honoured.', 'paid_after_expiry'),
    ('The payment came after the checkout had failed. It is honoured.', 'paid_after_failure'),
    ('The product was private when the payment came. It is honoured.', 'product_was_private')) as m (words, kind)
 where n.legacy_text = m.words;
alter table sale_notes enable trigger user;
alter table sale_notes add constraint sale_notes_kind_or_legacy_text check ((kind is null) = (legacy_text is not null));
