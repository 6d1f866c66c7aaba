-- Who has time, across businesses: every filter by itself and together, the order, and whom a search
-- never gives.
begin;
select plan(54);

-- Given two salons and a barber in Berlin, one salon in Paris, and a Thursday
select tests.at('2031-05-01 00:00Z');
select tests.person('owner');
select tests.person('customer');
select tests.business('Élan Mitte', 'owner', 'Europe/Berlin');
select tests.business('Nordstern', 'owner', 'Europe/Berlin');
select tests.business('Barbier', 'owner', 'Europe/Berlin');
select tests.business('Atelier', 'owner', 'Europe/Paris');
update business.businesses
set created_at = case id
    when tests.id('Élan Mitte') then timestamptz '2031-01-01 00:00Z'
    when tests.id('Nordstern') then '2031-01-02 00:00Z'
    when tests.id('Barbier') then '2031-01-03 00:00Z'
    else '2031-01-04 00:00Z'
end;
update business.businesses set latitude = 52.52, longitude = 13.405 where id = tests.id('Élan Mitte');
update business.businesses set latitude = 52.55, longitude = 13.405 where id = tests.id('Nordstern');
update business.businesses
set latitude = 52.6, longitude = 13.405, vertical_id = 'barber'
where id = tests.id('Barbier');
update business.businesses
set latitude = 48.8566, longitude = 2.3522, is_verified = true, description = 'Where curls are loved'
where id = tests.id('Atelier');
select tests.service('Haircut', 'Élan Mitte', 60, 5000);
select tests.service('Colour', 'Élan Mitte', 60, 9000);
select tests.service('Trim', 'Nordstern', 30, 2000);
select tests.service('Shave', 'Barbier', 30, 1500);
select tests.service('Coupe', 'Atelier', 60, 7000);
select tests.resource('Ann', 'Élan Mitte');
select tests.resource('Bea', 'Élan Mitte');
select tests.resource('Cem', 'Nordstern');
select tests.resource('Dan', 'Barbier');
select tests.resource('Eve', 'Atelier');
select tests.takes('Haircut', 'Ann');
select tests.takes('Haircut', 'Bea');
select tests.takes('Colour', 'Ann');
select tests.takes('Trim', 'Cem');
select tests.takes('Shave', 'Dan');
select tests.takes('Coupe', 'Eve');
select tests.hours('Élan Mitte');
select tests.hours('Nordstern');
select tests.hours('Barbier', '09:00', '20:00');
select tests.hours('Atelier');
update catalog.services set position = 1 where id = tests.id('Colour');

-- The names of whom a search gives, in order
create function pg_temp.found(
    from_at text default '2031-05-01T00:00:00Z',
    to_at text default '2031-05-02T00:00:00Z',
    vertical text default null,
    category text default null,
    near text default null,
    radius_km text default null,
    q text default null,
    price_max text default null,
    currency text default null,
    wanted text default '20'
)
returns text
language sql
as $$
    select coalesce(string_agg(name, ', ' order by ordinality), '')
    from public.search_availability(
        from_at, to_at, vertical, category, near, radius_km, q, price_max, currency, wanted
    ) with ordinality
$$;
grant execute on all functions in schema pg_temp to anon, authenticated;

select tests.act_as_anon();

