-- How a business comes to be, who owns it, and what of it may be edited.
begin;
select plan(43);

select tests.person('Nora');
select tests.person('Max');
select tests.person('Stan');
select tests.person('Acca');
select tests.person('Omar');

select tests.act_as_anon();
select throws_ok(
    $$ select public.create_business('Salon', 'salon', 'DE', 'Europe/Berlin', 'EUR') $$, 'PT401',
    'Sign in first.', 'a visitor makes no business'
);
select throws_ok($$ select * from public.my_businesses() $$, 'PT401', 'Sign in first.', 'nor has any');

select tests.act_as('Nora');
select results_eq(
    $$ select slug, status::text, is_active, is_verified, currency
       from public.create_business('  Café  Zürich! ', 'salon', 'CH', 'Europe/Zurich', 'CHF') $$,
    $$ values ('cafe-zurich', 'draft', true, false, 'CHF') $$,
    'Nora makes a business: a draft, with a slug of its name'
);
select results_eq(
    $$ select slug from public.create_business('Cafe Zurich', 'salon', 'CH', 'Europe/Zurich', 'CHF') $$,
    $$ values ('cafe-zurich-2') $$, 'the same name again gets another slug'
);
select results_eq(
    $$ select slug from public.create_business('美容室', 'salon', 'JP', 'Asia/Tokyo', 'JPY') $$,
    $$ values ('business') $$, 'a name without Latin letters gets a plain slug'
);
select results_eq(
    $$ select user_id, role::text from public.business_members
       where business_id = (select id from public.businesses where slug = 'cafe-zurich') $$,
    $$ values (tests.id('Nora'), 'owner') $$, 'Nora is its owner'
);
select throws_ok(
    $$ select public.create_business('X', 'salon', 'DE', 'Europe/Berlin', 'EUR', slug => 'cafe-zurich') $$,
    'PT409', 'A business with this slug already exists.', 'a slug that is taken is refused'
);
select throws_ok(
    $$ select public.create_business('X', 'salon', 'DE', 'Europe/Berlin', 'EUR', slug => 'No Slug') $$,
    'PT400', 'slug must be 2 to 80 lower-case letters, digits and single hyphens.',
    'a slug that is none is refused'
);
select throws_ok(
    $$ select public.create_business('  ', 'salon', 'DE', 'Europe/Berlin', 'EUR') $$,
    'PT400', 'name is required.', 'a business has a name'
);
select throws_ok(
    $$ select public.create_business('X', 'casino', 'DE', 'Europe/Berlin', 'EUR') $$,
    'PT404', 'vertical_id refers to a row that does not exist.', 'a line of business is one of ours'
);
select throws_ok(
    $$ select public.create_business('X', 'salon', 'DE', 'Europe/Berlin', 'XXX') $$,
    'PT404', 'currency refers to a row that does not exist.', 'a currency exists'
);
select throws_ok(
    $$ select public.create_business('X', 'salon', 'DE', '+02:00', 'EUR') $$,
    'PT400', 'time_zone must be an IANA time zone, such as Europe/Berlin.', 'an offset is no zone'
);
select throws_ok(
    $$ select public.create_business('X', 'salon', 'de', 'Europe/Berlin', 'EUR') $$,
    'PT400', 'country must be a two-letter ISO 3166 code, such as DE.', 'a country is a code'
);
select throws_ok(
    $$ select public.create_business(repeat('x', 1000000), 'salon', 'DE', 'Europe/Berlin', 'EUR') $$,
    'PT400', 'name must have at most 200 characters.', 'a name is no novel'
);
select throws_ok(
    $$ insert into public.businesses (name, slug) values ('X', 'x-y') $$, '42501', null,
    'a business is not made by writing a row'
);

-- Around the API: who owns it does not depend on anything but the caller.
select throws_ok(
    $$ insert into public.business_members (business_id, user_id, role, display_name)
       select id, tests.id('Omar'), 'owner', 'Omar' from public.businesses $$, '42501', null,
    'Nora makes nobody an owner by writing a row'
);

select tests.act_as_owner();
insert into tests.names (name, id) select 'Cafe', id from business.businesses where slug = 'cafe-zurich';
select tests.member('Max', 'Cafe', 'manager');
select tests.member('Stan', 'Cafe', 'staff');
select tests.member('Acca', 'Cafe', 'accountant');
select tests.business('Elsewhere', owned_by => 'Omar');

