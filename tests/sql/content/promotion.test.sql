-- Banners, featured businesses, trending categories, and the front page.
begin;
select plan(23);

select tests.person('Ada');
select tests.person('Nora');
select tests.person('Cleo');
select tests.business('Loft', owned_by => 'Nora');
select tests.business('Elsewhere', owned_by => 'Ada');
select identity.set_platform_role(tests.id('Ada'), 'admin');
select tests.service('Cut', 'Loft');
select tests.service('Colour', 'Loft');
select tests.resource('Nadia', 'Loft');
select tests.takes('Cut', 'Nadia');
select tests.takes('Colour', 'Nadia');
select tests.hours('Loft');
insert into catalog.service_categories (id, business_id, name)
values (tests.named('Hair'), tests.id('Loft'), 'Hair'), (tests.named('Dye'), tests.id('Loft'), 'Dye');
update catalog.services set category_id = tests.id('Hair') where id = tests.id('Cut');
update catalog.services set category_id = tests.id('Dye') where id = tests.id('Colour');
select tests.at('2031-03-03T08:00Z');

select tests.act_as('Cleo');
select throws_ok(
    $$ insert into public.banners (place, title) values ('home', 'Free') $$, 'PT403',
    'Only the platform''s staff may do this.', 'a customer writes no banner'
);
select tests.act_as('Nora');
select throws_ok(
    $$ insert into public.banners (place, title) values ('home', 'Free') $$, 'PT403',
    'Only the platform''s staff may do this.', 'an owner none on the front page'
);
select lives_ok(
    $$ insert into public.banners (business_id, place, title) values (tests.id('Loft'), 'business', 'New team') $$,
    'but on the page of the business'
);
select throws_ok(
    $$ insert into public.banners (business_id, place, title) values (tests.id('Elsewhere'), 'business', 'Ha') $$,
    'PT403', 'You are not allowed to change this business.', 'never on that of another one'
);
select throws_ok(
    $$ insert into public.featured_businesses (business_id, ends_at) values (tests.id('Loft'), '2031-04-01Z') $$,
    'PT403', 'Only the platform''s staff may do this.', 'and features nobody'
);

select tests.act_as('Ada');
select throws_ok(
    $$ insert into public.banners (place, title, link_url) values ('home', 'X', 'javascript:alert(1)') $$,
    'PT400', 'link_url and image_url must begin with https:// or /.', 'a banner leads to a page'
);
select throws_ok(
    $$ insert into public.banners (place, title, starts_at, ends_at)
       values ('home', 'X', '2031-03-05Z', '2031-03-05Z') $$,
    'PT400', 'ends_at must be after starts_at.', 'and lasts a while'
);
select throws_ok(
    $$ insert into public.banners (business_id, place, title) values (tests.id('Loft'), 'home', 'X') $$,
    'PT400', 'place must be business for a business, and another for the platform.',
    'the front page is the platform''s'
);
select lives_ok(
    $$ insert into public.banners (place, title, locale, priority, starts_at, ends_at) values
       ('home', 'Spring', null, 1, '2031-03-01Z', '2031-03-10Z'),
       ('home', 'Winter', null, 9, '2031-01-01Z', '2031-03-01Z'),
       ('home', 'Easter', null, 9, '2031-03-10Z', null),
       ('home', 'Willkommen', 'de', 5, '2031-03-01Z', null),
       ('search', 'Near you', null, 5, '2031-03-01Z', null) $$,
    'an admin writes banners with a window, a place, a language and a priority'
);
select lives_ok(
    $$ insert into public.featured_businesses (business_id, starts_at, ends_at)
       values (tests.id('Loft'), '2031-03-01Z', '2031-03-08Z'),
              (tests.id('Elsewhere'), '2031-03-08Z', '2031-03-09Z') $$,
    'and features businesses for some time'
);

select tests.act_as_anon();
select results_eq(
    $$ select jsonb_path_query(public.home('en'), '$.banners[*].title') #>> '{}' $$,
    $$ values ('Spring') $$, 'the front page has the banners that are live'
);
select results_eq(
    $$ select jsonb_path_query(public.home('de-AT'), '$.banners[*].title') #>> '{}' $$,
    $$ values ('Willkommen'), ('Spring') $$, 'in the reader''s language, the most important first'
);
select results_eq(
    $$ select title from public.banners order by title $$,
    $$ values ('Near you'), ('New team'), ('Spring'), ('Willkommen') $$, 'nobody reads banners that are not live'
);
select is(
    public.home('de-AT') ->> 'locale', 'de-at', 'the front page says for which language it is'
);
select results_eq(
    $$ select jsonb_path_query(public.home(), '$.featured_businesses[*].name') #>> '{}' $$,
    $$ values ('Loft') $$, 'it features businesses'
);
select tests.at('2031-03-08T00:00Z');
select results_eq(
    $$ select jsonb_path_query(public.home(), '$.featured_businesses[*].name') #>> '{}' $$,
    $$ values ('Elsewhere') $$, 'each in its time, to the instant'
);
select results_eq(
    $$ select business_id from public.featured_businesses $$,
    $$ values (tests.id('Elsewhere')) $$, 'and nobody reads the others'
);

-- Trending.
select tests.at('2031-03-03T08:00Z');
select tests.act_as('Cleo');
select public.book(tests.id('Cut')::text, '2031-03-04T10:00Z');
select public.book(tests.id('Cut')::text, '2031-03-04T12:00Z');
select public.book(tests.id('Colour')::text, '2031-03-04T14:00Z');
select tests.act_as_role('worker');
select is(
    content.count_trending(), 2, 'a worker counts what is trending'
);
select tests.act_as_anon();
select results_eq(
    $$ select name, rank, booking_count, business_count, from_at, to_at from public.trending_categories order by rank $$,
    $$ values ('Hair', 1, 2::bigint, 1::bigint, '2031-02-17T08:00Z'::timestamptz, '2031-03-03T08:00Z'::timestamptz),
              ('Dye', 2, 1, 1, '2031-02-17T08:00Z', '2031-03-03T08:00Z') $$,
    'categories are counted by bookings, and the window is stated'
);
select results_eq(
    $$ select jsonb_path_query(public.home(), '$.trending_categories[*].name') #>> '{}' $$,
    $$ values ('Hair'), ('Dye') $$, 'the front page has them in order'
);
select tests.act_as('Cleo');
select public.cancel_booking((select id::text from public.bookings where starts_at = '2031-03-04T14:00Z'), 'Sorry');
select tests.act_as_role('worker');
select is(
    content.count_trending(), 1, 'a cancelled booking is not counted'
);
select tests.at('2031-03-17T08:00:01Z');
select is(
    content.count_trending(), 0, 'nor one that was made before the window'
);
select tests.act_as_owner();
update business.businesses set is_active = false where id = tests.id('Elsewhere');
select tests.at('2031-03-08T00:00Z');
select tests.act_as_anon();
select is(
    public.home() -> 'featured_businesses', '[]'::jsonb, 'a business that is closed to the public is not featured'
);

select * from finish();
rollback;
