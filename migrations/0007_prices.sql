-- Prices: what a country pays, and what a code takes off.

-- Purchasing power ------------------------------------------------------------------------------------------------------

-- The settings of all of it. One row; the constant key makes a second one impossible. `version` counts every change of them and
-- of the table below, for two admins who change them at once.
create table pricing (
  id boolean primary key default true constraint pricing_only_one check (id),
  purchasing_power boolean not null default true,
  -- Purchasing power never goes below this, nor above the list price.
  smallest_in_dollars integer not null default 1 constraint pricing_smallest_range check (smallest_in_dollars between 0 and 999999),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
insert into pricing default values;

-- How much less people pay in a country (ISO 3166-1).
create table ppp_countries (
  country text primary key constraint ppp_countries_country_form check (country ~ '^[A-Z]{2}$'),
  percent integer not null constraint ppp_countries_percent_range check (percent between 1 and 99),
  enabled boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Where it begins.
insert into ppp_countries (country, percent) values
  ('AE', 30), ('AF', 50), ('AG', 20), ('AL', 50), ('AM', 50), ('AO', 50), ('AR', 40), ('AT', 20), ('AW', 30), ('AZ', 50),
  ('BA', 50), ('BD', 50), ('BE', 20), ('BF', 50), ('BG', 50), ('BH', 50), ('BI', 50), ('BJ', 50), ('BN', 40), ('BO', 50),
  ('BR', 40), ('BS', 20), ('BT', 50), ('BW', 50), ('BY', 50), ('BZ', 30), ('CD', 50), ('CF', 50), ('CG', 30), ('CI', 50),
  ('CL', 40), ('CM', 50), ('CN', 40), ('CO', 50), ('CR', 40), ('CV', 50), ('CY', 30), ('CZ', 40), ('DE', 20), ('DJ', 40),
  ('DM', 30), ('DO', 50), ('DZ', 50), ('EC', 50), ('EE', 30), ('EG', 50), ('ER', 50), ('ES', 30), ('ET', 50), ('FJ', 50),
  ('FR', 20), ('GA', 40), ('GD', 40), ('GE', 50), ('GH', 50), ('GM', 50), ('GN', 50), ('GQ', 50), ('GR', 40), ('GT', 40),
  ('GW', 50), ('GY', 50), ('HK', 20), ('HN', 50), ('HR', 50), ('HT', 40), ('HU', 50), ('ID', 50), ('IN', 50), ('IQ', 40),
  ('IR', 50), ('IT', 30), ('JM', 40), ('JO', 50), ('JP', 20), ('KE', 50), ('KG', 50), ('KH', 50), ('KI', 20), ('KM', 50),
  ('KN', 40), ('KR', 30), ('KW', 20), ('KZ', 50), ('LA', 50), ('LB', 50), ('LC', 20), ('LK', 50), ('LR', 50), ('LS', 50),
  ('LT', 40), ('LV', 40), ('LY', 50), ('MA', 50), ('MD', 50), ('ME', 50), ('MG', 50), ('MK', 50), ('ML', 50), ('MM', 50),
  ('MN', 50), ('MO', 40), ('MR', 50), ('MT', 30), ('MU', 50), ('MV', 50), ('MW', 50), ('MX', 40), ('MY', 50), ('MZ', 50),
  ('NA', 50), ('NE', 50), ('NG', 50), ('NI', 50), ('NP', 50), ('OM', 30), ('PA', 50), ('PE', 50), ('PG', 20), ('PH', 50),
  ('PK', 50), ('PL', 50), ('PT', 40), ('PY', 50), ('QA', 20), ('RO', 50), ('RS', 50), ('RU', 50), ('RW', 50), ('SA', 40),
  ('SC', 50), ('SD', 50), ('SG', 30), ('SI', 40), ('SK', 40), ('SL', 50), ('SN', 50), ('SO', 50), ('SR', 50), ('ST', 40),
  ('SV', 50), ('SZ', 50), ('TD', 50), ('TG', 50), ('TH', 50), ('TJ', 50), ('TL', 40), ('TM', 40), ('TN', 50), ('TO', 30),
  ('TR', 50), ('TT', 20), ('TW', 50), ('TZ', 50), ('UA', 50), ('UG', 50), ('UY', 20), ('UZ', 50), ('VC', 40), ('VE', 30),
  ('VN', 50), ('WS', 30), ('YE', 50), ('ZA', 50), ('ZM', 50), ('ZW', 30);

-- A product may cost the same everywhere.
alter table products add column purchasing_power boolean not null default true;

-- Visitors' pages show prices.
create trigger pricing_tell after insert or update or delete or truncate on pricing
  for each statement execute function tell_catalogue_changed();
create trigger ppp_countries_tell after insert or update or delete or truncate on ppp_countries
  for each statement execute function tell_catalogue_changed();

-- Coupons ---------------------------------------------------------------------------------------------------------------

create table coupons (
  id uuid primary key default gen_random_uuid(),
  code text not null
    constraint coupons_code_form check (code ~ '^[A-Z0-9]([A-Z0-9_-]{1,38})[A-Z0-9]$'),
  -- What the buyer reads, on the receipt too.
  name text not null constraint coupons_name_length check (length(name) between 1 and 80),
  percent integer constraint coupons_percent_range check (percent between 1 and 100),
  dollars integer constraint coupons_dollars_range check (dollars between 1 and 999999),
  -- When not, for those in `coupon_products`: a product that goes must not open the code to all others.
  every_product boolean not null,
  expires_at timestamptz,
  max_redemptions integer constraint coupons_max_redemptions_range check (max_redemptions > 0),
  max_per_student integer constraint coupons_max_per_student_range check (max_per_student > 0),
  active boolean not null default true,
  -- How many are being paid with it, and how many were. Only the trigger on `coupon_redemptions` writes these two.
  held integer not null default 0 constraint coupons_held_range check (held >= 0),
  redeemed integer not null default 0 constraint coupons_redeemed_range check (redeemed >= 0),
  version bigint not null default 1,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint coupons_one_kind check (num_nonnulls(percent, dollars) = 1)
);
-- A code is one whatever its case. An index of an expression is no key that others could refer to: so another code is no change that
-- whoever begins to pay with the coupon would have to wait for.
create unique index coupons_code_key on coupons (upper(code));
create index coupons_newest_idx on coupons (created_at desc, id desc);

-- As products do.
alter function products_count_versions() rename to count_versions;
-- What an admin writes; being used is no change of it.
create trigger coupons_count_versions
  before update of code, name, percent, dollars, every_product, expires_at, max_redemptions, max_per_student, active on coupons
  for each row execute function count_versions();
create trigger pricing_count_versions before update on pricing for each row execute function count_versions();

create table coupon_products (
  coupon_id uuid not null references coupons on delete cascade,
  product_id uuid not null references products on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (coupon_id, product_id)
);
create index coupon_products_product_id_idx on coupon_products (product_id);

-- An attempt remembers by which coupon its price came about. One open attempt per buyer, product, price and reason for it.
alter table checkout_attempts add column coupon_id uuid references coupons on delete restrict;
create index checkout_attempts_coupon_id_idx on checkout_attempts (coupon_id) where coupon_id is not null;
drop index checkout_attempts_open_key;
create unique index checkout_attempts_open_key on checkout_attempts
  (user_id, product_id, amount_in_cents, subtotal_in_cents, coalesce(discount_name, ''),
   coalesce(coupon_id, '00000000-0000-0000-0000-000000000000'))
  where state = 'open';

create type redemption_state as enum ('held', 'redeemed', 'released');

-- One use of a coupon: held while its attempt may be paid, then redeemed by a purchase or released. A student has one held for a
-- product, by the newest attempt for it: only one of them can become a purchase that stays.
create table coupon_redemptions (
  id uuid primary key default gen_random_uuid(),
  coupon_id uuid not null references coupons on delete restrict,
  user_id uuid not null references users on delete restrict,
  product_id uuid not null references products on delete cascade,
  attempt_id uuid not null constraint coupon_redemptions_attempt_id_key unique references checkout_attempts on delete cascade,
  state redemption_state not null default 'held',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index coupon_redemptions_held_key on coupon_redemptions (coupon_id, user_id, product_id) where state = 'held';
create index coupon_redemptions_student_idx on coupon_redemptions (coupon_id, user_id) where state <> 'released';
create index coupon_redemptions_user_id_idx on coupon_redemptions (user_id);
create index coupon_redemptions_product_id_idx on coupon_redemptions (product_id);
create index coupon_redemptions_holding_idx on coupon_redemptions (attempt_id) where state = 'held';

-- Counts, and refuses one too many. The coupon's row is locked by the count, so that two who take the last one see each other. What
-- was paid late is honoured: only a new hold is refused.
create function coupon_redemptions_count() returns trigger language plpgsql as $$
declare
  held_now integer := 0;
  redeemed_now integer := 0;
  c coupons;
begin
  if tg_op <> 'DELETE' then
    held_now := held_now + (new.state = 'held')::int;
    redeemed_now := redeemed_now + (new.state = 'redeemed')::int;
  end if;
  if tg_op <> 'INSERT' then
    held_now := held_now - (old.state = 'held')::int;
    redeemed_now := redeemed_now - (old.state = 'redeemed')::int;
  end if;
  if held_now = 0 and redeemed_now = 0 then
    return null;
  end if;
  update coupons set held = held + held_now, redeemed = redeemed + redeemed_now
   where id = case when tg_op = 'DELETE' then old.coupon_id else new.coupon_id end
   returning * into c;
  if tg_op = 'INSERT' and new.state = 'held' then
    if c.held + c.redeemed > c.max_redemptions then
      raise exception 'the coupon is used up' using errcode = 'check_violation', constraint = 'coupons_within_limit';
    end if;
    if (select count(*) from coupon_redemptions
         where coupon_id = new.coupon_id and user_id = new.user_id and state <> 'released') > c.max_per_student then
      raise exception 'the student used the coupon up' using errcode = 'check_violation', constraint = 'coupons_within_student_limit';
    end if;
  end if;
  return null;
end $$;
create trigger coupon_redemptions_count after insert or update of state or delete on coupon_redemptions
  for each row execute function coupon_redemptions_count();

-- An attempt that ends without a purchase lets its coupon go.
create function attempts_release_coupons() returns trigger language plpgsql as $$
begin
  update coupon_redemptions set state = 'released' where attempt_id = new.id and state = 'held';
  return null;
end $$;
create trigger attempts_release_coupons after update of state on checkout_attempts for each row
  when (new.coupon_id is not null and old.state = 'open' and new.state <> 'open')
  execute function attempts_release_coupons();

-- A purchase redeems the coupon of its attempt, however late it comes, and whatever became of the hold.
create function purchases_redeem_coupons() returns trigger language plpgsql as $$
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
  -- A newer attempt for the same took the hold over.
  update coupon_redemptions set state = 'redeemed', attempt_id = a.id
   where coupon_id = a.coupon_id and user_id = a.user_id and product_id = a.product_id and state = 'held';
  if not found then
    insert into coupon_redemptions (coupon_id, user_id, product_id, attempt_id, state)
      values (a.coupon_id, a.user_id, a.product_id, a.id, 'redeemed');
  end if;
  return null;
end $$;
create trigger purchases_redeem_coupons after insert on purchases
  for each row when (new.attempt_id is not null) execute function purchases_redeem_coupons();

-- The country that was priced for, and that of the card ---------------------------------------------------------------------

-- `country` is there when the price was made for it. Stripe says of which country the card is; `card_asked_at` is when it said so.
alter table purchases
  add column country text constraint purchases_country_form check (country ~ '^[A-Z]{2}$'),
  add column discount_percent integer constraint purchases_percent_range check (discount_percent between 0 and 100),
  add column card_country text constraint purchases_card_country_form check (card_country ~ '^[A-Z]{2}$'),
  add column card_asked_at timestamptz,
  add column country_differs boolean not null generated always as (coalesce(country <> card_country, false)) stored;

-- What was bought before has it in its attempt. It changes nobody's access and no sum, so nothing has to follow it.
alter table purchases disable trigger user;
update purchases p set country = a.country, discount_percent = a.discount_percent
  from checkout_attempts a where a.id = p.attempt_id and (a.country is not null or a.discount_percent is not null);
alter table purchases enable trigger user;

-- Sales whose card is still to be asked for.
create index purchases_card_due_idx on purchases (created_at)
  where country is not null and card_asked_at is null and stripe_payment_intent_id is not null;
-- Sales that an admin should look at, newest first.
create index purchases_country_differs_idx on purchases (created_at desc, id desc) where country_differs;

do $$
declare t text;
begin
  foreach t in array array['pricing', 'ppp_countries', 'coupons', 'coupon_products', 'coupon_redemptions'] loop
    execute format('create trigger %I before update on %I for each row execute function touch_updated_at()', t || '_touch', t);
  end loop;
end $$;