-- Editing
select tests.act_as('Max');
select results_eq(
    $$ update public.businesses
       set description = 'Hair', website = 'https://cafe.example', latitude = 47.37, longitude = 8.54,
           settings = '{"accent_color": "#aabbcc"}'
       where id = tests.id('Cafe') returning description $$,
    $$ values ('Hair') $$, 'a manager edits the profile'
);
select throws_ok(
    $$ update public.businesses set slug = 'mine' where id = tests.id('Cafe') $$, 'PT403',
    'Only an owner can change the slug.', 'but not the slug'
);
select throws_ok(
    $$ update public.businesses set status = 'submitted' where id = tests.id('Cafe') $$, '42501', null,
    'nor the status'
);
select throws_ok(
    $$ update public.businesses set is_verified = true where id = tests.id('Cafe') $$, '42501', null,
    'nor whether it is verified'
);
select throws_ok(
    $$ update public.businesses set is_active = false where id = tests.id('Cafe') $$, '42501', null,
    'nor whether it is active'
);
select throws_ok(
    $$ update public.businesses set settings = '{"is_admin": true}' where id = tests.id('Cafe') $$,
    'PT400', 'settings may contain only accent_color, welcome_text and booking_notice.',
    'settings are known ones'
);
select throws_ok(
    $$ update public.businesses set latitude = 91 where id = tests.id('Cafe') $$, 'PT400',
    'latitude and longitude must together be a place on earth, or both be empty.', 'a place is on earth'
);
select throws_ok(
    $$ update public.businesses set vertical_id = 'casino' where id = tests.id('Cafe') $$, 'PT404',
    'vertical_id refers to a row that does not exist.', 'a line of business is one of ours, later too'
);
select throws_ok(
    $$ delete from public.businesses $$, '42501', null, 'nobody deletes a business'
);

select tests.act_as('Nora');
select results_eq(
    $$ update public.businesses set slug = 'cafe', currency = 'EUR' where id = tests.id('Cafe')
       returning slug, currency $$,
    $$ values ('cafe', 'EUR') $$, 'an owner changes the slug, and the currency of a draft'
);
select throws_ok(
    $$ update public.businesses set slug = 'elsewhere' where id = tests.id('Cafe') $$, 'PT409', null,
    'but not to one that is taken'
);
select is_empty(
    $$ update public.businesses set name = 'Hacked' where id = tests.id('Elsewhere') returning 1 $$,
    'an owner edits nothing of another business'
);

select tests.act_as('Stan');
select results_eq(
    $$ select name from public.businesses where id = tests.id('Cafe') $$, $$ values ('Café  Zürich!') $$,
    'staff read the draft'
);
select is_empty(
    $$ update public.businesses set name = 'Stan''s' where id = tests.id('Cafe') returning 1 $$,
    'and do not edit it'
);
select tests.act_as('Acca');
select is_empty(
    $$ update public.businesses set name = 'Acca''s' where id = tests.id('Cafe') returning 1 $$,
    'nor does an accountant'
);

select tests.act_as('Omar');
select is_empty(
    $$ select 1 from public.businesses where id = tests.id('Cafe') $$, 'Omar does not see the draft'
);
select is_empty(
    $$ update public.businesses set name = 'Omar''s' where id = tests.id('Cafe') returning 1 $$,
    'and does not edit it'
);
select results_eq(
    $$ select name, role, booking_count from public.my_businesses() $$,
    $$ values ('Elsewhere', 'owner', 0::bigint) $$, 'Omar has one business'
);

select tests.act_as_owner();
insert into scheduling.bookings (
    business_id, reference, status, starts_at, ends_at, time_zone, currency, total_minor, quote, policy
)
select
    tests.id('Cafe'), 'ABCDEFG' || n, 'completed', '2031-01-01 10:00Z', '2031-01-01 11:00Z',
    'UTC', 'EUR', 0, '{}', '{}'
from generate_series(2, 4) as n;
select tests.act_as('Stan');
select results_eq(
    $$ select role, booking_count from public.my_businesses() $$, $$ values ('staff', 3::bigint) $$,
    'the bookings of a business are counted'
);

select tests.act_as_owner();
select results_eq(
    $$ select old_value, new_value, actor_id from business.business_history
       where business_id = tests.id('Cafe') and kind = 'status' $$,
    $$ values (null, 'draft', tests.id('Nora')) $$, 'that Nora made it is remembered'
);
update business.businesses set status = 'submitted' where id = tests.id('Cafe');
select tests.act_as('Nora');
select throws_ok(
    $$ update public.businesses set currency = 'JPY' where id = tests.id('Cafe') $$, 'PT409',
    'The currency cannot change after the business was submitted.', 'the currency is fixed after the draft'
);

-- A line break in a name would break every mail and calendar of the business
select tests.act_as_owner();
select throws_ok(
    $$ update business.businesses set name = e'Two\nlines' where id = tests.id('Cafe') $$,
    'PT400', 'name must be one line without control characters.', 'a name is one line'
);
select throws_ok(
    $$ update business.businesses set city = e'Two\u2028lines' where id = tests.id('Cafe') $$,
    'PT400', null, 'and so is an address'
);
select lives_ok(
    $$ update business.businesses set description = e'Two\nlines' where id = tests.id('Cafe') $$,
    'a description may have several'
);

-- Nobody makes businesses without end
select tests.person('Mona');
select tests.act_as('Mona');
select lives_ok(
    $$ select public.create_business('Shop ' || n, 'salon', 'DE', 'Europe/Berlin', 'EUR')
       from generate_series(1, 10) as n $$,
    'a user makes ten businesses in a day'
);
select throws_ok(
    $$ select public.create_business('Shop 11', 'salon', 'DE', 'Europe/Berlin', 'EUR') $$,
    'PGRST', null, 'and no eleventh'
);
select tests.act_as_owner();
select tests.at(now() + interval '25 hours');
select tests.act_as('Mona');
select lives_ok(
    $$ select public.create_business('Shop 11', 'salon', 'DE', 'Europe/Berlin', 'EUR') $$,
    'a day later they do'
);

select * from finish();
rollback;
