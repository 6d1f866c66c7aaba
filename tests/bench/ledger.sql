-- Transactions of four entries, all on one account; the parameters are the first and the last number.
with numbers as (
    select generate_series(%(first)s::bigint, %(last)s::bigint) as number
), headers as (
    insert into money.transactions (number, cause_kind, cause_id, at, booked_on, xact)
    select number, 'bench', gen_random_uuid(), now(), current_date, pg_current_xact_id()
    from numbers
)
insert into money.entries (number, position, account_id, amount_minor)
select number, position, money.account_id('provider', 'EUR', null, 'large', null), (-1) ^ position
from numbers
cross join generate_series(1, 4) as position;
