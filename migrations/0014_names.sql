-- Names that say what an object is. No row changes its meaning here: objects are renamed, and functions whose text mentions a renamed
-- object are created anew, because the text of a function is resolved when it runs.
--
-- Triggers of one table and event fire in the order of their names. Two orders change, and neither matters: `updated_at` is now set
-- before a state transition is checked, and an update of a purchase now rebuilds access before it adds to the sums, as an insert and a
-- delete do. Both lock the buyer first.

-- Triggers that every table has -------------------------------------------------------------------------------------------

alter function touch_updated_at() rename to set_updated_at;
alter function tell_catalogue_changed() rename to notify_catalogue_changed;
alter function count_versions() rename to increment_version;
alter function only_legal_moves() rename to enforce_state_transition;
do $$
declare
  r record;
begin
  for r in
    select g.tgname, g.tgrelid::regclass as relation,
           case p.proname when 'set_updated_at' then regexp_replace(g.tgname, '_touch$', '_set_updated_at')
                          when 'notify_catalogue_changed' then regexp_replace(g.tgname, '_tell$', '_notify_catalogue_changed')
                          when 'increment_version' then regexp_replace(g.tgname, '_count_versions$', '_increment_version')
                          when 'enforce_state_transition' then regexp_replace(g.tgname, '_moves$', '_state_transitions')
           end as name
      from pg_trigger g join pg_proc p on p.oid = g.tgfoid join pg_class c on c.oid = g.tgrelid
     where not g.tgisinternal and c.relnamespace = current_schema()::regnamespace
       and p.proname in ('set_updated_at', 'notify_catalogue_changed', 'increment_version', 'enforce_state_transition')
  loop
    execute format('alter trigger %I on %s rename to %I', r.tgname, r.relation, r.name);
  end loop;
end $$;

-- Refuses a change of `state` that is not among the trigger's arguments (`'pending>succeeded'`).
create or replace function enforce_state_transition() returns trigger language plpgsql as $$
begin
  if not (old.state || '>' || new.state) = any (tg_argv) then
    raise exception '% cannot become %', old.state, new.state
      using errcode = 'check_violation', constraint = tg_table_name || '_state_transitions', table = tg_table_name;
  end if;
  return new;
end $$;

alter function audit_log_stays() rename to audit_log_append_only;
alter trigger audit_log_stays on audit_log rename to audit_log_append_only;
create or replace function audit_log_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'the audit log is append-only' using errcode = 'restrict_violation', constraint = 'audit_log_append_only';
end $$;

alter table school rename constraint school_only_one to school_single_row;
alter table pricing rename constraint pricing_only_one to pricing_single_row;
alter table pricing rename column smallest_in_dollars to minimum_in_dollars;
alter table pricing rename constraint pricing_smallest_range to pricing_minimum_range;

-- Products ------------------------------------------------------------------------------------------------------------------

alter function products_remember_slugs() rename to products_record_old_slug;
alter trigger products_slug_inserted on products rename to products_record_old_slug_on_insert;
alter trigger products_slug_updated on products rename to products_record_old_slug_on_update;

-- Access to courses ---------------------------------------------------------------------------------------------------------

-- Rebuilds the access of some users in the caller's transaction. The users are locked first, in order: when two transactions
-- change the same student, the second looks again after the first is done, and neither takes back what the other gave.
create function rebuild_course_access(user_ids uuid[]) returns void language plpgsql as $$
begin
  perform 1 from users where id = any (user_ids) order by id for no key update;
  delete from user_course_access a
   where a.user_id = any (user_ids)
     and not exists (select 1 from course_entitlements e
                      where e.user_id = any (user_ids) and e.user_id = a.user_id and e.course_id = a.course_id);
  insert into user_course_access (user_id, course_id)
    select e.user_id, e.course_id from course_entitlements e where e.user_id = any (user_ids)
    on conflict do nothing;
end $$;

create or replace function purchase_courses_rebuild_access() returns trigger language plpgsql as $$
begin
  perform rebuild_course_access(array(select distinct p.user_id from changed c join purchases p on p.id = c.purchase_id));
  return null;
