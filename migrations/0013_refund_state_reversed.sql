-- A chargeback that no longer counts is `reversed`: the bank returned the money, or it was refunded separately. Until now such a row was
-- `failed`, as if a refund had been attempted.
--
-- The value has a migration of its own because PostgreSQL refuses to use an enum value in the transaction that adds it.
alter type refund_state add value 'reversed';