-- Without anything but a time
select is(
    pg_temp.found(), 'Atelier, Élan Mitte, Nordstern, Barbier',
    'verified ones come first, then those that are here longest'
);
select is(pg_temp.found(wanted => '2'), 'Atelier, Élan Mitte', 'as many as asked for');
select results_eq(
    $$ select service_name, price_minor, currency, duration_minutes, time_zone, distance_km
       from public.search_availability('2031-05-01T00:00:00Z', '2031-05-02T00:00:00Z', q => 'mitte') $$,
    $$ values ('Haircut', 5000::bigint, 'EUR', 60, 'Europe/Berlin', null::numeric) $$,
    'each with its first service'
);
select results_eq(
    $$ select slot.starts_at, slot.ends_at
       from public.search_availability('2031-05-01T00:00:00Z', '2031-05-02T00:00:00Z', q => 'mitte')
       cross join unnest(slots) as slot $$,
    $$ values
       (timestamptz '2031-05-01 07:00Z', timestamptz '2031-05-01 08:00Z'),
       (timestamptz '2031-05-01 07:15Z', timestamptz '2031-05-01 08:15Z'),
       (timestamptz '2031-05-01 07:30Z', timestamptz '2031-05-01 08:30Z') $$,
    'and three different starts, whoever is free then'
);
select is(
    pg_temp.found('2031-05-01T17:00:00Z', '2031-05-01T18:00:00Z'), 'Barbier',
    'in the evening, who is open in the evening'
);
select is(pg_temp.found('2031-05-01T01:00:00Z', '2031-05-01T02:00:00Z'), '', 'at night nobody');
select results_eq(
    $$ select (slots[1]).starts_at
       from public.search_availability('2031-05-01T14:31:00Z', '2031-05-13T00:00:00Z', q => 'Coupe') $$,
    $$ values (timestamptz '2031-05-02 07:00Z') $$,
    'when today is over, the next day'
);

-- Place
select is(
    pg_temp.found(near => '{"latitude": 52.6, "longitude": 13.4}'), 'Barbier, Nordstern, Élan Mitte',
    'near a place the nearest come first, and none that is in another town'
);
select is(
    pg_temp.found(near => '{"latitude": 52.6, "longitude": 13.4}', radius_km => '6'),
    'Barbier, Nordstern', 'within so many kilometres'
);
select results_eq(
    $$ select name, distance_km from public.search_availability(
           '2031-05-01T00:00:00Z', '2031-05-02T00:00:00Z',
           near => '{"latitude": 52.52, "longitude": 13.405}', "limit" => '2'
       ) $$,
    $$ values ('Élan Mitte', 0.00), ('Nordstern', 3.34) $$,
    'and it says how far'
);
select tests.act_as_owner();
update business.businesses set latitude = -16.5, longitude = 179.95 where id = tests.id('Atelier');
select tests.act_as_anon();
select is(
    pg_temp.found(near => '{"latitude": -16.5, "longitude": -179.95}'), 'Atelier',
    'across the date line it is not far'
);
select tests.act_as_owner();
update business.businesses set latitude = null, longitude = null where id = tests.id('Atelier');
select tests.act_as_anon();
select is(
    pg_temp.found(near => '{"latitude": -16.5, "longitude": -179.95}'), '',
    'who has no place is not near anything'
);

-- Words
select is(pg_temp.found(q => 'elan'), 'Élan Mitte', 'a name is found without its accents');
select is(pg_temp.found(q => 'ÉLAN mit'), 'Élan Mitte', 'and with them, the last word unfinished');
select is(pg_temp.found(q => 'el mitte'), '', 'only the last one');
select is(pg_temp.found(q => 'colour'), 'Élan Mitte', 'services are found');
select is(pg_temp.found(q => 'mitte colour'), 'Élan Mitte', 'together with the name');
select is(
    (select service_name from public.search_availability(
        '2031-05-01T00:00:00Z', '2031-05-02T00:00:00Z', q => 'mitte colour'
    )),
    'Colour', 'and it is that service'
);
select is(pg_temp.found(q => 'trim colour'), '', 'all words are meant');
select is(pg_temp.found(q => 'loved CURLS'), 'Atelier', 'descriptions are found');
select is(pg_temp.found(q => 'it''s & | ! :* <-> ('), '', 'no word is an operator');
select tests.act_as_owner();
update business.businesses set description = 'Next to Nordstern' where id = tests.id('Barbier');
select tests.act_as_anon();
select is(pg_temp.found(q => 'nordstern'), 'Nordstern, Barbier', 'a name counts more than a description');

select tests.act_as_owner();
update business.businesses set description = 'Room 3e14ab, node.js' where id = tests.id('Atelier');
select tests.act_as_anon();
select is(pg_temp.found(q => 'js 3E14ab no'), 'Atelier', 'what looks like a number is a word');

