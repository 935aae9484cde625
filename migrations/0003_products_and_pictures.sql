-- Products as they are written: pictures of their own, addresses that stay good, and two who write at once.

-- Counted up by every change, so that whoever saves says which one they looked at.
alter table products add column version bigint not null default 1;
create function products_count_versions() returns trigger language plpgsql as $$
begin
  new.version := old.version + 1;
  return new;
end $$;
create trigger products_count_versions before update on products for each row execute function products_count_versions();

-- A product may have no picture; then its cover is plain cloth.
alter table products drop constraint products_image_url_length,
  add constraint products_image_url_length check (length(image_url) <= 2000);

-- The back office: newest first.
create index products_newest_idx on products (created_at desc, id desc);

-- Where a product was found before. An address that another product has taken since is that product's.
create table product_slugs (
  slug text primary key,
  product_id uuid not null references products on delete cascade,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index product_slugs_product_id_idx on product_slugs (product_id);
create trigger product_slugs_touch before update on product_slugs for each row execute function touch_updated_at();

create function products_remember_slugs() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' then
    insert into product_slugs (slug, product_id) values (old.slug, new.id)
      on conflict (slug) do update set product_id = excluded.product_id;
  end if;
  delete from product_slugs where slug = new.slug;
  return null;
end $$;
create trigger products_slug_inserted after insert on products for each row execute function products_remember_slugs();
create trigger products_slug_updated after update of slug on products
  for each row when (old.slug <> new.slug) execute function products_remember_slugs();

-- Whether money may still come, or came, for an attempt. A product with one is not deleted. Stripe tells of a payment for three days
-- when we do not answer, and a session may be paid until its end, whatever became of our row; a bank's word may take longer.
create function attempt_may_be_paid(a checkout_attempts) returns boolean language sql stable as $$
  select a.state in ('paid', 'free')
      or a.state = 'open' and a.submitted_at is not null
      or (a.state = 'open' or a.state = 'expired' and a.stripe_session_id is not null) and a.expires_at > now() - interval '7 days'
$$;

-- Pictures: a row for each width that pages ask for. `hash` is that of the file that was chosen, so the same file is stored
-- once. The bytes are compressed already: PostgreSQL need not try.
create table pictures (
  hash text not null constraint pictures_hash_form check (hash ~ '^[0-9a-f]{32}$'),
  width integer not null constraint pictures_width_range check (width between 1 and 12000),
  height integer not null constraint pictures_height_range check (height between 1 and 16383),
  content_type text not null,
  bytes bytea not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (hash, width)
);
alter table pictures alter column bytes set storage external;
create index pictures_updated_at_idx on pictures (updated_at);
create trigger pictures_touch before update on pictures for each row execute function touch_updated_at();

-- Which picture somebody bought with: for the sweep, which takes away those that nobody names. Few rows are in these.
create index purchases_picture_idx on purchases (split_part(product_details ->> 'image_url', '/', 3))
  where product_details ->> 'image_url' like '/pictures/%';
create index checkout_attempts_picture_idx on checkout_attempts (split_part(product_details ->> 'image_url', '/', 3))
  where product_details ->> 'image_url' like '/pictures/%';
