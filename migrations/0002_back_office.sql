-- The back office: what an instructor writes and watches over.

create extension if not exists pg_trgm;

-- Every change of a course's tree (made, moved, deleted) counts one further, under the course's row lock. Whoever moves things
-- says which version they looked at.
alter table courses add column outline_version bigint not null default 1;
create index courses_name_idx on courses (name, id);

-- What somebody bought stays what they bought: a course goes only when nobody ever paid for it.
alter table purchase_courses drop constraint purchase_courses_course_id_fkey,
  add constraint purchase_courses_course_id_fkey foreign key (course_id) references courses on delete restrict;

-- Who changed what, and when. Nothing is ever changed in it. `action` is a word for programs (`lesson.rename`), `summary` the
-- sentence for people; `subject_id` is what it was done to.
create table audit_log (
  id bigint generated always as identity primary key,
  actor_id uuid references users on delete restrict,
  action text not null constraint audit_log_action_form check (action ~ '^[a-z_]+(\.[a-z_]+)*$'),
  subject_id uuid,
  summary text not null constraint audit_log_summary_length check (length(summary) between 1 and 2000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index audit_log_actor_id_idx on audit_log (actor_id, id desc);
create index audit_log_subject_id_idx on audit_log (subject_id, id desc) where subject_id is not null;

create function audit_log_stays() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is only written to' using errcode = 'restrict_violation', constraint = 'audit_log_stays';
end $$;
create trigger audit_log_stays before update or delete on audit_log for each row execute function audit_log_stays();

-- Finding people by any part of their address or name.
create index users_email_search_idx on users using gin (lower(email) gin_trgm_ops) where deleted_at is null;
create index users_name_search_idx on users using gin (lower(name) gin_trgm_ops) where deleted_at is null;
-- Students, newest first; counted from the index alone.
create index users_students_idx on users (created_at desc, id desc) where role = 'user' and deleted_at is null;
create index users_admins_idx on users (id) where role = 'admin';

-- Sales, newest first, read on from where a page ended: both in one direction, so that a pair is compared by the index.
create index purchases_newest_idx on purchases (created_at desc, id desc);
drop index purchases_created_at_idx;
create index purchases_product_newest_idx on purchases (product_id, created_at desc, id desc);
drop index purchases_product_id_idx;
create index purchases_refunded_idx on purchases (created_at desc, id desc) where refunded_at is not null;
create index refunds_newest_idx on refunds (created_at desc, id desc);
-- One refund of a purchase is under way at a time: a double click and two admins are one refund.
create unique index refunds_pending_key on refunds (purchase_id) where state = 'pending';
alter table refunds add column requested_by uuid references users on delete restrict;
create index refunds_requested_by_idx on refunds (requested_by);

-- No more goes back than came in. The purchase's row is locked, so that two refunds at once see each other.
create function refunds_within_paid() returns trigger language plpgsql as $$
declare
  paid integer;
begin
  if new.purchase_id is null or new.state = 'failed' then
    return new;
  end if;
  select price_paid_in_cents into paid from purchases where id = new.purchase_id for no key update;
  if (select coalesce(sum(amount_in_cents), 0) from refunds
       where purchase_id = new.purchase_id and state <> 'failed' and id <> new.id) + new.amount_in_cents > paid then
    raise exception 'more would go back than was paid' using errcode = 'check_violation', constraint = 'refunds_within_paid';
  end if;
  return new;
end $$;
create trigger refunds_within_paid before insert or update of amount_in_cents, state, purchase_id on refunds
  for each row execute function refunds_within_paid();

-- Sums of sales ---------------------------------------------------------------------------------------------------------
--
-- A dashboard that adds up every purchase there ever was grows slower with every sale. These are the sums, kept by triggers in
-- the transaction that changes them: by a quarter of an hour, because every time zone's midnight falls on one; by product; by
-- buyer. Nothing else writes here. `sales_tallies_hold` says whether they are what the rows add up to.

create table sales_quarters (
  at timestamptz primary key,
  purchases integer not null,
  paid_in_cents bigint not null,
  refunded_in_cents bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table product_sales (
  product_id uuid primary key references products on delete cascade,
  purchases integer not null,
  -- Those not refunded.
  live integer not null,
  paid_in_cents bigint not null,
  refunded_in_cents bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create table buyer_sales (
  user_id uuid primary key references users on delete cascade,
  purchases integer not null,
  live integer not null,
  paid_in_cents bigint not null,
  refunded_in_cents bigint not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index buyer_sales_live_idx on buyer_sales (user_id) where live > 0;

create type sale_change as (
  user_id uuid, product_id uuid, at timestamptz, purchases integer, live integer, paid bigint, refunded bigint
);

-- The buyers are locked first, as `rebuild_access` does: whatever else a transaction does to the same people, it waits in one order.
create function tally_sales(changes sale_change[]) returns void language plpgsql as $$
begin
  perform 1 from users where id in (select user_id from unnest(changes)) order by id for no key update;
  insert into product_sales as s (product_id, purchases, live, paid_in_cents, refunded_in_cents)
    select c.product_id, sum(c.purchases), sum(c.live), sum(c.paid), sum(c.refunded) from unnest(changes) c group by 1 order by 1
    on conflict (product_id) do update set purchases = s.purchases + excluded.purchases, live = s.live + excluded.live,
      paid_in_cents = s.paid_in_cents + excluded.paid_in_cents,
      refunded_in_cents = s.refunded_in_cents + excluded.refunded_in_cents;
  insert into buyer_sales as s (user_id, purchases, live, paid_in_cents, refunded_in_cents)
    select c.user_id, sum(c.purchases), sum(c.live), sum(c.paid), sum(c.refunded) from unnest(changes) c group by 1 order by 1
    on conflict (user_id) do update set purchases = s.purchases + excluded.purchases, live = s.live + excluded.live,
      paid_in_cents = s.paid_in_cents + excluded.paid_in_cents,
      refunded_in_cents = s.refunded_in_cents + excluded.refunded_in_cents;
  insert into sales_quarters as s (at, purchases, paid_in_cents, refunded_in_cents)
    select date_bin('15 minutes', c.at, 'epoch'), sum(c.purchases), sum(c.paid), sum(c.refunded)
      from unnest(changes) c group by 1 having (sum(c.purchases), sum(c.paid), sum(c.refunded)) <> (0, 0, 0) order by 1
    on conflict (at) do update set purchases = s.purchases + excluded.purchases,
      paid_in_cents = s.paid_in_cents + excluded.paid_in_cents,
      refunded_in_cents = s.refunded_in_cents + excluded.refunded_in_cents;
end $$;

create function purchase_change(p purchases, sign integer) returns sale_change language sql immutable as $$
  select row(p.user_id, p.product_id, p.created_at, sign, case when p.refunded_at is null then sign else 0 end,
             sign * p.price_paid_in_cents::bigint, 0::bigint)::sale_change
$$;

create function purchases_tally() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform tally_sales(array(select purchase_change(n, 1) from new_rows n));
  elsif tg_op = 'DELETE' then
    perform tally_sales(array(select purchase_change(o, -1) from old_rows o));
  else
    -- Only what counts: most updates note something else.
    perform tally_sales(array(
      select purchase_change(p, sign) from (
        select n::purchases as p, 1 as sign from new_rows n
        union all select o::purchases, -1 from old_rows o) changed
       where (p).id in (
         select n.id from new_rows n join old_rows o using (id)
          where (n.user_id, n.product_id, n.created_at, n.price_paid_in_cents, n.refunded_at is null)
             is distinct from (o.user_id, o.product_id, o.created_at, o.price_paid_in_cents, o.refunded_at is null))));
  end if;
  return null;
end $$;
create trigger purchases_tally_inserted after insert on purchases
  referencing new table as new_rows for each statement execute function purchases_tally();
create trigger purchases_tally_updated after update on purchases
  referencing old table as old_rows new table as new_rows for each statement execute function purchases_tally();
create trigger purchases_tally_deleted after delete on purchases
  referencing old table as old_rows for each statement execute function purchases_tally();

-- A refund counts on the day it was made, once it has succeeded.
create function refund_changes(ids uuid[], purchase_ids uuid[], ats timestamptz[], amounts bigint[]) returns sale_change[]
language sql stable as $$
  select array(
    select row(p.user_id, p.product_id, r.at, 0, 0, 0::bigint, r.amount)::sale_change
      from unnest(ids, purchase_ids, ats, amounts) as r(id, purchase_id, at, amount) join purchases p on p.id = r.purchase_id)
$$;

create function refunds_tally() returns trigger language plpgsql as $$
declare
  changes sale_change[];
begin
  if tg_op = 'INSERT' then
    select refund_changes(array_agg(n.id), array_agg(n.purchase_id), array_agg(n.created_at), array_agg(n.amount_in_cents::bigint))
      into changes from new_rows n where n.state = 'succeeded';
  elsif tg_op = 'DELETE' then
    select refund_changes(array_agg(o.id), array_agg(o.purchase_id), array_agg(o.created_at), array_agg(-o.amount_in_cents::bigint))
      into changes from old_rows o where o.state = 'succeeded';
  else
    select refund_changes(array_agg(c.id), array_agg(c.purchase_id), array_agg(c.created_at), array_agg(c.amount))
      into changes from (
        select id, purchase_id, created_at, amount_in_cents::bigint as amount from new_rows where state = 'succeeded'
        union all
        select id, purchase_id, created_at, -amount_in_cents::bigint from old_rows where state = 'succeeded') c;
  end if;
  perform tally_sales(changes);
  return null;
end $$;
create trigger refunds_tally_inserted after insert on refunds
  referencing new table as new_rows for each statement execute function refunds_tally();
create trigger refunds_tally_updated after update on refunds
  referencing old table as old_rows new table as new_rows for each statement execute function refunds_tally();
create trigger refunds_tally_deleted after delete on refunds
  referencing old table as old_rows for each statement execute function refunds_tally();

-- What is there already.
select tally_sales(array(select purchase_change(p, 1) from purchases p));
select tally_sales(array(
  select row(p.user_id, p.product_id, r.created_at, 0, 0, 0::bigint, r.amount_in_cents::bigint)::sale_change
    from refunds r join purchases p on p.id = r.purchase_id where r.state = 'succeeded'));

-- For tests, and for whoever doubts: whether the sums are what the rows add up to.
create function sales_tallies_hold() returns boolean language sql stable as $$
  with money as (
    select p.user_id, p.product_id, p.created_at as at, 1 as purchases, (p.refunded_at is null)::int as live,
           p.price_paid_in_cents::bigint as paid, 0::bigint as refunded from purchases p
    union all
    select p.user_id, p.product_id, r.created_at, 0, 0, 0, r.amount_in_cents
      from refunds r join purchases p on p.id = r.purchase_id where r.state = 'succeeded'),
  by_product as (select product_id, sum(purchases) as n, sum(live) as l, sum(paid) as p, sum(refunded) as r from money group by 1),
  by_buyer as (select user_id, sum(purchases) as n, sum(live) as l, sum(paid) as p, sum(refunded) as r from money group by 1),
  by_quarter as (select date_bin('15 minutes', at, 'epoch') as at, sum(purchases) as n, sum(paid) as p, sum(refunded) as r
                   from money group by 1)
  select not exists (
           select from by_product b full join product_sales s using (product_id)
            where (coalesce(b.n, 0), coalesce(b.l, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.live, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
     and not exists (
           select from by_buyer b full join buyer_sales s using (user_id)
            where (coalesce(b.n, 0), coalesce(b.l, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.live, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
     and not exists (
           select from by_quarter b full join sales_quarters s using (at)
            where (coalesce(b.n, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
$$;

do $$
declare t text;
begin
  foreach t in array array['sales_quarters', 'product_sales', 'buyer_sales'] loop
    execute format('create trigger %I before update on %I for each row execute function touch_updated_at()', t || '_touch', t);
  end loop;
end $$;
