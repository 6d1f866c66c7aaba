-- What things cost before: each price is noted, and the lowest of 30 days is known.
begin;
select plan(14);

select tests.at('2031-01-01 08:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.person('customer');
select tests.business('Salon', 'owner');
select tests.business('Spa', 'rival');
select tests.service('Cut', 'Salon', 60, 5000);

create function tests.lowest() returns text
language sql stable
as $$
    select concat_ws(' ', unit_minor, lowest_minor) from public.lowest_prices
    where service_id = tests.id('Cut') and price_list_id is null
$$;
create function tests.price(minor bigint) returns void
language sql volatile
as $$ update public.services set price_minor = minor where id = tests.id('Cut') $$;
grant execute on all functions in schema tests to anon, authenticated;

select tests.act_as('owner');
select is(tests.lowest(), '5000', 'the first price has none before it');
select tests.at('2031-02-01 08:00Z');
select tests.price(4000);
select is(tests.lowest(), '4000 5000', 'a reduced price stands beside the one before');
select tests.at('2031-02-10 08:00Z');
select tests.price(6000);
select tests.at('2031-02-20 08:00Z');
select tests.price(5500);
select is(tests.lowest(), '5500 4000', 'and later beside the lowest of the 30 days before');
select tests.at('2031-04-01 08:00Z');
select tests.price(5200);
select is(tests.lowest(), '5200 5500', 'older prices do not count');
select tests.price(5000);
select tests.price(4900);
select is(tests.lowest(), '4900 5500', 'nor those that nobody could pay');
update public.services set name = 'Haircut' where id = tests.id('Cut');
select is(
    (select count(*) from public.price_history where service_id = tests.id('Cut')), 7::bigint,
    'what is no price is not noted'
);

-- Lists
insert into public.price_lists (id, business_id, name, currency)
values (tests.named('Dollars'), tests.id('Salon'), 'Dollars', 'USD');
insert into public.price_list_items (business_id, price_list_id, service_id, unit_minor)
values (tests.id('Salon'), tests.id('Dollars'), tests.id('Cut'), 6000);
update public.price_list_items set unit_minor = 5800;
delete from public.price_list_items;
select results_eq(
    $$ select currency, unit_minor from public.price_history
       where price_list_id = tests.id('Dollars') order by id $$,
    $$ values ('USD', 6000::bigint), ('USD', 5800::bigint), ('USD', null::bigint) $$,
    'the prices of a list are noted, and that there is none any more'
);
select is_empty(
    $$ select unit_minor from public.lowest_prices where price_list_id = tests.id('Dollars') $$,
    'what has no price now is not in the view of prices'
);
select throws_ok(
    $$ update public.price_history set unit_minor = 1 $$, '42501', null, 'nobody rewrites the history'
);

-- Who reads it
select tests.act_as_anon();
select is(tests.lowest(), '4900 5500', 'everybody reads the prices of the catalog');
select is_empty(
    $$ select id from public.price_history where price_list_id is not null $$, 'and none of a list'
);
select tests.act_as('rival');
select is_empty(
    $$ select id from public.price_history where price_list_id is not null $$,
    'another business reads none of a list either'
);
select tests.act_as('owner');
update public.services set archived_at = private.now() where id = tests.id('Cut');
select tests.act_as_anon();
select is_empty($$ select id from public.price_history $$, 'what is not in the catalog has no public history');
select tests.act_as('owner');
select lives_ok(
    $$ delete from public.price_lists where id = tests.id('Dollars') $$, 'a list is deleted with its history'
);

select * from finish();
rollback;