end $$;

alter function owners_rebuild_access() rename to changed_users_rebuild_access;
create or replace function changed_users_rebuild_access() returns trigger language plpgsql as $$
begin
  perform rebuild_course_access(array(select distinct user_id from changed));
  return null;
end $$;
drop function rebuild_access(uuid[]);

alter function purchases_remember_courses() rename to purchases_copy_product_courses;
alter trigger purchases_remember_courses on purchases rename to purchases_copy_product_courses;
alter function course_products_reach_buyers() rename to course_products_add_to_purchases;
alter trigger course_products_reach_buyers on course_products rename to course_products_add_to_purchases;
alter trigger purchase_courses_inserted on purchase_courses rename to purchase_courses_rebuild_access_on_insert;
alter trigger purchase_courses_deleted on purchase_courses rename to purchase_courses_rebuild_access_on_delete;
alter trigger purchases_updated on purchases rename to purchases_rebuild_access_on_update;
alter trigger purchases_deleted on purchases rename to purchases_rebuild_access_on_delete;
alter trigger course_gifts_inserted on course_gifts rename to course_gifts_rebuild_access_on_insert;
alter trigger course_gifts_deleted on course_gifts rename to course_gifts_rebuild_access_on_delete;

-- Sums of sales -------------------------------------------------------------------------------------------------------------

-- A quarter of an hour, not of a year.
alter table sales_quarters rename to quarter_hour_sales;
alter index sales_quarters_pkey rename to quarter_hour_sales_pkey;
alter trigger sales_quarters_set_updated_at on quarter_hour_sales rename to quarter_hour_sales_set_updated_at;

alter function purchase_change(purchases, integer) rename to sales_change_of_purchase;
alter function refund_changes(uuid[], uuid[], timestamptz[], bigint[]) rename to sales_changes_of_refunds;

-- The buyers are locked first, as `rebuild_course_access` does: whatever else a transaction does to the same people, it waits in one
-- order.
alter function tally_sales(sale_change[]) rename to add_sales_changes;
create or replace function add_sales_changes(changes sale_change[]) returns void language plpgsql as $$
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
  insert into quarter_hour_sales as s (at, purchases, paid_in_cents, refunded_in_cents)
    select date_bin('15 minutes', c.at, 'epoch'), sum(c.purchases), sum(c.paid), sum(c.refunded)
      from unnest(changes) c group by 1 having (sum(c.purchases), sum(c.paid), sum(c.refunded)) <> (0, 0, 0) order by 1
    on conflict (at) do update set purchases = s.purchases + excluded.purchases,
      paid_in_cents = s.paid_in_cents + excluded.paid_in_cents,
      refunded_in_cents = s.refunded_in_cents + excluded.refunded_in_cents;
end $$;

alter function purchases_tally() rename to purchases_update_sales_totals;
create or replace function purchases_update_sales_totals() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    perform add_sales_changes(array(select sales_change_of_purchase(n, 1) from new_rows n));
  elsif tg_op = 'DELETE' then
    perform add_sales_changes(array(select sales_change_of_purchase(o, -1) from old_rows o));
  else
    -- Most updates change none of these columns.
    perform add_sales_changes(array(
      select sales_change_of_purchase(p, sign) from (
        select n::purchases as p, 1 as sign from new_rows n
        union all select o::purchases, -1 from old_rows o) changed
       where (p).id in (
         select n.id from new_rows n join old_rows o using (id)
          where (n.user_id, n.product_id, n.created_at, n.price_paid_in_cents, n.refunded_at is null)
             is distinct from (o.user_id, o.product_id, o.created_at, o.price_paid_in_cents, o.refunded_at is null))));
  end if;
  return null;
end $$;
alter trigger purchases_tally_inserted on purchases rename to purchases_update_sales_totals_on_insert;
alter trigger purchases_tally_updated on purchases rename to purchases_update_sales_totals_on_update;
alter trigger purchases_tally_deleted on purchases rename to purchases_update_sales_totals_on_delete;

alter function refunds_tally() rename to refunds_update_sales_totals;
create or replace function refunds_update_sales_totals() returns trigger language plpgsql as $$
declare
  changes sale_change[];
