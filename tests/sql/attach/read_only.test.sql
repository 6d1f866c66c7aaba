-- A view that PostgreSQL cannot write refuses in our own words.
begin;
select plan(3);

create temporary view without_refusal as
select pg_class.relname
from pg_class
where
    pg_class.relnamespace in ('public'::regnamespace, 'analytics'::regnamespace)
    and pg_class.relkind = 'v'
    and pg_relation_is_updatable(pg_class.oid, true) = 0;

select is_empty('select * from without_refusal', 'every view that counts or joins has the trigger');
select throws_ok(
    'insert into public.payouts default values',
    'PT403', 'This view is read-only.', 'an insert into such a view is forbidden'
);
drop trigger _100_refuse_writing on public.payouts;
select results_eq(
    'select relname from without_refusal', array['payouts'::name],
    'a view without the trigger is found'
);
select * from finish();
rollback;
