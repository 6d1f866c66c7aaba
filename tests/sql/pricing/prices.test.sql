-- Price lists and rules: who pays what, where, when and for how many.
begin;
select plan(44);

-- Given a salon in Berlin, a rival, a regular, a member and a stranger, on a Thursday
select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.person('regular');
select tests.person('stranger');
select tests.business('Salon', 'owner', 'Europe/Berlin');
select tests.business('Spa', 'rival');
select tests.resource('Ann', 'Salon');
select tests.resource('Bob', 'Salon');
update catalog.resources set staff_level = 'senior' where id = tests.id('Ann');
select tests.hours('Salon', '06:00', '22:00');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.service('Wash', 'Salon', 30, 333);
select tests.service('Bath', 'Spa', 60, 9000);
select tests.takes('Cut', 'Ann');
select tests.takes('Cut', 'Bob');
update catalog.services set max_party_size = 20 where id in (tests.id('Cut'), tests.id('Wash'));
insert into catalog.service_addons (id, business_id, service_id, name, price_minor)
values (tests.named('Oil'), tests.id('Salon'), tests.id('Cut'), 'Oil', 700);
insert into customers.customers (id, business_id, user_id, name)
values (tests.named('regular customer'), tests.id('Salon'), tests.id('regular'), 'Reg');

create function tests.price(
    service text, details jsonb default '{}', terms jsonb default '{}'
) returns jsonb
language sql stable
as $$
    select public.quote(
        jsonb_build_array(jsonb_build_object('service_id', tests.id(service)) || details)::text,
        currency => terms ->> 'currency',
        store_id => terms ->> 'store_id',
        region => terms ->> 'region'
    )