begin
  if tg_op = 'INSERT' then
    select sales_changes_of_refunds(array_agg(n.id), array_agg(n.purchase_id), array_agg(n.created_at), array_agg(n.amount_in_cents::bigint))
      into changes from new_rows n where n.state = 'succeeded';
  elsif tg_op = 'DELETE' then
    select sales_changes_of_refunds(array_agg(o.id), array_agg(o.purchase_id), array_agg(o.created_at), array_agg(-o.amount_in_cents::bigint))
      into changes from old_rows o where o.state = 'succeeded';
  else
    select sales_changes_of_refunds(array_agg(c.id), array_agg(c.purchase_id), array_agg(c.created_at), array_agg(c.amount))
      into changes from (
        select id, purchase_id, created_at, amount_in_cents::bigint as amount from new_rows where state = 'succeeded'
        union all
        select id, purchase_id, created_at, -amount_in_cents::bigint from old_rows where state = 'succeeded') c;
  end if;
  perform add_sales_changes(changes);
  return null;
end $$;
alter trigger refunds_tally_inserted on refunds rename to refunds_update_sales_totals_on_insert;
alter trigger refunds_tally_updated on refunds rename to refunds_update_sales_totals_on_update;
alter trigger refunds_tally_deleted on refunds rename to refunds_update_sales_totals_on_delete;

alter function purchases_follow_refunds() rename to refunds_update_purchase_totals;
alter trigger purchases_follow_refunds_inserted on refunds rename to refunds_update_purchase_totals_on_insert;
alter trigger purchases_follow_refunds_updated on refunds rename to refunds_update_purchase_totals_on_update;
alter trigger purchases_follow_refunds_deleted on refunds rename to refunds_update_purchase_totals_on_delete;
-- Served the migration that introduced the sums.
drop function recount_refunds();

