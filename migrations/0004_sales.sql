-- Sales: what an instructor looks through, and sends money back from.

-- What went back of a purchase and what is on its way back, kept with it, so that a list of sales neither adds up nor looks
-- elsewhere. Only the trigger on `refunds` below writes these two.
alter table purchases
  add column refunded_in_cents integer not null default 0
    constraint purchases_refunded_range check (refunded_in_cents between 0 and price_paid_in_cents),
  add column refunding_in_cents integer not null default 0 constraint purchases_refunding_range check (refunding_in_cents >= 0);

create type sale_state as enum ('paid', 'free', 'partly_refunded', 'refunded', 'refunding');
alter table purchases add column state sale_state not null generated always as (
  case when refunding_in_cents > 0 then 'refunding'::sale_state
       when refunded_at is not null then 'refunded'
       when refunded_in_cents > 0 then 'partly_refunded'
       when price_paid_in_cents = 0 then 'free'
       else 'paid' end) stored;

-- Sales in a state, newest first. Every state is one direction of reading: all of them are as many, merged.
create index purchases_state_idx on purchases (state, created_at desc, id desc);
drop index purchases_refunded_idx;

-- What is there already. It changes nobody's access and no sum, so nothing has to follow it.
create function recount_refunds() returns void language plpgsql as $$
begin
  update purchases p set refunded_in_cents = s.refunded, refunding_in_cents = s.refunding
    from (select b.id, coalesce(sum(r.amount_in_cents) filter (where r.state = 'succeeded'), 0) as refunded,
                 coalesce(sum(r.amount_in_cents) filter (where r.state = 'pending'), 0) as refunding
            from purchases b left join refunds r on r.purchase_id = b.id group by b.id) s
   where s.id = p.id and (s.refunded, s.refunding) <> (p.refunded_in_cents, p.refunding_in_cents);
end $$;
alter table purchases disable trigger user;
select recount_refunds();
alter table purchases enable trigger user;

-- Differences are added, not sums written: whoever waits for the row adds to what the other left.
create function purchases_follow_refunds() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    update purchases p set refunded_in_cents = p.refunded_in_cents + d.refunded, refunding_in_cents = p.refunding_in_cents + d.refunding
      from (select purchase_id, coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
                   coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
              from new_rows where purchase_id is not null and state <> 'failed' group by 1) d
     where p.id = d.purchase_id;
  elsif tg_op = 'DELETE' then
    update purchases p set refunded_in_cents = p.refunded_in_cents - d.refunded, refunding_in_cents = p.refunding_in_cents - d.refunding
      from (select purchase_id, coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
                   coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
              from old_rows where purchase_id is not null and state <> 'failed' group by 1) d
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
create trigger purchases_follow_refunds_inserted after insert on refunds
  referencing new table as new_rows for each statement execute function purchases_follow_refunds();
create trigger purchases_follow_refunds_updated after update on refunds
  referencing old table as old_rows new table as new_rows for each statement execute function purchases_follow_refunds();
create trigger purchases_follow_refunds_deleted after delete on refunds
  referencing old table as old_rows for each statement execute function purchases_follow_refunds();

-- Why Stripe did not send money back, in our words.
alter table refunds add column failure text not null default '' constraint refunds_failure_length check (length(failure) <= 500);
-- Refunds that are still to be sent, or of which Stripe has not said how they ended.
create index refunds_due_idx on refunds (updated_at) where state = 'pending';

-- What Stripe told about one payment: about its session, its refunds, its charge.
create index stripe_events_object_idx on stripe_events ((payload #>> '{data,object,id}'));
create index stripe_events_payment_intent_idx on stripe_events ((payload #>> '{data,object,payment_intent}'));

-- What the dashboard counts is counted from the index alone, which is small: rows that are alike share their entry.
create index users_students_count_idx on users (role) where role = 'user' and deleted_at is null;
create index buyer_sales_count_idx on buyer_sales (live) where live > 0;
drop index buyer_sales_live_idx;
create index lessons_count_idx on lessons (status);

-- Whether every sum is what its rows add up to, the two of each purchase as well.
alter function sales_tallies_hold() rename to sales_sums_hold;
create function sales_tallies_hold() returns boolean language sql stable as $$
  select sales_sums_hold() and not exists (
    select from purchases p left join lateral (
      select coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
             coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
        from refunds where purchase_id = p.id) r on true
     where (p.refunded_in_cents, p.refunding_in_cents) <> (r.refunded, r.refunding))
$$;