-- Categories
select tests.act_as_owner();
insert into catalog.service_categories (id, business_id, name)
values (tests.named('category'), tests.id('Nordstern'), 'Hair & Beauté');
update catalog.services set category_id = tests.id('category') where id = tests.id('Trim');
select tests.act_as_anon();
select is(pg_temp.found(category => 'Hair & Beauté'), 'Nordstern', 'a category by its name');
select is(pg_temp.found(category => 'hair-beaute'), 'Nordstern', 'or as addresses write it');
select is(pg_temp.found(q => 'beaute'), 'Nordstern', 'or among the words');
select tests.act_as_owner();
update catalog.service_categories set name = 'Cuts' where id = tests.id('category');
select tests.act_as_anon();
select is(pg_temp.found(category => 'hair-beaute'), '', 'by the name that it has now');

-- Line of business and price, and everything together
select is(pg_temp.found(vertical => 'barber'), 'Barbier', 'a line of business');
select is(pg_temp.found(price_max => '2000'), 'Nordstern, Barbier', 'a price at most');
select is(pg_temp.found(price_max => '2000', currency => 'USD'), '', 'in the currency that was said');
select is(
    pg_temp.found(
        '2031-05-01T07:00:00Z', '2031-05-01T08:00:00Z', 'salon', 'cuts',
        '{"latitude": 52.6, "longitude": 13.4}', '10', 'north nordstern trim', '2000', 'EUR'
    ),
    '', 'everything together, one thing not fitting'
);
select is(
    pg_temp.found(
        '2031-05-01T07:00:00Z', '2031-05-01T08:00:00Z', 'salon', 'cuts',
        '{"latitude": 52.6, "longitude": 13.4}', '10', 'nordstern trim', '2000', 'EUR'
    ),
    'Nordstern', 'everything together'
);

-- What is taken
select tests.act_as('customer');
select public.book(tests.id('Trim')::text, '2031-05-01T08:00:00Z');
select public.book(tests.id('Haircut')::text, '2031-05-01T08:00:00Z', tests.id('Bea')::text);
select tests.act_as_anon();
select is(
    pg_temp.found('2031-05-01T08:00:00Z', '2031-05-01T08:15:00Z'), 'Atelier, Élan Mitte, Barbier',
    'who is booked then is not given'
);
select tests.act_as('customer');
select results_eq(
    $$ select service_name, (slots[1]).resource_id
       from public.search_availability('2031-05-01T10:00:00Z', '2031-05-01T11:00:00Z', q => 'mitte') $$,
    $$ values ('Haircut', tests.id('Bea')) $$,
    'customers get the people whom they had before'
);

-- Classes are given when they are given, whatever the hours
select tests.act_as_owner();
select tests.service('Vigil', 'Nordstern', 60, 9900);
update catalog.services set is_class = true where id = tests.id('Vigil');
insert into scheduling.sessions (business_id, service_id, starts_at, ends_at, capacity)
values (tests.id('Nordstern'), tests.id('Vigil'), '2031-05-01 01:00Z', '2031-05-01 02:00Z', 1);
select tests.act_as('customer');
select is(
    pg_temp.found('2031-05-01T00:59:00Z', '2031-05-01T01:01:00Z'), 'Nordstern', 'a class in the night'
);
select public.book(tests.id('Vigil')::text, '2031-05-01T01:00:00Z');
select is(
    pg_temp.found('2031-05-01T00:59:00Z', '2031-05-01T01:01:00Z'), '', 'not when its seats are taken'
);

-- Never
select tests.act_as_owner();
delete from scheduling.bookings where starts_at = '2031-05-01 01:00Z';
delete from scheduling.sessions;
delete from catalog.services where id = tests.id('Vigil');
update business.businesses set status = 'suspended' where id = tests.id('Atelier');
select tests.act_as('owner');
select is(pg_temp.found(q => 'atelier'), '', 'a suspended business, not even by its owner');
select public.set_business_active(tests.id('Barbier')::text, 'false');
select is(pg_temp.found(q => 'barbier'), '', 'one that is switched off');
update public.services set is_active = false where id = tests.id('Colour');
select is(pg_temp.found(q => 'colour'), '', 'a service that is switched off');
update public.services set archived_at = '2031-05-01 00:00Z' where id = tests.id('Trim');
select is(pg_temp.found(q => 'nordstern'), '', 'a business whose only service is archived');
update public.resources set is_active = false where id in (tests.id('Ann'), tests.id('Bea'));
select is(pg_temp.found(q => 'mitte'), '', 'a service that nobody gives any more');