-- For tests and operators: whether every stored sum equals what its rows add up to, the two of each purchase as well.
drop function sales_tallies_hold();
drop function sales_sums_hold();
create function sales_totals_are_consistent() returns boolean language sql stable as $$
  with money as (
    select p.user_id, p.product_id, p.created_at as at, 1 as purchases, (p.refunded_at is null)::int as live,
           p.price_paid_in_cents::bigint as paid, 0::bigint as refunded from purchases p
    union all
    select p.user_id, p.product_id, r.created_at, 0, 0, 0, r.amount_in_cents
      from refunds r join purchases p on p.id = r.purchase_id where r.state = 'succeeded'),
  by_product as (select product_id, sum(purchases) as n, sum(live) as l, sum(paid) as p, sum(refunded) as r from money group by 1),
  by_buyer as (select user_id, sum(purchases) as n, sum(live) as l, sum(paid) as p, sum(refunded) as r from money group by 1),
  by_quarter_hour as (
    select date_bin('15 minutes', at, 'epoch') as at, sum(purchases) as n, sum(paid) as p, sum(refunded) as r from money group by 1)
  select not exists (
           select from by_product b full join product_sales s using (product_id)
            where (coalesce(b.n, 0), coalesce(b.l, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.live, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
     and not exists (
           select from by_buyer b full join buyer_sales s using (user_id)
            where (coalesce(b.n, 0), coalesce(b.l, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.live, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
     and not exists (
           select from by_quarter_hour b full join quarter_hour_sales s using (at)
            where (coalesce(b.n, 0), coalesce(b.p, 0), coalesce(b.r, 0))
               <> (coalesce(s.purchases, 0), coalesce(s.paid_in_cents, 0), coalesce(s.refunded_in_cents, 0)))
     and not exists (
           select from purchases p left join lateral (
             select coalesce(sum(amount_in_cents) filter (where state = 'succeeded'), 0) as refunded,
                    coalesce(sum(amount_in_cents) filter (where state = 'pending'), 0) as refunding
               from refunds where purchase_id = p.id) r on true
            where (p.refunded_in_cents, p.refunding_in_cents) <> (r.refunded, r.refunding))
$$;

-- Purchases, refunds, reconciliation ----------------------------------------------------------------------------------------

-- Recomputes a purchase from its refunds and disputes: it pauses while a dispute is open; it ends when everything was refunded or a
-- dispute was lost. `money_returned`: a refund failed or a lost dispute was won, so a purchase that had ended becomes live again, unless
-- the buyer has bought the product anew meanwhile. Returns whether the purchase has ended. The caller holds the purchase's row lock.
create function recompute_purchase_status(purchase uuid, money_returned boolean) returns boolean language plpgsql as $$
declare
  p purchases;
  disputed boolean;
  ended boolean;
  pauses timestamptz;
  ends timestamptz;
begin
  select * into strict p from purchases where id = purchase;
  select coalesce(bool_or(state = 'open'), false), coalesce(bool_or(state = 'lost'), false) into disputed, ended
    from disputes where purchase_id = purchase;
  ended := ended or (p.price_paid_in_cents > 0 and p.refunded_in_cents = p.price_paid_in_cents);
  pauses := case when disputed then coalesce(p.paused_at, now()) end;
  ends := case when ended then coalesce(p.refunded_at, now())
               when money_returned
                    and not exists (select from purchases o where o.user_id = p.user_id and o.product_id = p.product_id
                                       and o.refunded_at is null and o.id <> purchase) then null
               else p.refunded_at end;
  if (pauses, ends) is distinct from (p.paused_at, p.refunded_at) then
    update purchases set paused_at = pauses, refunded_at = ends where id = purchase;
  end if;
  return ends is not null;
end $$;
drop function settle_purchase(uuid, boolean);

alter table purchases rename column card_asked_at to card_checked_at;
alter index purchases_card_due_idx rename to purchases_card_check_idx;

-- The server sends an unusable payment back without anybody's order.
alter type refund_origin rename value 'school' to 'automatic';
alter table refunds rename column beside to original_purchase_id;
alter table refunds rename constraint refunds_beside_fkey to refunds_original_purchase_id_fkey;
alter table refunds rename constraint refunds_belongs to refunds_has_purchase_or_attempt;
alter table refunds rename constraint refunds_dispute_has_one to refunds_dispute_id_with_origin;
alter index refunds_beside_idx rename to refunds_original_purchase_id_idx;
alter index refunds_of_attempt_key rename to refunds_automatic_of_attempt_key;
alter index refunds_stray_idx rename to refunds_unmatched_idx;
alter index stripe_events_object_idx rename to stripe_events_object_id_idx;

alter table reconcile_marks rename to reconcile_cursors;
alter index reconcile_marks_pkey rename to reconcile_cursors_pkey;
alter trigger reconcile_marks_set_updated_at on reconcile_cursors rename to reconcile_cursors_set_updated_at;
alter table reconcile_cursors rename column seen_until to read_until;

-- Coupons -------------------------------------------------------------------------------------------------------------------

alter type redemption_state rename value 'held' to 'reserved';
alter table coupons rename column held to reserved;
alter table coupons rename constraint coupons_held_range to coupons_reserved_range;
alter index coupon_redemptions_held_key rename to coupon_redemptions_reserved_key;
alter index coupon_redemptions_holding_idx rename to coupon_redemptions_reserved_attempt_idx;

-- Counts the uses of a coupon, and refuses one too many. The coupon's row is locked by the count, so that two students who take the last
-- use see each other. What was paid late is honoured: only a new reservation is refused.
alter function coupon_redemptions_count() rename to coupon_redemptions_update_totals;
alter trigger coupon_redemptions_count on coupon_redemptions rename to coupon_redemptions_update_totals;
create or replace function coupon_redemptions_update_totals() returns trigger language plpgsql as $$
declare
  reserved_now integer := 0;
  redeemed_now integer := 0;
  c coupons;
begin
  if tg_op <> 'DELETE' then
    reserved_now := reserved_now + (new.state = 'reserved')::int;
    redeemed_now := redeemed_now + (new.state = 'redeemed')::int;
  end if;
  if tg_op <> 'INSERT' then
    reserved_now := reserved_now - (old.state = 'reserved')::int;
    redeemed_now := redeemed_now - (old.state = 'redeemed')::int;
  end if;
  if reserved_now = 0 and redeemed_now = 0 then
    return null;
  end if;
  update coupons set reserved = reserved + reserved_now, redeemed = redeemed + redeemed_now
   where id = case when tg_op = 'DELETE' then old.coupon_id else new.coupon_id end
   returning * into c;
  if tg_op = 'INSERT' and new.state = 'reserved' then
    if c.reserved + c.redeemed > c.max_redemptions then
      raise exception 'the coupon is used up' using errcode = 'check_violation', constraint = 'coupons_within_limit';
    end if;
    if (select count(*) from coupon_redemptions
         where coupon_id = new.coupon_id and user_id = new.user_id and state <> 'released') > c.max_per_student then
      raise exception 'the student used the coupon up' using errcode = 'check_violation', constraint = 'coupons_within_student_limit';
    end if;
  end if;
  return null;
end $$;

-- An attempt that ends without a purchase releases its coupon.
alter function attempts_release_coupons() rename to checkout_attempts_release_coupon;
alter trigger attempts_release_coupons on checkout_attempts rename to checkout_attempts_release_coupon;
create or replace function checkout_attempts_release_coupon() returns trigger language plpgsql as $$
begin
  update coupon_redemptions set state = 'released' where attempt_id = new.id and state = 'reserved';
  return null;
end $$;

-- A purchase redeems the coupon of its attempt, however late it comes, and whatever became of the reservation.
alter function purchases_redeem_coupons() rename to purchases_redeem_coupon;
alter trigger purchases_redeem_coupons on purchases rename to purchases_redeem_coupon;
create or replace function purchases_redeem_coupon() returns trigger language plpgsql as $$
declare
  a checkout_attempts;
begin
  select * into a from checkout_attempts where id = new.attempt_id;
  if a.coupon_id is null then
    return null;
  end if;
  update coupon_redemptions set state = 'redeemed' where attempt_id = a.id;
  if found then
    return null;
  end if;
  -- A newer attempt for the same product took the reservation over.
  update coupon_redemptions set state = 'redeemed', attempt_id = a.id
   where coupon_id = a.coupon_id and user_id = a.user_id and product_id = a.product_id and state = 'reserved';
  if not found then
    insert into coupon_redemptions (coupon_id, user_id, product_id, attempt_id, state)
      values (a.coupon_id, a.user_id, a.product_id, a.id, 'redeemed');
  end if;
  return null;
end $$;

-- Mail, Clerk, rate limits --------------------------------------------------------------------------------------------------

-- `related_id` is the row that a mail is about. `stored_only`: no mail server was configured, so the mail stayed here.
alter table mails rename column letter to body;
alter table mails rename column about to related_id;
alter table mails rename column kept to stored_only;
alter table mails rename column trouble to error;
alter table mails rename constraint mails_sent_when_sent to mails_sent_at_with_state;
alter index mails_once_key rename to mails_kind_related_id_user_id_key;

alter table clerk_accounts rename column as_of to clerk_updated_at;
alter table clerk_accounts rename column told_role to synced_role;
alter table clerk_accounts rename column tell_at to sync_at;
alter table clerk_accounts rename column tell_tries to sync_attempts;
alter index clerk_accounts_to_tell_idx rename to clerk_accounts_sync_at_idx;

alter table rate_limits rename column door to bucket;
alter table rate_limits rename column let_in to allowed;
alter table rate_limits rename constraint rate_limits_door_length to rate_limits_bucket_length;

-- PostgreSQL 18 names the not-null constraints of a table, and keeps their names when it is renamed.
do $$
declare
  r record;
begin
  for r in
    select c.conrelid::regclass as relation, c.conname, n.new || substr(c.conname, length(n.old) + 1) as name
      from pg_constraint c join (values ('reconcile_marks', 'reconcile_cursors'), ('sales_quarters', 'quarter_hour_sales')) as n (old, new)
             on c.conrelid = n.new::regclass and c.conname like n.old || '\_%'
  loop
    execute format('alter table %s rename constraint %I to %I', r.relation, r.conname, r.name);
  end loop;
end $$;
