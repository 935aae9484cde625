-- What a receipt says of its seller: who by law, when that is not the school's name, and where.
alter table school
  add column seller_name text not null default '' constraint school_seller_name_length check (length(seller_name) <= 200),
  add column seller_address text not null default '' constraint school_seller_address_length check (length(seller_address) <= 1000);
