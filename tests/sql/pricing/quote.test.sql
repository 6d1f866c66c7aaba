-- What things cost: a quote adds up, and is what the booking stores.
begin;
select plan(19);

select tests.at('2031-05-01 08:00Z');
select tests.person('owner');
select tests.person('rival');
select tests.person('customer');
select tests.business('Salon', 'owner');
select tests.business('Spa', 'rival');
select tests.business('Onsen', 'rival', 'Asia/Tokyo', 'JPY');
select tests.resource('Ann', 'Salon');
select tests.resource('Hall', 'Salon', 'room', 10);
select tests.hours('Salon');
select tests.service('Cut', 'Salon', 60, 5000);
select tests.service('Class', 'Salon', 60, 1500);
select tests.service('Bath', 'Spa', 60, 9000);
select tests.service('Steam', 'Onsen', 60, 4000);
select tests.takes('Cut', 'Ann');
select tests.takes('Class', 'Hall', 'all', 'room');
update catalog.services set max_party_size = 4 where id = tests.id('Class');
insert into catalog.service_addons (
    id, business_id, service_id, name, price_minor, duration_minutes, is_active
)
values
(tests.named('Wash'), tests.id('Salon'), tests.id('Cut'), 'Wash', 700, 15, true),
(tests.named('Oil'), tests.id('Salon'), tests.id('Cut'), 'Oil', 301, 0, true),
(tests.named('Old'), tests.id('Salon'), tests.id('Cut'), 'Old', 100, 0, false),
(tests.named('Salt'), tests.id('Spa'), tests.id('Bath'), 'Salt', 100, 0, true);

create function pg_temp.quote(service text, addons text[] default '{}', party integer default 1)
returns jsonb
language sql
as $$
    select public.quote(jsonb_build_array(jsonb_build_object(
        'service_id', tests.id(service),
        'party_size', party,
        'addon_ids', (select coalesce(jsonb_agg(tests.id(addon)), '[]') from unnest(addons) as addon)
    ))::text)
$$;
grant execute on all functions in schema pg_temp to authenticated, anon;

select tests.act_as_anon();
select is((pg_temp.quote('Cut') ->> 'total_minor')::integer, 5000, 'a service costs its price');
select is(pg_temp.quote('Cut') ->> 'currency', 'EUR', 'in the business''s currency');
select is(
    (pg_temp.quote('Cut', '{Wash,Oil}') ->> 'total_minor')::integer, 6001, 'add-ons are added, to the cent'
);
select is(
    (pg_temp.quote('Class', '{}', 3) ->> 'total_minor')::integer, 4500, 'each guest pays'
);
select is(
    pg_temp.quote('Class', '{}', 3) #>> '{lines,0,quantity}', '3', 'a line says for how many'
);
select is(
    (pg_temp.quote('Class', '{}', 3) #>> '{lines,0,unit_minor}')::integer, 1500, 'and what one costs'
);
select is(pg_temp.quote('Steam') ->> 'currency', 'JPY', 'elsewhere another currency');
select throws_ok(
    $$ select pg_temp.quote('Class', '{}', 5) $$, 'PT400', null, 'not for more guests than there may be'
);
select throws_ok(
    $$ select pg_temp.quote('Cut', '{Salt}') $$, 'PT404', null, 'another business''s add-on is none of this service'
);
select throws_ok($$ select pg_temp.quote('Cut', '{Old}') $$, 'PT404', null, 'nor one that is not offered any more');
select throws_ok(
    $$ select public.quote('[{"service_id": "00000000-0000-4000-8000-000000000000"}]') $$,
    'PT404', 'There is no such service.', 'an unknown service has no price'
);
select throws_ok(
    format(
        $$ select public.quote('[{"service_id": "%s"}, {"service_id": "%s"}]') $$,
        tests.id('Cut'), tests.id('Bath')
    ),
    'PT400', null, 'two businesses have no common price'
);
select throws_ok(
    format($$ select public.quote('[{"service_id": "%s"}]', currency => 'USD') $$, tests.id('Cut')),
    'PT400', null, 'nor does a price change its currency'
);
select throws_ok(
    format($$ select public.quote('[{"service_id": "%s"}]', coupon_code => 'FREE') $$, tests.id('Cut')),
    'PT422', null, 'a coupon that there is not is refused'
);
select is(
    (
        select (quote.answer ->> 'subtotal_minor')::bigint - (quote.answer ->> 'discount_minor')::bigint
            + (quote.answer ->> 'tax_minor')::bigint = (quote.answer ->> 'total_minor')::bigint
            and (
                select sum((line.value ->> 'amount_minor')::bigint)
                from jsonb_array_elements(quote.answer -> 'lines') as line (value)
            ) = (quote.answer ->> 'subtotal_minor')::bigint
        from (
            select public.quote(format(
                '[{"service_id": "%s", "addon_ids": ["%s"]}, {"service_id": "%s", "party_size": 2}]',
                tests.id('Cut'), tests.id('Wash'), tests.id('Class')
            )) as answer
        ) as quote
    ),
    true, 'the lines add up to the total'
);

-- What is booked costs what was quoted
select tests.act_as('customer');
select public.book(
    tests.id('Cut')::text, '2031-05-05T09:00:00Z', addon_ids => format('["%s"]', tests.id('Wash'))
);
select is(
    (select bookings.quote from public.bookings), pg_temp.quote('Cut', '{Wash}'),
    'a booking keeps the quote'
);
select is(
    (select bookings.ends_at - bookings.starts_at from public.bookings), interval '75 minutes',
    'and lasts as long as its add-ons make it'
);
select tests.act_as('owner');
update public.services set price_minor = 9999 where services.id = tests.id('Cut');
select tests.act_as('customer');
select is((select bookings.total_minor from public.bookings), 5700::bigint, 'a new price is for new bookings');
select tests.act_as('owner');
update public.services set archived_at = private.now() where services.id = tests.id('Cut');
select tests.act_as_anon();
select throws_ok($$ select pg_temp.quote('Cut') $$, 'PT404', null, 'what is archived has no price');

select * from finish();
rollback;