-- The index follows every change
select tests.act_as_owner();
delete from catalog.services where id = tests.id('Shave');
select results_eq(
    $$ select * from search.documents order by business_id $$,
    $$ select * from search.documents_of(array(select id from business.businesses)) order by business_id $$,
    'what is looked at is what there is'
);

-- Hours are wall clocks, and rooms without hours are always there
select tests.business('Owl', 'owner', 'Europe/Berlin');
select tests.service('Watch', 'Owl', 30);
select tests.resource('Oda', 'Owl');
select tests.takes('Watch', 'Oda');
select tests.hours('Owl', '01:00', '02:30');
select tests.business('Box', 'owner', 'Europe/Berlin');
select tests.service('Bath', 'Box', 30);
select tests.resource('Room', 'Box', 'room');
select tests.takes('Bath', 'Room', 'any', 'room');
select tests.at('2032-03-20 00:00Z');
select tests.act_as_anon();
select is(
    pg_temp.found('2032-03-28T01:00:00Z', '2032-03-28T01:01:00Z', q => 'owl'), 'Owl',
    'a time that the clock skips moves with it: half past two is half past three'
);
select is(
    pg_temp.found('2032-03-24T02:00:00Z', '2032-03-24T02:01:00Z'), 'Box', 'on other days it does not'
);

select tests.act_as_owner();
insert into catalog.travel_zones (business_id, resource_id, starts_on, ends_on, time_zone)
values (tests.id('Owl'), tests.id('Oda'), '2032-03-22', '2032-03-22', 'America/New_York');
select is(
    pg_temp.found('2032-03-22T05:00:00Z', '2032-03-22T05:01:00Z', q => 'owl'), 'Owl',
    'who travels works by the clock of where they are'
);
select is(
    pg_temp.found('2032-03-22T00:00:00Z', '2032-03-22T00:01:00Z', q => 'owl'), '', 'not by that of home'
);

-- A gap that fits to the minute
select tests.act_as('customer');
select public.book(tests.id('Watch')::text, '2032-03-23T00:00:00Z');
select public.book(tests.id('Watch')::text, '2032-03-23T01:00:00Z');
select tests.act_as_anon();
select is(
    pg_temp.found('2032-03-23T00:00:00Z', '2032-03-23T01:01:00Z', q => 'owl'), 'Owl',
    'half an hour between two appointments is half an hour'
);
select tests.act_as('customer');
select public.book(tests.id('Watch')::text, '2032-03-23T00:30:00Z');
select tests.act_as_anon();
select is(
    pg_temp.found('2032-03-23T00:00:00Z', '2032-03-23T01:01:00Z', q => 'owl'), '', 'until it is taken'
);
select tests.at('2031-05-01 00:00Z');

-- Nonsense
select throws_ok(
    $$ select pg_temp.found(to_at => '2031-05-15T00:00:01Z') $$,
    'PT400', 'to_at must be after from_at and at most 14 days later.', 'more than 14 days are refused'
);
select throws_ok(
    $$ select pg_temp.found(near => '[13.4, 52.5]') $$, 'PT400',
    'near must be a JSON object.', 'a place has names for its degrees'
);
select throws_ok(
    $$ select pg_temp.found(radius_km => '5') $$,
    'PT400', 'radius_km requires near.', 'a radius needs a place'
);
select throws_ok(
    $$ select pg_temp.found(q => '!?') $$,
    'PT400', 'q must contain a letter or a digit.', 'words have letters'
);
select throws_ok(
    $$ select pg_temp.found(wanted => '51') $$,
    'PT400', 'limit must be a whole number from 1 to 50.', 'not more than fifty'
);
select throws_ok(
    $$ select pg_temp.found(price_max => '-1') $$,
    'PT400', 'price_max must be from 0 to 1000000000000 minor units.', 'no price is negative'
);

select * from finish();
rollback;