$$;
create function tests.total(
    service text, details jsonb default '{}', terms jsonb default '{}'
) returns bigint
language sql stable
as $$ select (tests.price(service, details, terms) ->> 'total_minor')::bigint $$;
create function tests.trail(quote jsonb) returns text
language sql immutable
as $$
    select string_agg(
        (rule.value ->> 'name') || ' ' || (rule.value ->> 'unit_minor'), ', ' order by rule.place
    )
    from jsonb_array_elements(quote #> '{lines,0,rules}') with ordinality as rule (value, place)
$$;
grant execute on all functions in schema tests to anon, authenticated;

-- The owner writes lists and rules; nobody else does
select tests.act_as('owner');
select lives_ok(
    format(
        $$ insert into public.customer_groups (id, business_id, name) values (%L, %L, 'Regulars') $$,
        tests.named('Regulars'), tests.id('Salon')
    ),
    'an owner keeps a group of customers'
);
insert into public.customer_group_members (business_id, customer_group_id, customer_id)
values (tests.id('Salon'), tests.id('Regulars'), tests.id('regular customer'));
insert into public.stores (id, business_id, name, region)
values
(tests.named('Munich'), tests.id('Salon'), 'Munich', 'DE-BY'),
(tests.named('Vienna'), tests.id('Salon'), 'Vienna', 'AT');
select lives_ok(
    format(
        $$ insert into public.price_lists
               (id, business_id, name, currency, customer_group_id, store_id, region, priority)
           values
               (%1$L, %7$L, 'For regulars', 'EUR', %8$L, null, null, 0),
               (%2$L, %7$L, 'In Munich', 'EUR', null, %9$L, null, 0),
               (%3$L, %7$L, 'In Austria', 'EUR', null, null, 'AT', 0),
               (%4$L, %7$L, 'In Germany', 'EUR', null, null, 'DE', -5),
               (%5$L, %7$L, 'In Bavaria', 'EUR', null, null, 'DE-BY', -5),
               (%6$L, %7$L, 'Yen', 'JPY', null, null, null, 0) $$,
        tests.named('For regulars'), tests.named('In Munich'), tests.named('In Austria'),
        tests.named('In Germany'), tests.named('In Bavaria'), tests.named('Yen'),
        tests.id('Salon'), tests.id('Regulars'), tests.id('Munich')
    ),
    'and writes price lists'
);
insert into public.price_list_items (business_id, price_list_id, service_id, addon_id, min_quantity, unit_minor)
values
(tests.id('Salon'), tests.id('For regulars'), tests.id('Cut'), null, 1, 4500),
(tests.id('Salon'), tests.id('For regulars'), tests.id('Cut'), null, 3, 4000),
(tests.id('Salon'), tests.id('In Munich'), tests.id('Cut'), null, 1, 6000),
(tests.id('Salon'), tests.id('In Austria'), tests.id('Cut'), null, 1, 5500),
(tests.id('Salon'), tests.id('In Germany'), tests.id('Wash'), null, 1, 400),
(tests.id('Salon'), tests.id('In Bavaria'), tests.id('Wash'), null, 1, 450),
(tests.id('Salon'), tests.id('Yen'), tests.id('Cut'), null, 1, 8000),
(tests.id('Salon'), tests.id('Yen'), null, tests.id('Oil'), 1, 1000);
select throws_ok(
    format(
        $$ insert into public.price_list_items (business_id, price_list_id, service_id, unit_minor)
           values (%L, %L, %L, 1) $$,
        tests.id('Salon'), tests.id('Yen'), tests.id('Bath')
    ),
    'PT404', null, 'but no price of another business''s service'
);
select throws_ok(
    format(
        $$ insert into public.price_list_items (business_id, price_list_id, service_id, unit_minor)
           values (%L, %L, %L, -1) $$,
        tests.id('Salon'), tests.id('Yen'), tests.id('Wash')
    ),
    'PT400', null, 'and none below zero'
);
select tests.act_as('rival');
select throws_ok(
    format(
        $$ insert into public.price_rules (business_id, name, change_bps) values (%L, 'Free', -10000) $$,
        tests.id('Salon')
    ),
    'PT403', null, 'a rival writes no rule of the salon'
);
select is_empty(
    $$ select id from public.price_lists union all select id from public.price_list_items $$,
    'and reads none of its lists'
);
select lives_ok(
    format(
        $$ insert into public.price_rules (business_id, name, change_bps) values (%L, 'Mine', -10000) $$,
        tests.id('Spa')
    ),
    'but writes rules of their own'
);
select is(tests.total('Bath'), 0::bigint, 'which make the price of their service');
select tests.act_as('stranger');
select is_empty($$ select id from public.price_lists $$, 'customers read no price list');
select throws_ok(
    $$ insert into public.price_rules (business_id, name, change_bps)
       values (tests.id('Salon'), 'Free', -10000) $$,
    'PT403', null, 'and write no rule'
);

-- Lists
select is(tests.total('Cut'), 5000::bigint, 'a stranger pays the price of the catalog, whatever the rival''s rules say');
select tests.act_as('regular');
select is(tests.total('Cut'), 4500::bigint, 'a regular pays the price of the group');
select is(tests.total('Cut', '{"party_size": 3}'), 12000::bigint, 'and less from three on');
select is(
    tests.total('Cut', '{}', jsonb_build_object('store_id', tests.id('Munich'))), 4500::bigint,
    'a group comes before a store'
);
select is(
    tests.total('Cut', jsonb_build_object('addon_ids', jsonb_build_array(tests.id('Oil')))), 5200::bigint,
    'add-ons that no list has cost what the catalog says'
);
select tests.act_as_anon();
select is(
    tests.total('Cut', '{}', jsonb_build_object('store_id', tests.id('Munich'))), 6000::bigint,
    'in a store its price overrides the catalog''s'
);
select is(
    tests.total('Cut', '{}', jsonb_build_object('store_id', tests.id('Vienna'))), 5500::bigint,
    'a store without a price has that of its region'
);
select is(tests.total('Cut', '{}', '{"region": "AT"}'), 5500::bigint, 'a region has its price');
select is(tests.total('Cut', '{}', '{"region": "FR"}'), 5000::bigint, 'another region has the catalog''s');
select is(tests.total('Wash', '{}', '{"region": "DE-BY"}'), 450::bigint, 'a part of a country comes before the country');
select is(tests.total('Wash', '{}', '{"region": "DE-HH"}'), 400::bigint, 'other parts have the country''s');
select is(tests.total('Wash'), 400::bigint, 'where nobody says a region, it is the country of the business');
select throws_ok(
    $$ select tests.total('Cut', '{}', '{"region": "bavaria"}') $$, 'PT400', null, 'a region is a code'
);
select throws_ok(
    $$ select tests.total('Bath', '{}', jsonb_build_object('store_id', tests.id('Munich'))) $$,
    'PT404', null, 'a store of another business is none'
);
select results_eq(
    $$ select quote ->> 'currency', (quote ->> 'total_minor')::bigint
       from (select tests.price('Cut', jsonb_build_object(
           'addon_ids', jsonb_build_array(tests.id('Oil'))), '{"currency": "JPY"}') as quote) as quotes $$,
    $$ values ('JPY', 9000::bigint) $$, 'yen prices are those of the yen list'
);
select throws_ok(
    $$ select tests.price('Wash', '{}', '{"currency": "JPY"}') $$, 'PT400', null,
    'what has no price in yen is not sold in yen'
);

-- Rules
select tests.act_as('owner');
delete from public.price_lists where business_id = tests.id('Salon');
select lives_ok(
    format(
        $$ insert into public.price_rules
               (business_id, name, priority, change_bps, change_minor, unit_minor, currency, weekdays,
                from_time, until_time, is_final, service_id, staff_level, min_lead_minutes,
                max_lead_minutes, min_demand_bps, from_on, until_on, min_quantity, access)
           values
               (%1$L, 'Weekend', 10, 1000, null, null, null, '{6,7}', null, null, false, null, null, null, null, null, null, null, null, null),
               (%1$L, 'Evening', 5, 500, null, null, null, null, '18:00', '02:00', false, null, null, null, null, null, null, null, null, null),
               (%1$L, 'Senior', 0, null, 300, null, 'EUR', null, null, null, false, %2$L, 'senior', null, null, null, null, null, null, null),
               (%1$L, 'Early bird', 0, -1000, null, null, null, null, null, null, false, null, null, 43200, null, null, null, null, null, null),
               (%1$L, 'Last minute', 0, -5000, null, null, null, null, null, null, true, null, null, null, 120, null, null, null, null, null),
               (%1$L, 'Busy', 0, 2000, null, null, null, null, null, null, false, null, null, null, null, 8000, null, null, null, null),
               (%1$L, 'Summer', -5, null, null, 4200, 'EUR', null, null, null, false, %2$L, null, null, null, null, '2031-07-01', '2031-08-31', null, null),
               (%1$L, 'Group', 0, -2500, null, null, null, null, null, null, false, null, null, null, null, null, null, null, 10, null),
               (%1$L, 'Gold', 0, null, -99999, null, 'EUR', null, null, null, false, null, null, null, null, null, null, null, null, 'gold') $$,
        tests.id('Salon'), tests.id('Cut')
    ),
    'an owner writes rules'
);
select tests.act_as_anon();
select is(tests.total('Cut'), 5000::bigint, 'without a start no rule of time holds');
select is(
    tests.trail(tests.price('Cut', '{"starts_at": "2031-05-02T10:00:00Z"}')), null,
    'and on a weekday morning none does'
);
select is(
    tests.trail(tests.price('Cut', '{"starts_at": "2031-05-03T17:00:00Z"}')),
    'Catalog 5000, Weekend 5500, Evening 5775', 'rules apply by priority, each to what the one before left'
);
select is(
    tests.total('Cut', '{"starts_at": "2031-05-02T23:30:00Z"}'), 5775::bigint,
    'days and times are those of the business: it is Saturday night in Berlin'
);
select is(
    tests.total('Cut', jsonb_build_object(
        'starts_at', '2031-05-02T10:00:00Z', 'resource_id', tests.id('Ann')
    )), 5300::bigint, 'a senior costs more'
);
select is(
    tests.total('Cut', jsonb_build_object(
        'starts_at', '2031-05-02T10:00:00Z', 'resource_id', tests.id('Bob')
    )), 5000::bigint, 'somebody else does not'
);
select is(
    tests.total('Cut', '{"starts_at": "2031-06-02T10:00:00Z"}'), 4500::bigint, 'the early bird pays less'
);
select is(
    tests.trail(tests.price('Cut', '{"starts_at": "2031-05-01T09:59:00Z"}')),
    'Catalog 5000, Last minute 2500', 'at the last minute it is half the price'
);
select is(
    tests.trail(tests.price('Wash', '{"starts_at": "2031-05-02T10:00:00Z", "party_size": 10}')),
    'Catalog 333, Group 250', 'ten pay less each, rounded half away from zero'
);
select is(
    tests.trail(tests.price('Cut', '{"starts_at": "2031-07-05T10:00:00Z"}')),
    'Catalog 5000, Weekend 5500, Early bird 4950, Summer 4200', 'a season may have a price of its own'
);
select tests.act_as_owner();
insert into pricing.day_demands (business_id, service_id, day, demand_bps)
values
(tests.id('Salon'), null, '2031-05-02', 9000),
(tests.id('Salon'), tests.id('Wash'), '2031-05-02', 1000);
select is(
    tests.total('Cut', '{"starts_at": "2031-05-02T10:00:00Z"}'), 6000::bigint, 'on a busy day it costs more'
);
select is(
    tests.total('Wash', '{"starts_at": "2031-05-02T10:00:00Z"}'), 333::bigint,
    'unless the service itself is not in demand'
);
insert into customers.entitlements (business_id, customer_id, access, during)
values (tests.id('Salon'), tests.id('regular customer'), 'gold', '[2031-05-01 00:00Z, 2031-05-01 12:00Z)');
select tests.act_as('regular');
select is(tests.total('Cut'), 0::bigint, 'whoever is entitled pays less, and never less than nothing');
select tests.at('2031-05-01 12:00Z');
select is(tests.total('Cut'), 5000::bigint, 'until the entitlement ends');
select tests.act_as('owner');
update public.price_rules set is_active = false where name = 'Weekend';
select is(
    tests.trail(tests.price('Cut', '{"starts_at": "2031-05-03T10:00:00Z"}')), null,
    'a rule that is switched off does not hold'
);

-- What is booked at another price than was accepted is not booked
select tests.at('2031-05-01 08:00Z');
select tests.act_as('stranger');
select throws_ok(
    $$ select public.book(
        tests.id('Cut')::text, '2031-05-03T17:00:00Z', tests.id('Bob')::text, total_minor => '5000'
    ) $$,
    'PT409', 'The price has changed since you saw it.', 'a price that changed is refused'
);
select results_eq(
    $$ select total_minor, currency from public.book(
        tests.id('Cut')::text, '2031-05-03T17:00:00Z', tests.id('Bob')::text, total_minor => '5250'
    ) $$,
    $$ values (5250::bigint, 'EUR') $$, 'the price that was accepted is charged'
);

select * from finish();
rollback;
