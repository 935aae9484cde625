-- The school: who is there, what is sold, what is taught, what was bought.
--
-- Rules that money or a promise depends on are written here, as constraints and triggers with names, and not only in the
-- program: a second server, a repair by hand in psql and a future importer all meet the same law. The program turns the
-- names into sentences (`error::on_constraint`).
--
-- Ids are `gen_random_uuid()` unless the program brings a v7. Times are `timestamptz`. Statuses are enums, so that a typing
-- error is an error. Lengths are checked where a stranger can type.

create type user_role as enum ('user', 'admin');
create type product_status as enum ('public', 'private');
create type section_status as enum ('public', 'private');
create type lesson_status as enum ('public', 'private', 'preview');

create function touch_updated_at() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end $$;

-- The school itself -------------------------------------------------------------------------------------------------------

-- One row. The constant key makes a second one impossible.
create table school (
  id boolean primary key default true constraint school_only_one check (id),
  name text not null default 'Lectern' constraint school_name_length check (length(name) between 1 and 80),
  tagline text not null default 'Courses, taught well.' constraint school_tagline_length check (length(tagline) <= 200),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
insert into school default values;

-- Who is there ------------------------------------------------------------------------------------------------------------

-- `clerk_user_id` is the identity provider's subject. Local accounts have one too (`local_` + a UUID), so that every caller
-- looks people up in one way.
create table users (
  id uuid primary key default gen_random_uuid(),
  clerk_user_id text not null constraint users_clerk_user_id_key unique,
  email text not null constraint users_email_length check (length(email) between 3 and 254),
  name text not null constraint users_name_length check (length(name) between 1 and 100),
  role user_role not null default 'user',
  image_url text constraint users_image_url_length check (length(image_url) <= 2000),
  deleted_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- A tombstone holds no power.
  constraint users_deleted_is_no_admin check (deleted_at is null or role = 'user')
);
-- One living person per address, whatever its case. The tombstones of deleted people do not count.
create unique index users_email_key on users (lower(email)) where deleted_at is null;

-- The password of a local account, as an argon2id PHC string.
create table local_credentials (
  user_id uuid primary key references users on delete cascade,
  password_hash text not null constraint local_credentials_is_argon2id check (password_hash like '$argon2id$%'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Sessions of local accounts. The cookie holds 32 random bytes; only their SHA-256 is here, so that a copy of this table
-- signs nobody in.
create table sessions (
  token_hash bytea primary key constraint sessions_token_hash_is_sha256 check (length(token_hash) = 32),
  user_id uuid not null references users on delete cascade,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index sessions_user_id_idx on sessions (user_id);
create index sessions_expires_at_idx on sessions (expires_at);

-- What is taught ----------------------------------------------------------------------------------------------------------

create table courses (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint courses_name_length check (length(name) between 1 and 200),
  description text not null constraint courses_description_length check (length(description) <= 20000),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Orders are unique within the parent. Deferrable, so that a whole new order can be written inside one transaction; also the
-- index behind "the sections of a course".
create table course_sections (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint course_sections_name_length check (length(name) between 1 and 200),
  status section_status not null default 'private',
  "order" integer not null,
  course_id uuid not null references courses on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint course_sections_order_key unique (course_id, "order") deferrable initially immediate
);

create table lessons (
  id uuid primary key default gen_random_uuid(),
  name text not null constraint lessons_name_length check (length(name) between 1 and 200),
  description text constraint lessons_description_length check (length(description) <= 50000),
  youtube_video_id text not null constraint lessons_youtube_video_id_form check (youtube_video_id ~ '^[A-Za-z0-9_-]{11}$'),
  "order" integer not null,
  status lesson_status not null default 'private',
  section_id uuid not null references course_sections on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint lessons_order_key unique (section_id, "order") deferrable initially immediate
);

-- What is sold ------------------------------------------------------------------------------------------------------------

-- Prices are whole US dollars. The upper end is Stripe's own: 999,999.99 in the currency.
create table products (
  id uuid primary key default gen_random_uuid(),
  slug text not null constraint products_slug_key unique
    constraint products_slug_form check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$' and length(slug) <= 100),
  name text not null constraint products_name_length check (length(name) between 1 and 200),
  description text not null constraint products_description_length check (length(description) <= 20000),
  image_url text not null constraint products_image_url_length check (length(image_url) between 1 and 2000),
  price_in_dollars integer not null constraint products_price_range check (price_in_dollars between 0 and 999999),
  status product_status not null default 'private',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- The storefront: public products, newest last, one index read.
create index products_storefront_idx on products (created_at, id) where status = 'public';

create table course_products (
  course_id uuid not null references courses on delete restrict,
  product_id uuid not null references products on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (product_id, course_id)
);
create index course_products_course_id_idx on course_products (course_id);

-- What was bought ---------------------------------------------------------------------------------------------------------

create type attempt_state as enum ('open', 'paid', 'free', 'expired', 'failed');

-- A checkout attempt is a row before Stripe is called. Its id is the idempotency key, `client_reference_id` and metadata of
-- the Checkout Session; what the session is made from is kept here, so that a repeated call is the same call.
create table checkout_attempts (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references users on delete restrict,
  product_id uuid not null references products on delete restrict,
  state attempt_state not null default 'open',
  subtotal_in_cents integer not null constraint checkout_attempts_subtotal_range check (subtotal_in_cents >= 0),
  amount_in_cents integer not null constraint checkout_attempts_amount_range check (amount_in_cents between 0 and subtotal_in_cents),
  discount_name text,
  country text constraint checkout_attempts_country_form check (country ~ '^[A-Z]{2}$'),
  discount_percent integer constraint checkout_attempts_percent_range check (discount_percent between 0 and 100),
  product_details jsonb not null,
  stripe_session_id text constraint checkout_attempts_stripe_session_id_key unique,
  stripe_session_url text,
  -- The buyer is through, the bank is not yet: `checkout.session.completed` came with `payment_status: unpaid`.
  submitted_at timestamptz,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- One open attempt per buyer, product and amount: two tabs share one Stripe session, and so one payment.
create unique index checkout_attempts_open_key on checkout_attempts (user_id, product_id, amount_in_cents) where state = 'open';
create index checkout_attempts_product_id_idx on checkout_attempts (product_id);

create table purchases (
  id uuid primary key default gen_random_uuid(),
  -- For people: what a receipt is called.
  receipt_number bigint generated always as identity constraint purchases_receipt_number_key unique,
  subtotal_in_cents integer not null constraint purchases_subtotal_range check (subtotal_in_cents >= 0),
  price_paid_in_cents integer not null constraint purchases_price_paid_range check (price_paid_in_cents between 0 and subtotal_in_cents),
  discount_name text,
  product_details jsonb not null constraint purchases_product_details_form
    check (jsonb_typeof(product_details) = 'object' and product_details ?& array['name', 'description', 'image_url']),
  user_id uuid not null references users on delete restrict,
  product_id uuid not null references products on delete restrict,
  attempt_id uuid constraint purchases_attempt_id_key unique references checkout_attempts on delete restrict,
  stripe_session_id text constraint purchases_stripe_session_id_key unique,
  stripe_payment_intent_id text constraint purchases_stripe_payment_intent_id_key unique,
  -- Access pauses while a dispute is open.
  paused_at timestamptz,
  refunded_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  -- What cost money was paid somewhere.
  constraint purchases_paid_has_session check (price_paid_in_cents = 0 or stripe_session_id is not null)
);
-- At most one purchase per user and product that is not refunded. Also the index behind "does this student own it".
create unique index purchases_live_key on purchases (user_id, product_id) where refunded_at is null;
create index purchases_user_id_idx on purchases (user_id, created_at desc, id);
create index purchases_product_id_idx on purchases (product_id);
create index purchases_created_at_idx on purchases (created_at desc, id);

create type refund_state as enum ('pending', 'succeeded', 'failed');

-- Money on its way back. `purchase_id` is empty when the payment never became a purchase (it paid for something owned).
create table refunds (
  id uuid primary key default gen_random_uuid(),
  purchase_id uuid references purchases on delete restrict,
  attempt_id uuid references checkout_attempts on delete restrict,
  amount_in_cents integer not null constraint refunds_amount_range check (amount_in_cents > 0),
  state refund_state not null default 'pending',
  reason text not null default '',
  stripe_payment_intent_id text,
  stripe_refund_id text constraint refunds_stripe_refund_id_key unique,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint refunds_belongs check (purchase_id is not null or attempt_id is not null)
);
create index refunds_purchase_id_idx on refunds (purchase_id);
create index refunds_attempt_id_idx on refunds (attempt_id);
-- A payment that is sent back because its product was already owned is sent back once.
create unique index refunds_of_attempt_key on refunds (attempt_id) where purchase_id is null;

-- Every event Stripe told us, once. The primary key makes a second delivery a no-op.
create table stripe_events (
  id text primary key,
  type text not null,
  occurred_at timestamptz not null,
  payload jsonb not null,
  outcome text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

-- Who may learn what ------------------------------------------------------------------------------------------------------

-- What a purchase contains. Filled when it is made, grows when its product grows, never shrinks.
create table purchase_courses (
  purchase_id uuid not null references purchases on delete cascade,
  course_id uuid not null references courses on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (purchase_id, course_id)
);
create index purchase_courses_course_id_idx on purchase_courses (course_id);

-- Access given by an admin, without a purchase.
create table course_gifts (
  user_id uuid not null references users on delete cascade,
  course_id uuid not null references courses on delete cascade,
  given_by uuid references users on delete set null,
  note text not null default '' constraint course_gifts_note_length check (length(note) <= 500),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, course_id)
);
create index course_gifts_course_id_idx on course_gifts (course_id);
create index course_gifts_given_by_idx on course_gifts (given_by);

-- The union of live purchases and gifts, kept by the triggers below. Nothing else writes here.
create table user_course_access (
  user_id uuid not null references users on delete cascade,
  course_id uuid not null references courses on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, course_id)
);
create index user_course_access_course_id_idx on user_course_access (course_id);

-- Survives refunds and a second purchase: it belongs to the student, not to the purchase.
create table user_lesson_complete (
  user_id uuid not null references users on delete cascade,
  lesson_id uuid not null references lessons on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (user_id, lesson_id)
);
create index user_lesson_complete_lesson_id_idx on user_lesson_complete (lesson_id);

create view course_entitlements as
  select p.user_id, pc.course_id
    from purchases p join purchase_courses pc on pc.purchase_id = p.id
   where p.refunded_at is null and p.paused_at is null
  union
  select user_id, course_id from course_gifts;

-- Rebuilds the access of some users in the caller's transaction. The users are locked first, in order: when two transactions
-- change the same student, the second looks again after the first is done, and neither takes back what the other gave.
create function rebuild_access(who uuid[]) returns void language plpgsql as $$
begin
  perform 1 from users where id = any (who) order by id for no key update;
  delete from user_course_access a
   where a.user_id = any (who)
     and not exists (select 1 from course_entitlements e where e.user_id = a.user_id and e.course_id = a.course_id);
  insert into user_course_access (user_id, course_id)
    select e.user_id, e.course_id from course_entitlements e where e.user_id = any (who)
    on conflict do nothing;
end $$;

-- A purchase remembers what its product contains. The product is locked against a course being added meanwhile, which would
-- otherwise miss this buyer.
create function purchases_remember_courses() returns trigger language plpgsql as $$
begin
  perform 1 from products where id in (select product_id from bought) order by id for share;
  insert into purchase_courses (purchase_id, course_id)
    select b.id, cp.course_id from bought b join course_products cp on cp.product_id = b.product_id
    on conflict do nothing;
  return null;
end $$;
create trigger purchases_remember_courses after insert on purchases
  referencing new table as bought for each statement execute function purchases_remember_courses();

-- A course added to a product reaches its earlier buyers. One taken out stays with them: there is no trigger on delete.
create function course_products_reach_buyers() returns trigger language plpgsql as $$
begin
  perform 1 from products where id in (select product_id from added) order by id for no key update;
  insert into purchase_courses (purchase_id, course_id)
    select p.id, a.course_id from added a join purchases p on p.product_id = a.product_id
    on conflict do nothing;
  return null;
end $$;
create trigger course_products_reach_buyers after insert on course_products
  referencing new table as added for each statement execute function course_products_reach_buyers();

-- Access follows, whichever row changed. One function per table, because a transition table has the shape of its table.
create function purchase_courses_rebuild_access() returns trigger language plpgsql as $$
begin
  perform rebuild_access(array(select distinct p.user_id from changed c join purchases p on p.id = c.purchase_id));
  return null;
end $$;
create trigger purchase_courses_inserted after insert on purchase_courses
  referencing new table as changed for each statement execute function purchase_courses_rebuild_access();
create trigger purchase_courses_deleted after delete on purchase_courses
  referencing old table as changed for each statement execute function purchase_courses_rebuild_access();

create function owners_rebuild_access() returns trigger language plpgsql as $$
begin
  perform rebuild_access(array(select distinct user_id from changed));
  return null;
end $$;
create trigger purchases_updated after update on purchases
  referencing new table as changed for each statement execute function owners_rebuild_access();
create trigger purchases_deleted after delete on purchases
  referencing old table as changed for each statement execute function owners_rebuild_access();
create trigger course_gifts_inserted after insert on course_gifts
  referencing new table as changed for each statement execute function owners_rebuild_access();
create trigger course_gifts_deleted after delete on course_gifts
  referencing old table as changed for each statement execute function owners_rebuild_access();

-- What visitors see is kept in memory by every server; this tells them all when it changed. Students' rows are not among it.
create function tell_catalogue_changed() returns trigger language plpgsql as $$
begin
  perform pg_notify('catalogue_changed', '');
  return null;
end $$;
do $$
declare t text;
begin
  foreach t in array array['school', 'products', 'course_products', 'courses', 'course_sections', 'lessons'] loop
    execute format('create trigger %I after insert or update or delete or truncate on %I
                    for each statement execute function tell_catalogue_changed()', t || '_tell', t);
  end loop;
end $$;

-- `updated_at`, on every table that has one.
do $$
declare t text;
begin
  for t in select table_name from information_schema.columns
            where table_schema = current_schema() and column_name = 'updated_at' loop
    execute format('create trigger %I before update on %I for each row execute function touch_updated_at()', t || '_touch', t);
  end loop;
end $$;
