-- The feed of events: a reader goes on from its cursor, and a cursor of another history is refused.
select plan(8);

begin;
select tests.person('owner');
select tests.person('mia');
select tests.business('Salon', 'owner');
commit;
delete from integrations.events;

/* Write an event of the salon. */
create function pg_temp.happen(number integer)
returns void
language sql
as $$
insert into integrations.events (id, business_id, type, subject_id, body)
values (
    gen_random_uuid(), tests.id('Salon'), 'booking.confirmed', gen_random_uuid(),
    jsonb_build_object('number', number)
);
$$;

/* The numbers of the events in an answer. */
create function pg_temp.numbers(answer jsonb)
returns text
language sql
as $$
select string_agg(event ->> 'number', ' ' order by position)
from jsonb_array_elements(answer -> 'events') with ordinality as listed (event, position);
$$;

create temporary table page (answer jsonb);
grant all on page to public;

select pg_temp.happen(1), pg_temp.happen(2);
select pg_temp.happen(3);

begin;
select tests.act_as('owner');
insert into page select public.read_events(tests.id('Salon')::text, null, '2');
select is(pg_temp.numbers(answer), '1 2', 'the oldest events come first') from page;
select is(answer -> 'more', 'true', 'there is more') from page;
update page set answer = public.read_events(tests.id('Salon')::text, answer ->> 'cursor');
select is(pg_temp.numbers(answer), '3', 'a reader goes on from its cursor') from page;
commit;

begin;
select pg_temp.happen(4);
select tests.act_as('owner');
select is(
    pg_temp.numbers(public.read_events(tests.id('Salon')::text, answer ->> 'cursor')), null,
    'what is not committed is not told'
) from page;
commit;
begin;
select tests.act_as('owner');
select is(
    pg_temp.numbers(public.read_events(tests.id('Salon')::text, answer ->> 'cursor')), '4',
    'and afterwards it is'
) from page;
select throws_ok(
    $$ select public.read_events(tests.id('Salon')::text, '1' || (answer ->> 'cursor')) from page $$,
    'PT409', null, 'a cursor of another cluster is refused'
);
select throws_ok(
    $$ select public.read_events(tests.id('Salon')::text, 'nonsense') $$,
    'PT400', 'cursor must be one that read_events returned.', 'as is what is no cursor'
);
select tests.act_as('mia');
select throws_ok(
    $$ select public.read_events(tests.id('Salon')::text) $$,
    'PT403', null, 'a customer reads no events'
);
commit;

select * from finish();
